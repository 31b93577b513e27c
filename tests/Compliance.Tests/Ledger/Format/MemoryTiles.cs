using Compliance.Ledger.Format;

namespace Compliance.Tests.Ledger.Format;

/// <summary>The tiles of a tree in memory, made from their definition and not by what is tested. Remembers what was read.</summary>
internal sealed class MemoryTiles : ITileSource
{
    private readonly List<byte[][]> _levels = [];

    public MemoryTiles(byte[][] leaves)
    {
        for (var hashes = leaves; hashes.Length > 0; hashes = [.. hashes.Chunk(256).Where(c => c.Length == 256).Select(Rfc6962Tree.Root)])
            _levels.Add(hashes);
    }

    public List<TileRef> Reads { get; } = [];

    /// <summary>What to do to a tile before it is handed out.</summary>
    public Func<TileRef, byte[], byte[]> Serve { get; set; } = (_, hashes) => hashes;

    public byte[] this[TileRef tile] => [.. _levels[tile.Level].Skip((int)tile.Index * 256).Take(tile.Width).SelectMany(h => h)];

    public Task<byte[]> ReadAsync(TileRef tile, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Reads.Add(tile);
        return Task.FromResult(Serve(tile, this[tile]));
    }
}
