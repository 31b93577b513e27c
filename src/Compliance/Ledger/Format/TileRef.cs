namespace Compliance.Ledger.Format;

/// <summary>Which tile, in the words of C2SP tlog-tiles.</summary>
/// <param name="Level">0 for the leaves' hashes, one more for every 256 joined into one; <see cref="Entries"/> for the entries
/// themselves.</param>
/// <param name="Index">Which of its level, from 0.</param>
/// <param name="Width">How many hashes (or entries) it has: <see cref="TilePath.Width"/> when full, less when the tree ends within
/// it.</param>
internal readonly record struct TileRef(int Level, long Index, int Width)
{
    /// <summary>The level of the entry bundles.</summary>
    public const int Entries = -1;

    /// <summary>Whether it never changes again.</summary>
    public bool Full => Width == TilePath.Width;

    /// <summary>The path of the tile, see <see cref="TilePath.Create(TileRef)"/>.</summary>
    public override string ToString() => TilePath.Create(this);
}
