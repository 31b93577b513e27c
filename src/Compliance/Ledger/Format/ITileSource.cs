namespace Compliance.Ledger.Format;

/// <summary>
/// Where the tiles of a tree are read from: storage, a downloaded folder, memory. What it returns need not be trusted: a proof made from it
/// proves itself.
/// </summary>
internal interface ITileSource
{
    /// <summary>Reads one tile of hashes.</summary>
    /// <param name="tile">The tile, of the width that it has in the tree asked about. A partial tile may be served from a wider one: its
    /// hashes are the first of that.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    /// <returns>Exactly <see cref="TileRef.Width"/> hashes of <see cref="MerkleHash.Size"/> bytes, one after the other.</returns>
    Task<byte[]> ReadAsync(TileRef tile, CancellationToken cancellationToken);
}

/// <summary>What every reader of tiles needs.</summary>
internal static class TileSourceExtensions
{
    /// <summary>Reads one tile of hashes and checks that it is as long as it must be.</summary>
    /// <param name="source">Where it is read from.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    /// <exception cref="LedgerFormatException">The tile has another length.</exception>
    public static async Task<byte[]> ReadHashesAsync(this ITileSource source, TileRef tile, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        var hashes = await source.ReadAsync(tile, cancellationToken);
        var expected = tile.Width * MerkleHash.Size;
        if (hashes.Length != expected)
            throw new LedgerFormatException($"tile {tile} has {hashes.Length} bytes, not {expected}", Math.Min(hashes.Length, expected));
        return hashes;
    }
}
