namespace Compliance.Ledger.Format;

/// <summary>A tile with what is in it.</summary>
/// <param name="Ref">Which one.</param>
/// <param name="Hashes">Its <see cref="TileRef.Width"/> hashes of <see cref="MerkleHash.Size"/> bytes, one after the other: what is stored
/// under its path.</param>
internal readonly record struct Tile(TileRef Ref, byte[] Hashes);
