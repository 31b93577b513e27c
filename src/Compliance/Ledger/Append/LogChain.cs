using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Compliance.Ledger.Format;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.Ledger.Append;

/// <summary>
/// One tenant's append blobs in their order, as one writer knows them. Only the last is appended to; its last record names the blob that
/// follows, so that every writer finds the same next place whatever its clock says. Used by one at a time.
/// </summary>
/// <param name="storage">The evidence account.</param>
/// <param name="tenantId">The tenant, fit to be part of a blob's name.</param>
/// <param name="options">Bounds.</param>
/// <param name="logger">Informed of damage.</param>
internal sealed partial class LogChain(StateStorage storage, string tenantId, LogOptions options, ILogger logger)
{
    /// <summary>
    /// A small block blob beside the log that holds the path of its first blob: writers that begin a log at once, in two months by their
    /// clocks, would begin two.
    /// </summary>
    public const string FirstName = "first";

    /// <summary>How much earlier than the last record the clock may be: clocks of several machines differ by so much.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(2);

    private const int LastNumber = 9_999;

    private readonly List<LogBlob> _blobs = [];
    private BlobContainerClient? _container;
    private bool _listed;
    private bool _stale;

    /// <summary>The blob that takes records.</summary>
    public LogBlob Last => _blobs[^1];

    /// <summary>The latest time that a record was appended at, since the clock last went back; null when none says.</summary>
    public DateTimeOffset? Latest => Enumerable.Reverse(_blobs).FirstOrDefault(b => b.Latest is not null)?.Latest;

    /// <summary>Where the log lies, for messages.</summary>
    public string Place => _blobs.Count > 0 ? Last.Location : $"{LedgerLayout.Container}/{tenantId}/{LedgerLayout.LogFolder}";

    /// <summary>What is known may be behind what is stored: read on before the next append.</summary>
    public void Unsure() => _stale = true;

    /// <summary>Reads what is not known yet, so that every record since a month is known.</summary>
    /// <param name="since">The month's first day; what was kept before is not looked for.</param>
    /// <param name="now">The clock, for the name of the first blob.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="RequestFailedException">It cannot be read; with <see cref="EvidenceReplaced.Code"/> when evidence was replaced or
    /// is missing.</exception>
    public async Task CatchUpAsync(DateOnly since, DateTimeOffset now, CancellationToken cancellationToken)
    {
        _container ??= await storage.EvidenceContainerAsync(LedgerLayout.Container, cancellationToken);
        if (!_listed)
            await ListAsync(now, cancellationToken);
        var first = _blobs.Count - 1;
        while (first > 0 && _blobs[first - 1].Month >= since)
            first--;
        for (var i = first; i < _blobs.Count; i++)
        {
            if (!_blobs[i].Loaded)
                await ReadOnAsync(i, cancellationToken);
            if (i < _blobs.Count - 1 && _blobs[i].Next != _blobs[i + 1].Path)
                throw EvidenceReplaced.Because(
                    _blobs[i].Next is { } next
                        ? $"{Location(next)} is missing before {_blobs[i + 1].Location}"
                        : $"{_blobs[i].Location} is not closed, and {_blobs[i + 1].Location} follows"
                );
        }
        // What the clock has to be compared with is in the blob before a new one.
        if (Last.Latest is null && _blobs is [.., { Loaded: false } before, _])
            await ReadOnAsync(_blobs.IndexOf(before), cancellationToken);
        if (_stale)
            await ReadOnAsync(_blobs.Count - 1, cancellationToken);
        while (Last.Next is { } next)
        {
            _blobs.Add(New(next));
            await ReadOnAsync(_blobs.Count - 1, cancellationToken);
        }
        _stale = false;
    }

