using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Compliance.AuditPack;
using Compliance.Ledger.Verification;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>Makes commands that read a ledger.</summary>
/// <param name="place">Which ledger, and which keys are trusted.</param>
/// <param name="json">The option that asks for JSON.</param>
/// <param name="output">For what was asked for.</param>
/// <param name="errors">For progress and what went wrong.</param>
internal sealed class LedgerCommands(EvidencePlace place, Option<bool> json, TextWriter output, TextWriter errors)
{
    /// <summary>The exit code where evidence was changed.</summary>
    public const int Tampered = 1;

    /// <summary>The exit code where it is not known.</summary>
    public const int CannotDecide = 2;

    private const int WrongUsage = 64;

    /// <summary>Which ledger, and which keys are trusted.</summary>
    public EvidencePlace Place => place;

    /// <summary>For what was asked for.</summary>
    public TextWriter Output => output;

    /// <summary>For progress and what went wrong.</summary>
    public TextWriter Errors => errors;

    /// <summary>The exit code of a verdict.</summary>
    public static int ExitCode(LedgerVerdict verdict) =>
        verdict switch
        {
            LedgerVerdict.Intact => 0,
            LedgerVerdict.Tampered => Tampered,
            _ => CannotDecide,
        };

    /// <summary>Makes a command.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it does, for its help.</param>
    /// <param name="run">Does it.</param>
    /// <param name="more">Its arguments and options.</param>
    public Command Make(
        string name,
        string description,
        Func<ParseResult, CancellationToken, Task<int>> run,
        params IEnumerable<Symbol> more
    )
    {
        var command = AppCommands.Create(name, description, more);
        command.SetAction((parsed, cancellationToken) => GuardedAsync(run, parsed, cancellationToken));
        return command;
    }

    /// <summary>Whether JSON was asked for.</summary>
    public bool IsJson(ParseResult parsed) => parsed.GetValue(json);

    /// <summary>Prints JSON where it was asked for, else a text.</summary>
    public Task PrintAsync(ParseResult parsed, object value, Func<string> text) =>
        output.WriteLineAsync(IsJson(parsed) ? JsonSerializer.Serialize(value, ComplianceJson.Readable) : text());

    // Whatever fails proves nothing about the ledger: exit code 1 is for tampering alone.
    [SuppressMessage("Design", "CA1031", Justification = "No failure may end as if the ledger were tampered with.")]
    private async Task<int> GuardedAsync(
        Func<ParseResult, CancellationToken, Task<int>> run,
        ParseResult parsed,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await run(parsed, cancellationToken);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            await errors.WriteLineAsync("cannot decide: interrupted");
            return CannotDecide;
        }
        catch (Exception e) when (e is not CliException && place.NoAnswer(parsed, e) is { } reason)
        {
            await errors.WriteLineAsync($"cannot decide: {reason}");
            return CannotDecide;
        }
        catch (PackException e)
        {
            await errors.WriteLineAsync(e.Message);
            return e.Refusal switch
            {
                PackRefusal.Usage => WrongUsage,
                PackRefusal.Tampered => Tampered,
                _ => CannotDecide,
            };
        }
        catch (CliException e) when (e.IsUsage)
        {
            await errors.WriteLineAsync(OneLine.Text(e));
            return WrongUsage;
        }
        catch (Exception e)
        {
            await errors.WriteLineAsync($"cannot decide: {OneLine.Text(e)}");
            return CannotDecide;
        }
    }
}
