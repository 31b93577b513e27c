using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Threading.Channels;
using Compliance.Ledger.Format;

namespace Compliance.Ledger.Verification;

/// <summary>
/// Reads the lines of a log from its first blob to its last. The bytes are fetched ahead by a task of its own, so that whoever works on the lines need not wait for the network, nor the
/// network for him. Memory is <see cref="Blocks"/> blocks of <see cref="BlockSize"/> and one line, whatever the log has: a line of any length is hashed and not kept.
/// </summary>
/// <param name="source">The log.</param>
/// <param name="files">Its blobs in their order.</param>
internal sealed class LogReader(ILedgerSource source, IReadOnlyList<LedgerFile> files)
{
    /// <summary>Bytes that are fetched and handed on at once.</summary>
    public const int BlockSize = 512 * 1024;

    /// <summary>Blocks that are fetched ahead.</summary>
    public const int Blocks = 4;

    /// <summary>Reads from a place in the log to its end.</summary>
    /// <param name="path">The blob to begin with; null for the first.</param>
    /// <param name="offset">Where in that blob: the begin of a line.</param>
    /// <param name="stop">Stops the reading.</param>
    /// <exception cref="IOException">The log cannot be read, or a blob that was listed is gone.</exception>
    public async IAsyncEnumerable<LogLine> ReadAsync(string? path, long offset, [EnumeratorCancellation] CancellationToken stop)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var channel = Channel.CreateBounded<Block>(new BoundedChannelOptions(Blocks) { SingleReader = true, SingleWriter = true });
        var fetching = FetchAsync(path, offset, channel.Writer, enough.Token);
        using var line = new PartialLine();
        try
        {
            var lineAt = 0L;
            await foreach (var block in channel.Reader.ReadAllAsync(stop))
            {
                try
                {
                    if (block.Kind == LogLineKind.Begin)
                    {
                        lineAt = block.Offset;
                        yield return new(LogLineKind.Begin, block.Path, block.Offset, 0, default, null);
                        continue;
                    }
                    if (block.Kind == LogLineKind.End)
                    {
                        if (line.Length > 0)
                            yield return line.Take(LogLineKind.Tail, block.Path, lineAt, default);
                        line.Clear();
                        yield return new(LogLineKind.End, block.Path, block.Offset, 0, default, null);
                        continue;
                    }
                    for (var rest = new ReadOnlyMemory<byte>(block.Buffer, 0, block.Count); ;)
                    {
                        var end = rest.Span.IndexOf((byte)'\n');
                        if (end < 0)
                        {
                            line.Append(rest.Span);
                            break;
                        }
                        // A line within one block is not copied.
                        yield return line.Take(LogLineKind.Line, block.Path, lineAt, rest[..end]);
                        lineAt += line.Length + end + 1;
                        line.Clear();
                        rest = rest[(end + 1)..];
                    }
                }
                finally
                {
                    if (block.Buffer is { } buffer)
                        ArrayPool<byte>.Shared.Return(buffer);
                }
            }
        }
        finally
        {
            await enough.CancelAsync();
            await fetching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (channel.Reader.TryRead(out var left))
            {
                if (left.Buffer is { } buffer)
                    ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private async Task FetchAsync(string? path, long offset, ChannelWriter<Block> blocks, CancellationToken stop)
    {
        // On its own thread from here on: reading from a folder may not wait at all.
        await Task.Yield();
        try
        {
            foreach (var file in files.SkipWhile(f => path is not null && f.Path != path))
            {
                var at = file.Path == path ? offset : 0;
                await using var stream = await source.OpenAsync(file.Path, at, stop);
                await blocks.WriteAsync(new(LogLineKind.Begin, file.Path, at, null, 0), stop);
                while (true)
                {
                    var buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
                    var count = 0;
                    try
                    {
                        count = await stream.ReadAtLeastAsync(buffer.AsMemory(0, BlockSize), BlockSize, throwOnEndOfStream: false, stop);
                        if (count > 0)
                            await blocks.WriteAsync(new(LogLineKind.Line, file.Path, at, buffer, count), stop);
                    }
                    catch
                    {
                        ArrayPool<byte>.Shared.Return(buffer);
                        throw;
                    }
                    if (count == 0)
                        ArrayPool<byte>.Shared.Return(buffer);
                    at += count;
                    if (count < BlockSize)
                        break;
                }
                await blocks.WriteAsync(new(LogLineKind.End, file.Path, at, null, 0), stop);
            }
            blocks.Complete();
        }
        catch (Exception e)
        {
            blocks.Complete(SourceFailure.IsOne(e) && e is not IOException ? new IOException($"the log cannot be read: {e.Message}", e) : e);
        }
    }

    private readonly record struct Block(LogLineKind Kind, string Path, long Offset, byte[]? Buffer, int Count);

    // What has been read of a line that goes on in the next block.
    private sealed class PartialLine : IDisposable
    {
        private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly byte[] _bytes = new byte[EntryBundle.MaxEntry + 1];

        public long Length { get; private set; }

        public void Append(ReadOnlySpan<byte> more)
        {
            if (Length + more.Length <= EntryBundle.MaxEntry)
            {
                more.CopyTo(_bytes.AsSpan((int)Length));
            }
            else
            {
                if (Length <= EntryBundle.MaxEntry)
                {
                    // RFC 6962: a zero byte before the entry.
                    _digest.AppendData([0]);
                    _digest.AppendData(_bytes.AsSpan(0, (int)Length));
                    more[..(int)Math.Min(more.Length, _bytes.Length - Length)].CopyTo(_bytes.AsSpan((int)Length));
                }
                _digest.AppendData(more);
            }
            Length += more.Length;
        }

        public LogLine Take(LogLineKind kind, string path, long offset, ReadOnlyMemory<byte> end)
        {
            if (Length == 0 && end.Length <= EntryBundle.MaxEntry)
                return new(kind, path, offset, end.Length, end, null);
            var length = Length + end.Length;
            var before = Length;
            Append(end.Span);
            // The caller counts the end by itself.
            Length = before;
            return length <= EntryBundle.MaxEntry
                ? new(kind, path, offset, length, _bytes.AsMemory(0, (int)length), null)
                : new(kind, path, offset, length, _bytes.AsMemory(0, EntryBundle.MaxEntry), _digest.GetHashAndReset());
        }

        public void Clear() => Length = 0;

        public void Dispose() => _digest.Dispose();
    }
}
