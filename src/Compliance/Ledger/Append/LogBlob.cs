using System.Buffers;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Compliance.Ledger.Format;

namespace Compliance.Ledger.Append;

/// <summary>
/// One append blob of a log as far as it has been read: append blobs only grow, so that what was read once is never read again.
/// </summary>
/// <param name="client">The blob.</param>
/// <param name="path">Its path in the tenant's log.</param>
/// <param name="location">Container and blob name.</param>
internal sealed class LogBlob(AppendBlobClient client, string path, string location)
{
    // A blob full of something else is reported by its first lines.
    private const int MaxStrange = 10;

    private readonly LineCutter _lines = new();
    private byte _last;
    private DateTimeOffset _created;

    /// <summary>The blob.</summary>
    public AppendBlobClient Client => client;

    /// <summary>Its path in the tenant's log.</summary>
    public string Path => path;

    /// <summary>Year, month and number in its name.</summary>
    public (int Year, int Month, int Number) Name { get; } =
        LedgerLayout.TryParseLog(path, out var name) ? name : throw new ArgumentException($"{path} is no blob of a log", nameof(path));

    /// <summary>The first day of the month in its name.</summary>
    public DateOnly Month => new(Name.Year, Name.Month, 1);

    /// <summary>Container and blob name.</summary>
    public string Location => location;

    /// <summary>Whether it is known to be there.</summary>
    public bool Exists { get; private set; }

    /// <summary>Whether it was read to its end at least once.</summary>
    public bool Loaded { get; private set; }

    /// <summary>Bytes read, hence where the next append has to land.</summary>
    public long Length => _lines.Offset + _lines.Length;

    /// <summary>Appends so far; the service takes 50,000.</summary>
    public int Blocks { get; private set; }

    /// <summary>
    /// True when bytes follow the last line feed: they are no leaf yet, and one has to be written before the next record.
    /// </summary>
    public bool Torn => _lines.Length > 0;

    /// <summary>Where the last line begins, whole or not.</summary>
    public long TornAt => _lines.Offset;

    /// <summary>The path of the blob that follows; null until a closing record was read.</summary>
    public string? Next { get; private set; }

    /// <summary>The latest time that a record was appended at, since the clock last went back; null when none says.</summary>
    public DateTimeOffset? Latest { get; private set; }

    /// <summary>Where its records are.</summary>
    public IdIndex Ids { get; } = new();

