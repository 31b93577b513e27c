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
