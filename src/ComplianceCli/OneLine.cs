using System.Diagnostics.CodeAnalysis;
using Compliance.Ledger.Format;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>Ends a command that could not do its work with one line. No stack trace reaches a user.</summary>
internal static class OneLine
{
    private const int Failed = 1;
    private const int WrongUsage = 64;
    private const int MaxLength = 1000;

    /// <summary>Runs a command.</summary>
    /// <param name="run">The command.</param>
    /// <param name="errors">Gets the line.</param>
    /// <param name="cancellationToken">Interrupts it; what fails after that fails because of it.</param>
    /// <returns>The command's exit code; 1 when it failed or was interrupted, 64 for wrong usage.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "The last place that can name a failure in one line.")]
    public static async Task<int> RunAsync(Func<Task<int>> run, TextWriter errors, CancellationToken cancellationToken)
    {
        try
        {
            return await run();
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            await errors.WriteLineAsync("interrupted");
            return Failed;
        }
        catch (Exception e)
        {
            await errors.WriteLineAsync(Text(e));
            return e is CliException { IsUsage: true } ? WrongUsage : Failed;
        }
    }

    /// <summary>What failed, on one line. What this program did not expect is named by its type too, for whoever reports it.</summary>
    public static string Text(Exception failure) =>
        Plain.Text(
            failure is CliException or LedgerFormatException || SourceFailure.IsOne(failure)
                ? failure.Message
                : $"it failed ({failure.GetType().Name}): {failure.Message}",
            MaxLength
        );
}
