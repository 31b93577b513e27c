namespace Compliance.Ledger.Format;

/// <summary>A tile with what is in it.</summary>
/// <param name="Ref">Which one.</param>
/// <param name="Hashes">Its <see cref="TileRef.Width"/> hashes of <see cref="MerkleHash.Size"/> bytes, one after the other: what is stored
/// under its path.</param>
internal readonly record struct Tile(TileRef Ref, byte[] Hashes);

/// <summary>
/// Makes the tiles of a tree while leaves are appended to it. Keeps the partial tile of each level and nothing else, at most 8 x 8 KiB for
/// any size, so that the tiles of a log of any length can be made in one pass. Not safe for use by several threads at once.
/// </summary>
internal sealed class TileBuilder
{
    private readonly List<Level> _levels = [];
    private readonly Stack<byte[]> _spare = new();

    /// <summary>How many leaves the tree has.</summary>
    public long Size { get; private set; }

    /// <summary>
    /// Goes on with a tree whose tiles are stored. Compare <see cref="Root"/> with a trusted one: tiles that were changed are not noticed
    /// here.
    /// </summary>
    /// <param name="source">The tree's tiles; the partial ones are read, at most one a level.</param>
    /// <param name="size">How many leaves the tree has.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="LedgerFormatException">A tile has not the length it must have.</exception>
    public static async Task<TileBuilder> ResumeAsync(ITileSource source, long size, CancellationToken cancellationToken)
    {
        var builder = new TileBuilder { Size = size };
        foreach (var tile in TilePath.Partial(size))
        {
            var level = builder.At(tile.Level);
            (await source.ReadHashesAsync(tile, cancellationToken)).CopyTo(level.Hashes, 0);
            level.Width = tile.Width;
        }
        return builder;
    }

    /// <summary>Adds leaves at the end, none beyond the end of their tile.</summary>
    /// <param name="leafHashes">Their hashes side by side; may be none.</param>
    /// <returns>The tiles that the last of them made full, see <see cref="Append"/>.</returns>
    /// <exception cref="ArgumentException">They are no hashes, or go beyond the end of their tile.</exception>
    public IReadOnlyList<Tile> AppendAll(ReadOnlySpan<byte> leafHashes)
    {
        var (count, rest) = Math.DivRem(leafHashes.Length, MerkleHash.Size);
        var leaves = At(0);
        if (rest != 0 || count > TilePath.Width - leaves.Width)
            throw new ArgumentException($"{leafHashes.Length} bytes are no hashes up to the end of their tile", nameof(leafHashes));
        if (count == 0)
            return [];
        var before = leafHashes[..^MerkleHash.Size];
        before.CopyTo(leaves.Hashes.AsSpan(leaves.Width * MerkleHash.Size));
        leaves.Width += count - 1;
        Size = checked(Size + count - 1);
        return Append(leafHashes[before.Length..]);
    }

    /// <summary>Adds a leaf at the end.</summary>
    /// <param name="leafHash">Its hash, as <see cref="MerkleHash.Leaf"/> makes it.</param>
    /// <returns>The tiles that this leaf made full, from the leaves' level upwards; mostly none. They are the caller's and never change
    /// again.</returns>
    /// <exception cref="ArgumentException">It is not a hash.</exception>
    /// <exception cref="OverflowException">The tree has as many leaves as can be counted.</exception>
    public IReadOnlyList<Tile> Append(ReadOnlySpan<byte> leafHash)
    {
        if (leafHash.Length != MerkleHash.Size)
            throw new ArgumentException($"a leaf's hash has {MerkleHash.Size} bytes, not {leafHash.Length}", nameof(leafHash));
        var size = checked(Size + 1);
        var leaves = At(0);
        if (leaves.Width < TilePath.Width - 1)
        {
            leafHash.CopyTo(leaves[leaves.Width++]);
            Size = size;
            return [];
        }
        List<Tile> full = [];
        Span<byte> hash = stackalloc byte[MerkleHash.Size];
        leafHash.CopyTo(hash);
        for (var number = 0; ; number++)
        {
            var level = At(number);
            hash.CopyTo(level[level.Width++]);
            if (level.Width < TilePath.Width)
                break;
            var index = (size >> ((number + 1) * TilePath.Height)) - 1;
            full.Add(new(new(number, index, TilePath.Width), level.Hashes));
            MerkleHash.Subtree(level.Hashes, hash);
            level.Begin(_spare.TryPop(out var spare) ? spare : new byte[TilePath.Width * MerkleHash.Size]);
        }
        Size = size;
        return full;
    }

    /// <summary>Takes back a tile of <see cref="Append"/> that is not needed any more: one to come is made in its place.</summary>
    public void Return(Tile tile) => _spare.Push(tile.Hashes);

    /// <summary>The partial tiles of the tree as it is now, from the leaves' level upwards, at most one a level; copies.</summary>
    public IReadOnlyList<Tile> Partial() =>
        [.. TilePath.Partial(Size).Select(tile => new Tile(tile, _levels[tile.Level].Hashes[..(tile.Width * MerkleHash.Size)]))];

    /// <summary>The tree's right edge as it is now, on its own.</summary>
    public MerkleFrontier Frontier()
    {
        var roots = new List<byte[]>();
        foreach (var level in Enumerable.Reverse(_levels))
        {
            // A partial tile's hashes are those of a tree of their own: one perfect subtree for each bit of the width.
            for (var (first, count) = (0, TilePath.Width / 2); count > 0; count /= 2)
            {
                if ((level.Width & count) == 0)
                    continue;
                var root = new byte[MerkleHash.Size];
                MerkleHash.Subtree(level.Hashes.AsSpan(first * MerkleHash.Size, count * MerkleHash.Size), root);
                roots.Add(root);
                first += count;
            }
        }
        return MerkleFrontier.Restore(Size, roots);
    }

    /// <summary>The root of the tree as it is now. Made again at each call from the partial tiles.</summary>
    public byte[] Root() => Frontier().Root();

    private Level At(int number)
    {
        while (_levels.Count <= number)
            _levels.Add(new());
        return _levels[number];
    }

    private sealed class Level
    {
        public byte[] Hashes { get; private set; } = new byte[TilePath.Width * MerkleHash.Size];

        public int Width { get; set; }

        public Span<byte> this[int hash] => Hashes.AsSpan(hash * MerkleHash.Size, MerkleHash.Size);

        // The full tile was handed out.
        public void Begin(byte[] hashes) => (Hashes, Width) = (hashes, 0);
    }
}
