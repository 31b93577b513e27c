using Compliance.Evidence.Ledger;

namespace Compliance.Evidence.Verify;

/// <summary>Counts the tiles that a proof takes.</summary>
/// <param name="tiles">Where they are read from.</param>
internal sealed class CountingTiles(ITileSource tiles) : ITileSource
{
    /// <summary>Tiles read so far.</summary>
    public int Reads { get; private set; }

    /// <inheritdoc/>
    public Task<byte[]> ReadAsync(TileRef tile, CancellationToken stop)
    {
        Reads++;
        return tiles.ReadAsync(tile, stop);
    }
}
