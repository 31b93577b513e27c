using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Compliance.Ledger.Format;
using Compliance.Text;

namespace ComplianceCli;

/// <summary><c>compliance evidence prove</c>: that a signed checkpoint covers a record.</summary>
internal sealed class EvidenceProve(LedgerCommands commands)
{
    private readonly Argument<string> _record = new("RECORD")
    {
        Description = "Id of a record, or # and its place in the log; with --check a file",
    };
    private readonly Option<bool> _check = new("--check") { Description = "Check a proof that was written before; no ledger is read" };
    private readonly Option<FileInfo?> _into = new("--out") { Description = "Where to write the proof", HelpName = "FILE" };
    private readonly Option<bool> _force = OutputFile.Force();

    /// <summary>The command.</summary>
    public Command Create() =>
        commands.Make("prove", "Prove that a signed checkpoint covers a record", RunAsync, _record, _check, _into, _force);

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        OutputFile.Require(parsed.GetValue(_into), parsed.GetValue(_force));
        var (proof, reads) = await ProofAsync(parsed, cancellationToken);
        var (verdict, objection) = proof.Judge(
            await commands.Place.KeysAsync(parsed, proof.Origin(), cancellationToken),
            commands.Place.OriginGiven(parsed)
        );
        if (objection is null && parsed.GetValue(_into) is { } file)
            await File.WriteAllTextAsync(file.FullName, JsonSerializer.Serialize(proof, ComplianceJson.Readable), cancellationToken);
        await commands.PrintAsync(parsed, proof, () => Shown(proof, reads, objection));
        return LedgerCommands.ExitCode(verdict);
    }

    private async Task<(EvidenceProof Proof, int? TileReads)> ProofAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_check))
            return (EvidenceProof.Read(new FileInfo(parsed.GetValue(_record)!)), null);
        var source = commands.Place.Source(parsed);
        return await EvidenceProof.MakeAsync(
            source,
            await IndexAsync(source, parsed.GetValue(_record)!, cancellationToken),
            await HeadAsync(source, cancellationToken),
            cancellationToken
        );
    }

    private static string Shown(EvidenceProof proof, int? reads, string? objection) =>
        objection is null
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"Proved      record {proof.Index} is among the {proof.Size} that the checkpoint covers ({proof.Hashes.Count} "
                    + $"hashes{(reads is { } tiles ? $" from {tiles} tiles" : "")})\n{Plain.Text(proof.Record)}"
            )
            : $"NOT PROVED  {objection}";

    private static async Task<byte[]> HeadAsync(LedgerSource source, CancellationToken cancellationToken) =>
        await source.FindAsync(LedgerLayout.Head, SignedNote.MaxBytes, cancellationToken)
        ?? throw new CliException("the ledger has no checkpoint yet: the app signs one every hour");

    // By its id the log is read from the start; by its place nothing but tiles is.
    private static async Task<long> IndexAsync(LedgerSource source, string wanted, CancellationToken cancellationToken)
    {
        if (wanted.StartsWith('#') && long.TryParse(wanted.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var place))
            return place;
        var index = 0L;
        await foreach (var line in new LogReader(source, await source.LogsAsync(cancellationToken)).ReadAsync(null, 0, cancellationToken))
        {
            if (line.Kind != LogLineKind.Line)
                continue;
            if (!line.TooLong && RecordFacts.Parse(line.Bytes.Span).Id == wanted)
                return index;
            index++;
        }
        throw new CliException($"there is no record {wanted} in the ledger");
    }
}
