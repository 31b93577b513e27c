using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Compliance.Ledger.Format;
using Compliance.Text;

namespace Compliance.Minimization.Manifests;

/// <summary>A part of a manifest: what is written at once.</summary>
/// <param name="Rows">How many lines it has, the header among them.</param>
/// <param name="Bytes">How many bytes.</param>
/// <param name="Sha256">SHA-256 of its bytes, lower-case hex.</param>
internal sealed record ManifestPart(long Rows, long Bytes, string Sha256);

/// <summary>
/// Writes a plan as it is made: JSON Lines, a header and a row each. Its id is the root of the RFC 6962 tree over its lines, so that one
/// row can be shown to be in it without the others. Memory is one part, however many rows there are. Not safe for use by several threads
/// at once.
/// </summary>
internal sealed class ManifestWriter
{
    /// <summary>Bytes after which a part is written.</summary>
    public const int PartBytes = 4_000_000;

    /// <summary>Lines after which a part is written, unless another number is given: eight batches of 256.</summary>
    public const int PartRows = 2_048;

    private readonly Func<ReadOnlyMemory<byte>, CancellationToken, Task> _write;
    private readonly MerkleFrontier _tree = new();
    private readonly ArrayBufferWriter<byte> _part = new(PartBytes + 4096);
    private readonly List<ManifestPart> _parts = [];
    private readonly int _maxRows;
    private readonly byte[] _leaf = new byte[MerkleHash.Size];
    private long _rowsOfPart;
    private bool _hasFailed;

    /// <summary>Begins a manifest.</summary>
    /// <param name="header">Its first line.</param>
    /// <param name="write">Appends a part to where the manifest is kept.</param>
    /// <param name="maxRows">Lines of a part at most, the header among them; 2 or more.</param>
    public ManifestWriter(
        ManifestHeader header,
        Func<ReadOnlyMemory<byte>, CancellationToken, Task> write,
        int maxRows = PartRows
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRows, 2);
        (_write, _maxRows) = (write, maxRows);
        Add(header);
    }

    /// <summary>How many rows it has, without the header.</summary>
    public long Rows => _tree.Size - 1;

    /// <summary>Adds a row.</summary>
    public async Task AddAsync(ManifestRow row, CancellationToken cancellationToken)
    {
        Add(row);
        if (_part.WrittenCount >= PartBytes || _rowsOfPart >= _maxRows)
            await FlushAsync(cancellationToken);
    }

    /// <summary>Writes what is left.</summary>
    /// <returns>The plan's id, lower-case hex, and the parts in their order.</returns>
    public async Task<(string PlanId, IReadOnlyList<ManifestPart> Parts)> CompleteAsync(CancellationToken cancellationToken)
    {
        if (_hasFailed)
            throw new InvalidOperationException("a part of this manifest could not be written");
        if (_part.WrittenCount > 0)
            await FlushAsync(cancellationToken);
        return (Convert.ToHexStringLower(_tree.Root()), _parts);
    }

    private void Add<T>(T line)
    {
        // What was written of a part that failed is not known: the plan is made again.
        if (_hasFailed)
            throw new InvalidOperationException("a part of this manifest could not be written");
        var bytes = JsonSerializer.SerializeToUtf8Bytes(line, ComplianceJson.Compact);
        MerkleHash.Leaf(bytes, _leaf);
        _tree.Append(_leaf);
        _part.Write(bytes);
        _part.Write("\n"u8);
        _rowsOfPart++;
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        var bytes = _part.WrittenMemory;
        _hasFailed = true;
        await _write(bytes, cancellationToken);
        _hasFailed = false;
        _parts.Add(new(_rowsOfPart, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes.Span))));
        _part.ResetWrittenCount();
        _rowsOfPart = 0;
    }
}
