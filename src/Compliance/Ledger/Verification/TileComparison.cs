using System.Globalization;
using Compliance.Ledger.Format;
using Compliance.Text;

namespace Compliance.Ledger.Verification;

/// <summary>A stored tile or bundle that is not what the records give.</summary>
/// <param name="Tile">Which one.</param>
/// <param name="Kind">Changed, missing or unreadable.</param>
/// <param name="Offset">The first byte that differs; null when none is known.</param>
/// <param name="Message">For people.</param>
internal sealed record TileDifference(TileRef Tile, LedgerProblemKind Kind, long? Offset, string Message)
{
    /// <summary>The first leaf after those it is about.</summary>
    public long End => EndOf(Tile);

    /// <summary>The first leaf after those that a tile covers.</summary>
    public static long EndOf(TileRef tile) => (tile.Index * TilePath.Width + tile.Width) << (TilePath.Height * Math.Max(tile.Level, 0));
}

/// <summary>
/// Compares stored tiles and bundles with the ones that the records give, as they get full. They are opened ahead and read piece by piece,
/// so that a stored file of any length takes no memory.
/// </summary>
/// <param name="source">Where they are stored.</param>
/// <param name="size">How many leaves the checkpoint covers whose tiles must be there.</param>
internal sealed class TileComparison(ILedgerSource source, long size) : IAsyncDisposable
{
    private const int Ahead = 8;
    private const int MaxKept = 200;

    private readonly Queue<(TileRef Tile, Task<Stream?> Opening)> _opened = new();
    private readonly IEnumerator<TileRef> _next = Full(size).GetEnumerator();
    private readonly List<TileDifference> _differences = [];
    private readonly byte[] _buffer = new byte[128 * 1024];
    private bool _ended;

    /// <summary>What differs, in the order of the leaves; the first few.</summary>
    public IReadOnlyList<TileDifference> Differences => _differences;

    /// <summary>How many were compared.</summary>
    public long Count { get; private set; }

    /// <summary>Whether a tile has to be stored: it is full within the checkpoint.</summary>
    public bool Covers(TileRef tile) => !_ended && TileDifference.EndOf(tile) <= size;

    /// <summary>
    /// Compares the next full tile or bundle, in the order in which they get full: of each the bundle, then the tiles from the leaves
    /// upwards.
    /// </summary>
    public async ValueTask CompareFullAsync(TileRef tile, ReadOnlyMemory<byte> expected, CancellationToken cancellationToken)
    {
        while (_opened.Count < Ahead && _next.MoveNext())
            _opened.Enqueue((_next.Current, OpenAsync(_next.Current, cancellationToken)));
        var (opened, opening) = _opened.Dequeue();
        if (opened != tile)
            throw new InvalidOperationException($"{tile} is not the next tile, {opened} is");
        await CompareAsync(tile, opening, expected, whole: true, cancellationToken);
    }

    /// <summary>
    /// Compares a partial tile or bundle of the checkpoint. Where it was replaced by the full one, with the begin of that.
    /// </summary>
    public async ValueTask ComparePartialAsync(TileRef tile, ReadOnlyMemory<byte> expected, CancellationToken cancellationToken)
    {
        var exact = OpenAsync(tile, cancellationToken);
        var found = await exact.ContinueWith(
            t => t.IsCompletedSuccessfully && t.Result is null,
            cancellationToken,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
        await CompareAsync(
            tile,
            found ? OpenAsync(tile with { Width = TilePath.Width }, cancellationToken) : exact,
            expected,
            whole: !found,
            cancellationToken
        );
    }

    /// <summary>Compares no more: the records themselves are wrong from here on.</summary>
    public void End() => _ended = true;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _next.Dispose();
        foreach (var (_, opening) in _opened)
        {
            try
            {
                if (await opening is { } stream)
                    await stream.DisposeAsync();
            }
            catch (Exception e) when (SourceFailure.IsOne(e) || e is OperationCanceledException)
            {
                // It was not looked at any more.
            }
        }
        _opened.Clear();
    }

    private static IEnumerable<TileRef> Full(long size)
    {
        for (var index = 0L; index < size / TilePath.Width; index++)
        {
            yield return new(TileRef.Entries, index, TilePath.Width);
            yield return new(0, index, TilePath.Width);
            var (level, upper) = (1, index + 1);
            for (; upper % TilePath.Width == 0; level++)
            {
                upper /= TilePath.Width;
                yield return new(level, upper - 1, TilePath.Width);
            }
        }
    }

    private async Task<Stream?> OpenAsync(TileRef tile, CancellationToken cancellationToken)
    {
        try
        {
            return await source.OpenAsync(TilePath.Create(tile), 0, cancellationToken);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private async Task CompareAsync(
        TileRef tile,
        Task<Stream?> opening,
        ReadOnlyMemory<byte> expected,
        bool whole,
        CancellationToken cancellationToken
    )
    {
        Count++;
        try
        {
            await using var stream = await opening;
            if (stream is null)
                Add(tile, LedgerProblemKind.MissingTile, null, $"{tile} is missing");
            else if (await DifferenceAsync(stream, expected, whole, cancellationToken) is { } difference)
                Changed(tile, difference.At, difference.How);
        }
        catch (Exception e) when (SourceFailure.IsOne(e) && !cancellationToken.IsCancellationRequested)
        {
            Add(tile, LedgerProblemKind.Unreadable, null, $"{tile} cannot be read: {Plain.Text(e.Message, 300)}");
        }
    }

    // The first byte that is not the expected one, and how it differs; null when none does.
    private async ValueTask<(int At, string How)?> DifferenceAsync(
        Stream stream,
        ReadOnlyMemory<byte> expected,
        bool whole,
        CancellationToken cancellationToken
    )
    {
        for (var at = 0; ;)
        {
            // One byte more than expected shows that it goes on.
            var max = (int)Math.Min(_buffer.Length, expected.Length - at + (whole ? 1L : 0L));
            var count = await stream.ReadAsync(_buffer.AsMemory(0, max), cancellationToken);
            if (count == 0 && at == expected.Length)
                return null;
            if (count == 0)
                return (at, string.Create(CultureInfo.InvariantCulture, $"it ends there, {expected.Length - at} bytes too early"));
            var same = expected.Span[at..].CommonPrefixLength(_buffer.AsSpan(0, count));
            at += same;
            if (same == count)
                continue;
            if (at == expected.Length)
                return (at, "it continues after its end");
            var how = $"the byte is 0x{_buffer[same]:x2}, the records give 0x{expected.Span[at]:x2}";
            return (at, how);
        }
    }

    private void Changed(TileRef tile, int at, string how)
    {
        var what =
            tile.Level == TileRef.Entries
                ? "the bundle"
                : string.Create(CultureInfo.InvariantCulture, $"hash {at / MerkleHash.Size} of the tile");
        Add(
            tile,
            tile.Level == TileRef.Entries ? LedgerProblemKind.ChangedBundle : LedgerProblemKind.ChangedTile,
            at,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{tile} was changed: {what} differs at byte {at} from what the records give, which agree with the checkpoint: {how}"
            )
        );
    }

    private void Add(TileRef tile, LedgerProblemKind kind, long? offset, string message)
    {
        if (_differences.Count < MaxKept)
            _differences.Add(new(tile, kind, offset, message));
    }
}
