using System.CommandLine;
using System.Globalization;
using Compliance.Ledger.Format;
using Compliance.Text;

namespace ComplianceCli;

/// <summary><c>compliance evidence consistency</c>: that a newer checkpoint goes on from an older one.</summary>
internal sealed class EvidenceConsistency(LedgerCommands commands)
{
    private readonly Argument<string> _older = new("OLD") { Description = "The older checkpoint: its size, or a file" };
    private readonly Argument<string> _newer = new("NEW") { Description = "The newer checkpoint: its size, or a file" };

    /// <summary>The command.</summary>
    public Command Create() =>
        commands.Make("consistency", "Verify that a newer checkpoint continues an older one", RunAsync, _older, _newer);

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var source = commands.Place.Source(parsed);
        var keys = await commands.Place.KeysAsync(parsed, source, cancellationToken);
        var (older, newer) = (
            await TrustedAsync(source, keys, parsed.GetValue(_older)!, cancellationToken),
            await TrustedAsync(source, keys, parsed.GetValue(_newer)!, cancellationToken)
        );
        if (older.Checkpoint is not { } first || newer.Checkpoint is not { } last)
        {
            await commands.Output.WriteLineAsync($"NOT TRUSTED  {older.Objection ?? newer.Objection}");
            return older.Forged || newer.Forged ? LedgerCommands.Tampered : LedgerCommands.CannotDecide;
        }
        RequireOneLedger(first, last, commands.Place.Origin(parsed));
        var proof = await MerkleProof.ConsistencyAsync(source, first.Size, last.Size, cancellationToken);
        var holds = MerkleProof.Consistency(first.Size, last.Size, first.Root, last.Root, proof);
        await commands.Output.WriteLineAsync(
            holds
                ? $"Consistent  the ledger of {last.Size} records begins with the {first.Size} of the older checkpoint"
                : "NOT CONSISTENT  the ledger's tiles do not give both roots: the history was rewritten before record "
                    + $"{last.Size}, or the tiles were changed (evidence verify shows it)"
        );
        return holds ? 0 : LedgerCommands.Tampered;
    }

    private static void RequireOneLedger(Checkpoint first, Checkpoint last, string? origin)
    {
        if (origin is not null && first.Origin != origin)
            throw new CliException($"the older checkpoint is of another ledger: {Plain.Text(first.Origin, 200)}, not {origin}");
        if (first.Origin != last.Origin)
            throw new CliException("the two checkpoints are of different ledgers");
        if (first.Size > last.Size)
            throw new CliException(
                $"the older checkpoint has {first.Size} records, the newer {last.Size}: they are the other way round"
            );
    }

    private static async Task<(Checkpoint? Checkpoint, string? Objection, bool Forged)> TrustedAsync(
        LedgerSource source,
        IReadOnlyList<NoteKey> keys,
        string wanted,
        CancellationToken cancellationToken
    )
    {
        var bytes = long.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            ? await source.FindAsync(LedgerLayout.Checkpoint(size), SignedNote.MaxBytes, cancellationToken)
                ?? throw new CliException($"the ledger has no checkpoint of {size} records")
            : await File.ReadAllBytesAsync(wanted, cancellationToken);
        var note = SignedNote.Parse(bytes);
        return note.Verify(keys) is { Trusted: false } verdict
            ? (null, $"checkpoint {wanted}: {verdict.Reason}", verdict.Trust == NoteTrust.Refused)
            : (Checkpoint.Parse(note.Text), null, false);
    }
}
