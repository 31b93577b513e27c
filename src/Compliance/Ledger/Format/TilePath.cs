using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Compliance.Ledger.Format;

/// <summary>
/// How a tree is cut into tiles and what they are called: C2SP tlog-tiles, "Merkle Tree", "Partial Tiles" and "Log entries". For example
/// tile 1234067 of the leaves is <c>tile/0/x001/x234/067</c>, and its first 112 hashes alone are <c>tile/0/x001/x234/067.p/112</c>.
/// </summary>
internal static class TilePath
{
    /// <summary>How many hashes a full tile has.</summary>
    public const int Width = 256;

    /// <summary>How many levels of the tree lie within one tile: a tile's hash is one of the next level's.</summary>
    public const int Height = 8;

    /// <summary>The highest level that a path may name.</summary>
    public const int MaxLevel = 63;

    private const string Root = "tile/";
    private const string EntriesRoot = "tile/entries/";
    private const string PartialMark = ".p/";
    private const int Digits = 3;
    private const int Base = 1000;

    /// <summary>The path of a tile, without a slash before it.</summary>
    /// <param name="level">0 to <see cref="MaxLevel"/>, or <see cref="TileRef.Entries"/>.</param>
    /// <param name="index">Which of its level, from 0.</param>
    /// <param name="width">1 to <see cref="Width"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">No tile is like that.</exception>
    public static string Create(int level, long index, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(level, TileRef.Entries);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, MaxLevel);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, Width);
        var path = (index % Base).ToString("D3", CultureInfo.InvariantCulture);
        for (var rest = index / Base; rest > 0; rest /= Base)
            path = string.Create(CultureInfo.InvariantCulture, $"x{rest % Base:D3}/{path}");
        var root = level == TileRef.Entries ? EntriesRoot : string.Create(CultureInfo.InvariantCulture, $"{Root}{level}/");
        return width == Width ? root + path : string.Create(CultureInfo.InvariantCulture, $"{root}{path}{PartialMark}{width}");
    }

    /// <inheritdoc cref="Create(int, long, int)"/>
    /// <param name="tile">The tile.</param>
    public static string Create(TileRef tile) => Create(tile.Level, tile.Index, tile.Width);

    /// <summary>The path of a bundle of entries, for example <c>tile/entries/x001/234.p/7</c>.</summary>
    /// <inheritdoc cref="Create(int, long, int)"/>
    public static string Entries(long index, int width) => Create(TileRef.Entries, index, width);

    /// <summary>
    /// Reads a path. Only the one spelling that <see cref="Create(TileRef)"/> gives a tile is taken: no other leading zeros, signs or
    /// slashes.
    /// </summary>
    /// <param name="path">The path; anything may stand here.</param>
    /// <param name="tile">The tile it names.</param>
    /// <returns>Whether it names one.</returns>
    public static bool TryParse([NotNullWhen(true)] string? path, out TileRef tile)
    {
        tile = default;
        // The longest spelling there is; anything longer need not be looked at.
        const int MaxCharacters = 64;
        if (path is null || path.Length > MaxCharacters || !path.StartsWith(Root, StringComparison.Ordinal))
            return false;
        var rest = path.AsSpan(Root.Length);
        var width = Width;
        if (rest.IndexOf(PartialMark, StringComparison.Ordinal) is >= 0 and var mark)
        {
            if (!TryNumber(rest[(mark + PartialMark.Length)..], Width - 1, out width) || width == 0)
                return false;
            rest = rest[..mark];
        }
        var slash = rest.IndexOf('/');
        if (slash < 0)
            return false;
        var level = TileRef.Entries;
        if (!rest[..slash].SequenceEqual("entries") && !TryNumber(rest[..slash], MaxLevel, out level))
            return false;
        if (!TryIndex(rest[(slash + 1)..], out var index))
            return false;
        var parsed = new TileRef(level, index, width);
        if (Create(parsed) != path)
            return false;
        tile = parsed;
        return true;
    }

    /// <summary>All tiles of a tree, level by level from the leaves, full ones first in each.</summary>
    /// <param name="size">How many leaves the tree has.</param>
    /// <param name="entries">Whether the bundles of entries are wanted too; they come before the levels of hashes.</param>
    public static IEnumerable<TileRef> Create(long size, bool entries = false) => NewBetween(0, size, entries);

    /// <summary>The partial tiles of a tree, at most one a level: those that the next leaves go on from.</summary>
    /// <param name="size">How many leaves the tree has.</param>
    public static IEnumerable<TileRef> Partial(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        return New();

        IEnumerable<TileRef> New()
        {
            for (var level = 0; Hashes(size, level) is > 0 and var hashes; level++)
            {
                if (hashes % Width > 0)
                    yield return new(level, hashes / Width, (int)(hashes % Width));
            }
        }
    }

    /// <summary>
    /// The tiles of the larger tree that the smaller did not have yet: the ones that a growth adds. A tile that was partial and got wider
    /// counts as new.
    /// </summary>
    /// <param name="oldSize">How many leaves the tree had.</param>
    /// <param name="newSize">How many it has; not fewer.</param>
    /// <param name="entries">Whether the bundles of entries are wanted too; they come before the levels of hashes.</param>
    public static IEnumerable<TileRef> NewBetween(long oldSize, long newSize, bool entries = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(oldSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(newSize, oldSize);
        return New();

        IEnumerable<TileRef> New()
        {
            for (var level = entries ? TileRef.Entries : 0; Hashes(newSize, level) > 0; level++)
            {
                var (old, now) = (Hashes(oldSize, level), Hashes(newSize, level));
                for (var index = old / Width; index < now / Width; index++)
                    yield return new(level, index, Width);
                if (now > old && now % Width > 0)
                    yield return new(level, now / Width, (int)(now % Width));
            }
        }
    }

    /// <summary>The tile that holds a hash of a tile level, as wide as it is in a tree.</summary>
    /// <param name="size">How many leaves the tree has.</param>
    /// <param name="level">The tile level, 0 or more.</param>
    /// <param name="hash">Which hash of that level; the tree has it.</param>
    internal static TileRef Holding(long size, int level, long hash) =>
        new(level, hash / Width, (int)Math.Min(Width, Hashes(size, level) - hash / Width * Width));

    // How many hashes a level has, over all its tiles: the perfect subtrees of 256^level leaves. Beyond level 7 there are none in any size,
    // and the shift would wrap.
    private static long Hashes(long size, int level) =>
        level switch
        {
            <= 0 => size,
            < 64 / Height => size >> (level * Height),
            _ => 0,
        };

    private static bool TryNumber(ReadOnlySpan<char> text, int max, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= max;

    private static bool TryIndex(ReadOnlySpan<char> text, out long index)
    {
        index = 0;
        foreach (var part in text.Split('/'))
        {
            var element = text[part];
            var last = part.End.Value == text.Length;
            if (element.Length != (last ? Digits : Digits + 1) || (!last && element[0] != 'x'))
                return false;
            if (!TryNumber(element[^Digits..], Base - 1, out var digits) || index > (long.MaxValue - digits) / Base)
                return false;
            index = index * Base + digits;
        }
        return true;
    }
}