    /// <summary>Reads what was appended since the last time.</summary>
    /// <param name="strange">Gets the offsets of the first lines newly found not to be records.</param>
    /// <param name="cancellationToken">Stops the reading; what was read stays read.</param>
    /// <returns>False when there is no such blob.</returns>
    /// <exception cref="RequestFailedException">It cannot be read; with <see cref="EvidenceReplaced.Code"/> when it is not the blob it
    /// was.</exception>
    public async Task<bool> ReadOnAsync(List<long> strange, CancellationToken cancellationToken)
    {
        BlobDownloadStreamingResult part;
        try
        {
            // The last byte that is known goes along: a blob that got shorter has no answer to that.
            part = await client.DownloadStreamingAsync(new() { Range = new(Math.Max(Length - 1, 0)) }, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return Exists ? throw EvidenceReplaced.Because($"{location} is gone", e) : false;
        }
        catch (RequestFailedException e) when (e.Status == 416)
        {
            throw EvidenceReplaced.Because($"{location} is shorter than the {Length} bytes it had", e);
        }
        using (part)
        {
            if (_created != default && part.Details.CreatedOn != _created)
                throw EvidenceReplaced.Because($"{location} was made again");
            var wanted = part.Details.ContentLength;
            if (Length > 0 && wanted == 0)
                throw EvidenceReplaced.Because($"{location} is shorter than the {Length} bytes it had");
            (Exists, _created) = (true, part.Details.CreatedOn);
            await ReadAsync(part.Content, wanted, strange, cancellationToken);
            // As of the same answer as the length, so that no append lands in a blob after it is full.
            (Blocks, Loaded) = (part.Details.BlobCommittedBlockCount, true);
        }
        return true;
    }

    /// <summary>Reads one line again.</summary>
    /// <param name="offset">Where it begins.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="RequestFailedException">It cannot be read.</exception>
    public async Task<byte[]> LineAsync(long offset, int length, CancellationToken cancellationToken)
    {
        using BlobDownloadStreamingResult part = await client.DownloadStreamingAsync(
            new() { Range = new(offset, length) },
            cancellationToken
        );
        var line = new byte[length];
        await part.Content.ReadExactlyAsync(line, cancellationToken);
        return line;
    }

    /// <summary>Remembers an append that the service confirmed, line by line.</summary>
    /// <param name="bytes">What was appended.</param>
    /// <param name="blocks">Appends so far, as the service answered.</param>
    public void Appended(ReadOnlySpan<byte> bytes, int blocks)
    {
        var block = new byte[LineCutter.Room + bytes.Length];
        bytes.CopyTo(block.AsSpan(LineCutter.Room));
        Take(block, bytes.Length, strange: null);
        Blocks = Math.Max(Blocks + 1, blocks);
    }

    /// <summary>
    /// Remembers an append of whole lines that the service confirmed and whose ids the caller puts into <see cref="Ids"/>.
    /// </summary>
    /// <param name="length">Its bytes.</param>
    /// <param name="latest">When it was appended.</param>
    /// <param name="clockBack">Whether the clock went back before it.</param>
    /// <param name="blocks">Appends so far, as the service answered.</param>
    public void AppendedLines(int length, DateTimeOffset latest, bool clockBack, int blocks)
    {
        _lines.Begin(path, Length + length);
        _last = (byte)'\n';
        Latest = clockBack || Latest is not { } before || latest > before ? latest : before;
        Blocks = Math.Max(Blocks + 1, blocks);
    }

    /// <summary>Remembers that it was made and is empty.</summary>
    public void Created() => (Exists, Loaded) = (true, true);

    private async Task ReadAsync(Stream content, long wanted, List<long> strange, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
        try
        {
            // The last byte that is known comes right before those that are not.
            var begin = LineCutter.Room - (Length > 0 ? 1 : 0);
            for (var left = wanted; left > 0; begin = LineCutter.Room)
            {
                var room = (int)Math.Min(buffer.Length - begin, left);
                var read = await content.ReadAsync(buffer.AsMemory(begin, room), cancellationToken);
                if (read == 0)
                    throw new IOException($"{location} was cut off {left} bytes before its end while reading");
                left -= read;
                if (begin < LineCutter.Room && buffer[begin] != _last)
                    throw EvidenceReplaced.Because($"{location} has another byte at {Length - 1} than it had");
                Take(buffer, begin + read - LineCutter.Room, strange);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Take(byte[] block, int count, List<long>? strange)
    {
        var bytes = block.AsMemory(LineCutter.Room, count);
        if (count > 0)
            _last = bytes.Span[^1];
        while (_lines.TryCut(block, ref bytes, out var part))
        {
            if (part.Lines.IsEmpty)
                Line(part.Other, strange);
            while (LogPart.TryTake(ref part, out var line))
                Line(line, strange);
        }
    }

    private void Line(in LogLine line, List<long>? strange)
    {
        var bytes = line.TooLong ? default : line.Bytes.Span;
        var facts = RecordFacts.Parse(bytes);
        var id = HashOf(facts);
        if ((id is null || Next is not null) && strange?.Count < MaxStrange)
            strange.Add(line.Offset);
        if (id is not { } hash)
            return;
        Ids.Add(hash, line.Offset, bytes.Length);
        if (facts.LoggedAt is { } at)
            Latest = facts.ClockBack || Latest is not { } before || at > before ? at : before;
        if (facts.Closing)
            Next ??= NextOf(facts, bytes);
    }

    // Null when the line is no record, or one whose id no record of ours has.
    private static ulong? HashOf(in RecordFacts facts)
    {
        if (facts.Form != LineForm.Record)
            return null;
        if (!facts.EscapedId)
            return IdIndex.HashOf(facts.RawId);
        return facts.ExactId is { } id ? IdIndex.HashOf(id) : null;
    }

    // The blob that a closing record names; null when it closes another blob than this.
    private string? NextOf(in RecordFacts closing, ReadOnlySpan<byte> line) =>
        closing.ExactId == EvidenceLine.ClosedId + path
        && RecordFacts.TextOf(line, "subject"u8) is { } next
        && LedgerLayout.TryParseLog(next, out _)
        && string.CompareOrdinal(next, path) > 0
            ? next
            : null;
}