    /// <summary>
    /// Does one thing that has to be done before records can be appended: ends a torn line, closes a blob that is full or whose month is
    /// over, begins the next. Each is conditional; what another writer did first is found by reading on.
    /// </summary>
    /// <param name="now">The clock.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>False when nothing had to be done.</returns>
    /// <exception cref="RequestFailedException">It is not known to be done; 412 when another writer was quicker.</exception>
    public async Task<bool> PrepareAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var blob = Last;
        if (!blob.Exists)
        {
            await CreateAsync(blob, cancellationToken);
            return true;
        }
        if (blob.Torn)
        {
            TornLine(blob.Location, blob.TornAt);
            byte[] end = [(byte)'\n'];
            var lines = await SendAsync(end, cancellationToken);
            blob.Appended(end, lines);
            return true;
        }
        var full = blob.Blocks >= options.MaxBlocks;
        var month = new DateOnly(now.UtcDateTime.Year, now.UtcDateTime.Month, 1);
        if (!full && month <= blob.Month)
            return false;
        byte[] closing = [.. ClockBack(now) ?? [], .. Line(Closing(blob, month, now), now)];
        var blocks = await SendAsync(closing, cancellationToken);
        blob.Appended(closing, blocks);
        Closed(blob.Location, blob.Next!);
        Forget(month);
        return true;
    }

    /// <summary>The line, with its line feed, that says that the clock went back; null when it did not.</summary>
    /// <param name="now">The clock.</param>
    public byte[]? ClockBack(DateTimeOffset now)
    {
        if (Latest is not { } latest || latest - now <= ClockTolerance)
            return null;
        var seconds = (long)Math.Ceiling((latest - now).TotalSeconds);
        ClockWentBack(Last.Location, Last.Length, seconds);
        // Nothing else can begin where this one does.
        var id = string.Create(CultureInfo.InvariantCulture, $"ledger-clock-back-{Last.Path}-{Last.Length}");
        return Line(
            Own(id, EvidenceLine.ClockBackAction, now) with
            {
                Counts = new Dictionary<string, long> { ["seconds"] = seconds },
                Subject = Last.Path,
                Reason = "the clock is earlier than the record before says",
            },
            now
        );
    }

    /// <summary>Whether <see cref="FindAsync"/> has to look at any line.</summary>
    /// <param name="hash">Hash of a record's id.</param>
    public bool MayHold(ulong hash)
    {
        foreach (var blob in _blobs)
            if (blob.Ids.MayHold(hash))
                return true;
        return false;
    }

    /// <summary>Looks a record up in what <see cref="CatchUpAsync"/> has read.</summary>
    /// <param name="id">The record's id.</param>
    /// <param name="hash">Its hash.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>Where it is and its line; null when it is not there.</returns>
    /// <exception cref="RequestFailedException">The line cannot be read.</exception>
    public async Task<(EvidenceReceipt Receipt, byte[] Line)?> FindAsync(string id, ulong hash, CancellationToken cancellationToken)
    {
        foreach (var blob in _blobs)
        {
            if (!blob.Ids.MayHold(hash))
                continue;
            foreach (var (offset, length) in blob.Ids.Find(hash))
            {
                var line = await blob.LineAsync(offset, length, cancellationToken);
                if (RecordFacts.Parse(line).ExactId == id)
                    return (new(id, blob.Location, offset, EvidenceLine.Sha256(line)), line);
            }
        }
        return null;
    }

    /// <summary>Appends bytes where the last known byte is, or not at all.</summary>
    /// <returns>Appends to the blob so far.</returns>
    /// <exception cref="RequestFailedException">412 when it grew meanwhile; anything else may have been written all the same.</exception>
    public async Task<int> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        using var content = BinaryData.FromBytes(bytes).ToStream();
        try
        {
            BlobAppendInfo answer = await Last.Client.AppendBlockAsync(
                content,
                new() { Conditions = new() { IfAppendPositionEqual = Last.Length } },
                cancellationToken
            );
            return answer.BlobCommittedBlockCount;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            throw EvidenceReplaced.Because($"{Last.Location} is gone", e);
        }
    }

    private static byte[] Line(EvidenceRecord record, DateTimeOffset now) => [.. EvidenceLine.Create(record, now), (byte)'\n'];

    private string Location(string path) => $"{LedgerLayout.Container}/{tenantId}/{path}";

    private LogBlob New(string path) => new(_container!.GetAppendBlobClient($"{tenantId}/{path}"), path, Location(path));

    private async Task ListAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var paths = new List<string>();
        await foreach (
            var blob in _container!.GetBlobsAsync(
                BlobTraits.None,
                BlobStates.None,
                $"{tenantId}/{LedgerLayout.LogFolder}",
                cancellationToken
            )
        )
            if (LedgerLayout.TryParseLog(blob.Name[(tenantId.Length + 1)..], out _))
                paths.Add(blob.Name[(tenantId.Length + 1)..]);
        paths.Sort(StringComparer.Ordinal);
        var blobs = paths.ConvertAll(New);
        foreach (var (blob, next) in blobs.Zip(blobs.Skip(1)))
            if (next.Name.Number != (blob.Month == next.Month ? blob.Name.Number + 1 : 1))
                throw EvidenceReplaced.Because($"a blob is missing between {blob.Location} and {next.Location}");
        if (blobs.Count == 0)
            blobs.Add(New(await FirstAsync(now, cancellationToken)));
        _blobs.AddRange(blobs);
        _listed = true;
    }

    private async Task<string> FirstAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var first = _container!.GetBlobClient($"{tenantId}/{FirstName}");
        var path = LedgerLayout.Log(now.UtcDateTime.Year, now.UtcDateTime.Month, 1);
        try
        {
            await first.UploadAsync(
                BinaryData.FromString(path),
                new BlobUploadOptions
                {
                    Conditions = new() { IfNoneMatch = ETag.All },
                    HttpHeaders = new() { ContentType = "text/plain" },
                },
                cancellationToken
            );
            return path;
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            // Another writer begins the log as well, or we did and the answer was lost.
            BlobDownloadResult kept = await first.DownloadContentAsync(cancellationToken);
            return kept.Content.ToString() is var named && LedgerLayout.TryParseLog(named, out _)
                ? named
                : throw EvidenceReplaced.Because($"{LedgerLayout.Container}/{tenantId}/{FirstName} does not name the first blob");
        }
    }

    private async Task ReadOnAsync(int index, CancellationToken cancellationToken)
    {
        var blob = _blobs[index];
        var strange = new List<long>();
        try
        {
            // The last may be named and not made yet.
            if (!await blob.ReadOnAsync(strange, cancellationToken) && index < _blobs.Count - 1)
                throw EvidenceReplaced.Because($"{blob.Location} is gone");
        }
        finally
        {
            foreach (var offset in strange)
                NoRecord(blob.Location, offset);
        }
    }

    private static async Task CreateAsync(LogBlob blob, CancellationToken cancellationToken)
    {
        try
        {
            await blob.Client.CreateAsync(
                new AppendBlobCreateOptions
                {
                    HttpHeaders = new() { ContentType = "application/jsonl" },
                    Conditions = new() { IfNoneMatch = ETag.All },
                },
                cancellationToken
            );
            blob.Created();
        }
        catch (RequestFailedException e) when (e.Status == 409)
        {
            // As when an append finds that another writer was quicker: it may have written as well.
            throw new RequestFailedException(412, $"{blob.Location} was made by another writer", e.ErrorCode, e);
        }
    }

    private EvidenceRecord Closing(LogBlob blob, DateOnly month, DateTimeOffset now)
    {
        var (year, _, number) = blob.Name;
        if (month <= blob.Month && number == LastNumber)
            throw new InvalidOperationException($"{blob.Location} is full, and is the last that its month can have");
        return Own(EvidenceLine.ClosedId + blob.Path, EvidenceLine.ClosedAction, now) with
        {
            Subject =
                month > blob.Month ? LedgerLayout.Log(month.Year, month.Month, 1) : LedgerLayout.Log(year, blob.Name.Month, number + 1),
            Reason = month > blob.Month ? "the month is over" : "the blob is full",
        };
    }

    private EvidenceRecord Own(string id, string action, DateTimeOffset now) =>
        new()
        {
            Id = id,
            Time = now,
            Actor = "EvidenceLog",
            Action = action,
            TenantId = tenantId,
            PolicySha256 = "",
            Controls = [],
            Outcome = "complete",
            Counts = new Dictionary<string, long>(),
            CorrelationId = id,
        };

    // Retries come soon or never: of older months nothing is remembered but that they are there.
    private void Forget(DateOnly month)
    {
        for (var i = 0; i < _blobs.Count; i++)
            if (_blobs[i].Loaded && _blobs[i].Month < month.AddMonths(-1))
                _blobs[i] = New(_blobs[i].Path);
    }

    [LoggerMessage(
        1200,
        LogLevel.Warning,
        "Evidence {Location}: the line at byte {Offset} is not a record, or follows the one that closed the blob; it is left as it is"
    )]
    private partial void NoRecord(string location, long offset);

    [LoggerMessage(
        1204,
        LogLevel.Warning,
        "Evidence {Location}: the last line, at byte {Offset}, was not ended; a line feed ends it and it stays as it is"
    )]
    private partial void TornLine(string location, long offset);

    [LoggerMessage(
        1205,
        LogLevel.Warning,
        "Evidence {Location}: the clock is {Seconds} s earlier than the last record says; a record at byte {Offset} shows it"
    )]
    private partial void ClockWentBack(string location, long offset, long seconds);

    [LoggerMessage(1206, LogLevel.Information, "Evidence {Location} is closed; {Next} follows")]
    private partial void Closed(string location, string next);
}
