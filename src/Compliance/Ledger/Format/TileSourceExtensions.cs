namespace Compliance.Ledger.Format;

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
