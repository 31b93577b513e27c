using System.Buffers;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Compliance.Ledger.Format;

/// <summary>Some bytes of a blob, or that it begins or ends. Whoever gets it gives its buffer back.</summary>
/// <param name="Kind">A line for bytes, whatever they are; else a begin or an end.</param>
/// <param name="Path">The blob.</param>
/// <param name="Offset">Where in the blob.</param>
/// <param name="Buffer">What the bytes are in, from <see cref="LineCutter.Room"/> on; null when there are none.</param>
/// <param name="Count">How many they are.</param>
internal readonly record struct LogBlock(LogLineKind Kind, string Path, long Offset, byte[]? Buffer, int Count)
{
    /// <summary>Gives the buffer back.</summary>
    public void Return()
    {
        if (Buffer is { } buffer)
            ArrayPool<byte>.Shared.Return(buffer);
    }
}

/// <summary>
/// Fetches the bytes of a log block by block. Over a network a task of its own fetches ahead, so that neither the network nor whoever
/// works on the bytes waits for the other. On this machine they are read when they are asked for, in blocks that fit into the cache of
/// one processor.
/// </summary>
/// <param name="source">The log.</param>
/// <param name="files">Its blobs in their order.</param>
internal sealed class LogBlocks(ILedgerSource source, IReadOnlyList<LedgerFile> files)
{
    /// <summary>Blocks that are fetched ahead.</summary>
    public const int Ahead = 4;

    private const int FarSize = 512 * 1024;
    private const int NearSize = 256 * 1024;

    private readonly int _size = source.IsNear ? NearSize : FarSize;

    /// <summary>Fetches from a place in the log to its end.</summary>
    /// <exception cref="IOException">The log cannot be read, or a blob that was listed is gone.</exception>
    public IAsyncEnumerable<LogBlock> ReadAsync(string? path, long offset, CancellationToken cancellationToken) =>
        source.IsNear ? FetchAsync(path, offset, cancellationToken) : FetchAheadAsync(path, offset, cancellationToken);

    private async IAsyncEnumerable<LogBlock> FetchAheadAsync(
        string? path,
        long offset,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var channel = Channel.CreateBounded<LogBlock>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
        var fetching = FillAsync(path, offset, channel.Writer, enough.Token);
        try
        {
            await foreach (var block in channel.Reader.ReadAllAsync(cancellationToken))
                yield return block;
        }
        finally
        {
            await enough.CancelAsync();
            await fetching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (channel.Reader.TryRead(out var left))
                left.Return();
        }
    }

    private async Task FillAsync(string? path, long offset, ChannelWriter<LogBlock> blocks, CancellationToken cancellationToken)
    {
        // On its own thread from here on.
        await Task.Yield();
        try
        {
            await foreach (var block in FetchAsync(path, offset, cancellationToken))
            {
                try
                {
                    await blocks.WriteAsync(block, cancellationToken);
                }
                catch
                {
                    block.Return();
                    throw;
                }
            }
            blocks.Complete();
        }
        catch (Exception e)
        {
            blocks.Complete(e);
        }
    }

    private async IAsyncEnumerable<LogBlock> FetchAsync(
        string? path,
        long offset,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        foreach (var file in files.SkipWhile(f => path is not null && f.Path != path))
        {
            var at = file.Path == path ? offset : 0;
            await using var stream = await OpenAsync(file.Path, at, cancellationToken);
            yield return new(LogLineKind.Begin, file.Path, at, null, 0);
            for (var more = true; more;)
            {
                var block = await NextAsync(stream, file.Path, at, cancellationToken);
                at += block.Count;
                more = block.Count == _size - LineCutter.Room;
                if (block.Count > 0)
                    yield return block;
                else
                    block.Return();
            }
            yield return new(LogLineKind.End, file.Path, at, null, 0);
        }
    }

    private async ValueTask<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken)
    {
        try
        {
            return await source.OpenAsync(path, offset, cancellationToken);
        }
        catch (Exception e) when (SourceFailure.IsOne(e) && e is not IOException)
        {
            throw Unreadable(e);
        }
    }

    private async ValueTask<LogBlock> NextAsync(Stream stream, string path, long at, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(_size);
        try
        {
            var count = await stream.ReadAtLeastAsync(
                buffer.AsMemory(LineCutter.Room, _size - LineCutter.Room),
                _size - LineCutter.Room,
                throwOnEndOfStream: false,
                cancellationToken
            );
            return new(LogLineKind.Line, path, at, buffer, count);
        }
        catch (Exception e)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            if (SourceFailure.IsOne(e) && e is not IOException)
                throw Unreadable(e);
            throw;
        }
    }

    private static IOException Unreadable(Exception e) => new($"the log cannot be read: {e.Message}", e);
}
