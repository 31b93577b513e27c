using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Compliance.Ledger.Verification;
using Compliance.Text;

namespace ComplianceCli;

/// <summary><c>compliance evidence verify</c>: every record, checkpoint and tile.</summary>
internal sealed class EvidenceVerify(LedgerCommands commands)
{
    private readonly Option<FileInfo?> _kept = new("--checkpoint")
    {
        Description = "A checkpoint that you kept from before: the ledger has to continue it",
        HelpName = "FILE",
    };

    /// <summary>The command.</summary>
    public Command Create() => commands.Make("verify", "Verify the whole ledger: every record, checkpoint and tile", RunAsync, _kept);

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var source = commands.Place.Source(parsed);
        var options = new VerifyOptions
        {
            Keys = await commands.Place.KeysAsync(parsed, source, cancellationToken),
            Origin = commands.Place.Origin(parsed),
            Kept = parsed.GetValue(_kept) is { } file ? await File.ReadAllBytesAsync(file.FullName, cancellationToken) : null,
            Progress = Console.IsErrorRedirected ? null : new ProgressBar(commands.Errors),
        };
        var result = await new LedgerVerifier(source, options).VerifyAsync(cancellationToken);
        if (commands.IsJson(parsed))
            await commands.Output.WriteLineAsync(JsonSerializer.Serialize(result, ComplianceJson.Readable));
        else
            await PrintAsync(commands.Output, result);
        return LedgerCommands.ExitCode(result.Verdict);
    }

    private static async Task PrintAsync(TextWriter output, LedgerVerification result)
    {
        var verdict = result.Verdict switch
        {
            LedgerVerdict.Intact => "Intact",
            LedgerVerdict.Tampered => "TAMPERED",
            _ when result.Problems is [{ Kind: LedgerProblemKind.ConvertedCopy }] => "NOT INTACT",
            _ => "CANNOT DECIDE",
        };
        await output.WriteLineAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{verdict,-11} {result.Records:N0} records, {result.Bytes:N0} bytes; {result.Covered:N0} covered by "
                    + $"{result.Checkpoints} signed checkpoints"
            )
        );
        if (result.Checkpoint is { } checkpoint)
            await output.WriteLineAsync(
                $"Checkpoint  {Plain.Text(checkpoint.Origin)} {checkpoint.Size} {Convert.ToBase64String(checkpoint.Root)}, "
                    + $"{Plain.Text(string.Join(", ", result.SignedBy))}"
            );
        foreach (var problem in result.Problems)
        {
            var wrong = problem.Says == LedgerVerdict.Tampered || problem.Kind == LedgerProblemKind.ConvertedCopy;
            await output.WriteLineAsync($"{(wrong ? "Wrong" : "Unknown"),-11} {problem.Kind}: {problem.Message}");
        }
        if (result.MoreProblems > 0)
            await output.WriteLineAsync($"            and {result.MoreProblems} more");
        foreach (var warning in result.Warnings)
            await output.WriteLineAsync($"Note        {warning}");
    }

    /// <summary>How far it is, on one line of the terminal.</summary>
    private sealed class ProgressBar(TextWriter errors) : IProgress<VerifyProgress>
    {
        private const int Width = 30;

        private int _last = -1;

        public void Report(VerifyProgress value)
        {
            var share = value.Of == 0 ? 1 : Math.Clamp((double)value.Bytes / value.Of, 0, 1);
            var percent = (int)(share * 100);
            if (percent == _last)
                return;
            _last = percent;
            errors.Write(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"\r[{new string('#', (int)(share * Width)).PadRight(Width, '.')}] {percent,3} %  {value.Records:N0} "
                        + $"records{(percent == 100 ? "\n" : "")}"
                )
            );
        }
    }
}
