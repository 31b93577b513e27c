using System.Buffers;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace Compliance.Evidence;

/// <summary>One append blob as far as it has been read: append blobs only grow, so that what was read once is never read again.</summary>
/// <param name="blob">The blob.</param>
/// <param name="name">Container and blob name.</param>
internal sealed class LedgerBlob(AppendBlobClient blob, string name)
{
    private readonly Dictionary<string, EvidenceReceipt> _records = new(StringComparer.Ordinal);
    private readonly ArrayBufferWriter<byte> _tail = new();
    private long _tailAt;
    private bool _tailReported;

    /// <summary>The blob.</summary>
    public AppendBlobClient Blob => blob;

    /// <summary>Bytes read, hence where the next append has to land.</summary>
    public long Length { get; private set; }

    /// <summary>Appends so far; the service takes 50,000.</summary>
    public int Blocks { get; private set; }

    /// <summary>True when the last line has no line feed: one has to be written before the next record.</summary>
    public bool Torn => _tail.WrittenCount > 0;

    /// <summary>Where a record of this blob is; null when it is not in it.</summary>
    public EvidenceReceipt? Find(string recordId)
    {
        if (_records.TryGetValue(recordId, out var receipt))
            return receipt;
        // A whole record that only lacks its line feed is kept all the same.
        return Torn && EvidenceLine.IdOf(_tail.WrittenSpan) == recordId ? Receipt(recordId, _tailAt, _tail.WrittenSpan) : null;
    }

    /// <summary>Reads what was appended since the last time.</summary>
    /// <returns>False when there is no such blob. <c>Bad</c> holds the offsets of lines newly found not to be records.</returns>
    public async Task<(bool Exists, IReadOnlyList<long> Bad)> ReadOnAsync(CancellationToken stop)
    {
        var bad = new List<long>();
        BlobProperties properties = null!;
        try
        {
            properties = await blob.GetPropertiesAsync(cancellationToken: stop);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return (false, bad);
        }
        if (properties.ContentLength < Length)
            throw new RequestFailedException($"{name} is shorter than it was ({properties.ContentLength} bytes after {Length}): somebody replaced the evidence");
        if (properties.ContentLength > Length)
        {
            var wanted = properties.ContentLength - Length;
            using BlobDownloadStreamingResult part = await blob.DownloadStreamingAsync(new() { Range = new(Length, wanted) }, stop);
            var buffer = new byte[81_920];
            for (var left = wanted; left > 0;)
            {
                var read = await part.Content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), stop);
                if (read == 0)
                    throw new RequestFailedException($"{name} was cut off {left} bytes before its end while reading");
                Take(buffer.AsSpan(0, read), bad);
                left -= read;
            }
        }
        Blocks = properties.BlobCommittedBlockCount;
        if (Torn && !_tailReported && EvidenceLine.IdOf(_tail.WrittenSpan) is null)
        {
            _tailReported = true;
            bad.Add(_tailAt);
        }
        return (true, bad);
    }

    /// <summary>Remembers an append of ours that the service confirmed.</summary>
    public EvidenceReceipt Appended(string recordId, ReadOnlySpan<byte> bytes)
    {
        Take(bytes, bad: null);
        Blocks++;
        return _records[recordId];
    }

    private void Take(ReadOnlySpan<byte> bytes, List<long>? bad)
    {
        while (bytes.Length > 0)
        {
            if (!Torn)
                _tailAt = Length;
            var end = bytes.IndexOf((byte)'\n');
            _tail.Write(end < 0 ? bytes : bytes[..end]);
            Length += end < 0 ? bytes.Length : end + 1;
            if (end < 0)
                return;
            Line(_tail.WrittenSpan, bad);
            _tail.ResetWrittenCount();
            _tailReported = false;
            bytes = bytes[(end + 1)..];
        }
    }

    private void Line(ReadOnlySpan<byte> line, List<long>? bad)
    {
        if (EvidenceLine.IdOf(line) is { } id)
            _records.TryAdd(id, Receipt(id, _tailAt, line));
        else if (!_tailReported)
            bad?.Add(_tailAt);
    }

    private EvidenceReceipt Receipt(string id, long offset, ReadOnlySpan<byte> line) => new(id, name, offset, EvidenceLine.Sha256(line));
}
