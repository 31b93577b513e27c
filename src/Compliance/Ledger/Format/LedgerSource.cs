namespace Compliance.Ledger.Format;

/// <summary>What folder and storage have in common.</summary>
internal abstract class LedgerSource : ILedgerSource
{
    /// <inheritdoc/>
    public virtual bool IsNear => false;

    /// <inheritdoc/>
    public abstract Task<IReadOnlyList<LedgerFile>> LogsAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract Task<IReadOnlyList<long>> CheckpointsAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public async Task<byte[]?> FindAsync(string path, int max, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = await OpenAsync(path, 0, cancellationToken);
            var buffer = new byte[Math.Min(max, 64 * 1024) + 1];
            using var whole = new MemoryStream();
            for (int read; (read = await file.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                if (whole.Length + read > max)
                    throw new LedgerFormatException($"{path} has more than {max} bytes", max);
                whole.Write(buffer, 0, read);
            }
            return whole.ToArray();
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Reads a tile; a partial one that has been replaced by wider ones is taken from the full one.</summary>
    /// <exception cref="LedgerFormatException">The tile is not there, or is too short or too long.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async Task<byte[]> ReadAsync(TileRef tile, CancellationToken cancellationToken)
    {
        const int max = TilePath.Width * MerkleHash.Size;
        if (await FindAsync(TilePath.Create(tile), max, cancellationToken) is { } exact)
            return exact;
        if (
            !tile.Full
            && await FindAsync(TilePath.Create(tile with { Width = TilePath.Width }), max, cancellationToken) is { } full
            && full.Length >= tile.Width * MerkleHash.Size
        )
            return full[..(tile.Width * MerkleHash.Size)];
        throw new LedgerFormatException($"tile {tile} is missing", 0);
    }
}
