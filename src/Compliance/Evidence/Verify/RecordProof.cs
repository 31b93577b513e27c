using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Compliance.Evidence.Ledger;
using Compliance.Findings;

namespace Compliance.Evidence.Verify;

/// <summary>
/// That one record is in a log, in a file of its own: whoever has the log's public key needs nothing else. As JSON, bytes in base64:
/// <code>
/// {
///   "format": "compliancefunctions/record-proof/1",
///   "index": 17,
///   "size": 42,
///   "record": "eyJhY3Rpb24iOi...",
///   "inclusion": ["xcnaeacGWamt..."],
///   "checkpoint": "compliancefunctions/...\n42\n...\n\n— compliancefunctions/... Gis8TTBFAiEA...\n"
/// }
/// </code>
/// </summary>
internal sealed record RecordProof
{
    /// <summary>What <see cref="Format"/> has to say.</summary>
    public const string CurrentFormat = "compliancefunctions/record-proof/1";

    /// <summary>The most bytes a file may have: a record and a note of the largest size, in base64 and escaped.</summary>
    public const int MostBytes = 8_000_000;

    private static readonly JsonSerializerOptions Strict = new(ComplianceJson.Readable) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true };

    /// <summary>Which kind and version of file it is.</summary>
    public string Format { get; init; } = CurrentFormat;

    /// <summary>The record's place in the log, from 0.</summary>
    public required long Index { get; init; }

    /// <summary>How many records the checkpoint covers.</summary>
    public required long Size { get; init; }

    /// <summary>The record's bytes, exactly as they stand in the log, without the line feed.</summary>
    public required byte[] Record { get; init; }

    /// <summary>The hashes beside the way from the record to the root, RFC 6962 section 2.1.1.</summary>
    public required IReadOnlyList<byte[]> Inclusion { get; init; }

    /// <summary>The signed checkpoint, as its note's text.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The file.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Strict);

    /// <summary>Reads a file. Nothing of it is verified.</summary>
    /// <param name="file">Its bytes; anything may stand there.</param>
    /// <exception cref="LedgerFormatException">It is no such file.</exception>
    public static RecordProof Parse(ReadOnlySpan<byte> file)
    {
        if (file.Length > MostBytes)
            throw new LedgerFormatException($"a proof has {MostBytes} bytes at most", MostBytes);
        try
        {
            var proof = JsonSerializer.Deserialize<RecordProof>(file, Strict);
            return proof is { Format: CurrentFormat }
                ? proof
                : throw new LedgerFormatException($"this is no proof of the format {CurrentFormat}", 0);
        }
        catch (JsonException e)
        {
            throw new LedgerFormatException($"this is no proof: {e.Message}", e.BytePositionInLine ?? 0, e);
        }
    }

    /// <summary>Checks it with nothing but the keys.</summary>
    /// <param name="keys">The keys that are trusted.</param>
    /// <param name="origin">What the log has to be called; null for any.</param>
    /// <returns>Intact when the record is in the log; tampered when a signature is false or the hashes do not lead to the root; cannot tell when nobody known signed.</returns>
    public (LedgerVerdict Verdict, string Message) Check(IReadOnlyCollection<NoteKey> keys, string? origin = null)
    {
        SignedNote note;
        Checkpoint checkpoint;
        try
        {
            note = SignedNote.Parse(Encoding.UTF8.GetBytes(Checkpoint));
            checkpoint = Ledger.Checkpoint.Parse(note.Text);
        }
        catch (LedgerFormatException e)
        {
            return (LedgerVerdict.Tampered, $"the checkpoint in it is none: {Plain.Text(e.Message, 300)}");
        }
        var verdict = note.Verify(keys);
        if (!verdict.Trusted)
            return (verdict.Trust == NoteTrust.Refused ? LedgerVerdict.Tampered : LedgerVerdict.CannotTell, $"the checkpoint in it is not trusted: {Plain.Text(verdict.Reason, 300)}");
        if (origin is not null && checkpoint.Origin != origin)
            return (LedgerVerdict.Tampered, $"the checkpoint in it is of another log: {Plain.Text(checkpoint.Origin, 200)}");
        if (checkpoint.Size != Size)
            return (LedgerVerdict.Tampered, $"it says that the checkpoint covers {Size} records, which covers {checkpoint.Size}");
        var leaf = new byte[MerkleHash.Size];
        MerkleHash.Leaf(Record, leaf);
        return MerkleProof.Inclusion(Index, Size, leaf, Inclusion, checkpoint.Root)
            ? (LedgerVerdict.Intact, $"record {Index} is in the log {Plain.Text(checkpoint.Origin, 200)} of {Size} records, signed by {string.Join(", ", verdict.SignedBy)}")
            : (LedgerVerdict.Tampered, $"the record is not the one at place {Index} of the log: its hash and those of the proof do not give the checkpoint's root");
    }
}
