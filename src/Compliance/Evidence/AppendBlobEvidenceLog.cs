using System.Globalization;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Compliance.State;
using Microsoft.Extensions.Logging;

namespace Compliance.Evidence;

/// <summary>
/// Evidence on append blobs: container <c>ledger</c>, blob <c>{tenant}/{yyyy-MM}.jsonl</c> by the record's own time (so that a retry after midnight of the
/// month's end meets its first try), then <c>{yyyy-MM}.2.jsonl</c> and so on when one is full. Every append says where it has to land; when it did not, or
/// nobody knows, the log is read on and tells. So a record is kept exactly once with any number of writers, crashes and lost answers.
/// </summary>
/// <param name="storage">The evidence account.</param>
/// <param name="logger">Told of damaged lines and of writers that met.</param>
/// <param name="mostBlocks">Appends before the next blob is begun; the service takes 50,000. Count and length are read as one, so that no append lands in a blob after it is full.</param>
internal sealed partial class AppendBlobEvidenceLog(StateStorage storage, ILogger<AppendBlobEvidenceLog> logger, int mostBlocks = 49_900) : IEvidenceLog, IDisposable
{
    /// <summary>The container.</summary>
    public const string Container = "ledger";

    // A lost race means that another writer got on; so many in a row mean that something else is wrong.
    private const int MostRaces = 200;

    // The SDK has retried each of these already.
    private const int MostFailures = 3;

    private const int MostMonthsKept = 24;

    private readonly SemaphoreSlim _oneAtATime = new(1);
    private readonly Dictionary<string, List<LedgerBlob>> _months = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The record is too long, or its tenant id cannot be part of a blob's name.</exception>
    public async Task<EvidenceReceipt> AppendAsync(EvidenceRecord record, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(record);
        var line = EvidenceLine.Of(record);
        var month = $"{StateKeys.Safe(record.TenantId, "a tenant id")}/{record.Time.UtcDateTime.ToString("yyyy-MM", CultureInfo.InvariantCulture)}";
        await _oneAtATime.WaitAsync(stop);
        var kept = false;
        try
        {
            var receipt = await AppendAsync(record.Id, line, month, stop);
            kept = true;
            return receipt;
        }
        catch (Exception e) when (e is not RequestFailedException && !(e is OperationCanceledException && stop.IsCancellationRequested))
        {
            // No answer after several tries comes as AggregateException, a time-out as a cancellation nobody asked for, a broken download as IOException.
            throw new RequestFailedException(0, $"evidence record {record.Id} is not known to be kept in {Container}/{month}.jsonl: {e.Message}", e);
        }
        finally
        {
            // Whatever is remembered of this month may be behind what is stored: read it again next time.
            if (!kept)
                _months.Remove(month);
            _oneAtATime.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _oneAtATime.Dispose();

    private async Task<EvidenceReceipt> AppendAsync(string id, byte[] line, string month, CancellationToken stop)
    {
        var failures = 0;
        for (var races = 0; ; races++)
        {
            var blobs = await ReadOnAsync(month, stop);
            if (blobs.Select(b => b.Find(id)).FirstOrDefault(r => r is not null) is { } kept)
            {
                if (kept.Sha256 != EvidenceLine.Sha256(line))
                    DifferentRecord(id, kept.Location, kept.Offset);
                return kept;
            }
            var last = blobs[^1];
            byte[] bytes = last.Torn ? [(byte)'\n', .. line, (byte)'\n'] : [.. line, (byte)'\n'];
            try
            {
                using var content = new MemoryStream(bytes, writable: false);
                var conditions = new AppendBlobRequestConditions { IfAppendPositionEqual = last.Length };
                await last.Blob.AppendBlockAsync(content, new AppendBlobAppendBlockOptions { Conditions = conditions }, stop);
                return last.Appended(id, bytes);
            }
            catch (RequestFailedException e) when (e.Status == 412 && races < MostRaces)
            {
                // Another writer was quicker, or our own first try was applied and its answer lost. Reading on tells which.
                WritersMet(id, month);
            }
            catch (Exception e) when (IsAmbiguous(e, stop) && ++failures < MostFailures)
            {
                AppendUnsure(id, month, e.Message);
            }
        }
    }

    // A server's failure or no answer at all says nothing about whether the block was written.
    private static bool IsAmbiguous(Exception e, CancellationToken stop) => e switch
    {
        RequestFailedException r => r.Status is 0 or 408 or >= 500,
        OperationCanceledException => !stop.IsCancellationRequested,
        _ => e is AggregateException or IOException or HttpRequestException,
    };

    private async Task<List<LedgerBlob>> ReadOnAsync(string month, CancellationToken stop)
    {
        var container = await storage.EvidenceContainerAsync(Container, stop);
        if (!_months.TryGetValue(month, out var blobs))
        {
            if (_months.Count >= MostMonthsKept)
                _months.Clear();
            _months[month] = blobs = [];
        }
        // Only the last can still grow; blobs after it may have been begun by others.
        for (var n = Math.Max(blobs.Count, 1); ; n++)
        {
            if (n > blobs.Count)
            {
                var name = n == 1 ? $"{month}.jsonl" : $"{month}.{n.ToString(CultureInfo.InvariantCulture)}.jsonl";
                blobs.Add(new(container.GetAppendBlobClient(name), $"{Container}/{name}"));
            }
            var blob = blobs[n - 1];
            var (exists, bad) = await blob.ReadOnAsync(stop);
            foreach (var offset in bad)
                BadLine(month, n, offset);
            if (!exists)
                await BeginAsync(blob.Blob, stop);
            if (!exists || blob.Blocks < mostBlocks)
                return blobs;
        }
    }

    private static async Task BeginAsync(AppendBlobClient blob, CancellationToken stop)
    {
        try
        {
            await blob.CreateAsync(new AppendBlobCreateOptions
            {
                HttpHeaders = new() { ContentType = "application/jsonl" },
                Conditions = new() { IfNoneMatch = ETag.All },
            }, stop);
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            // Another writer began it. If it has written as well, the append misses its place and reads on.
        }
    }

    [LoggerMessage(1200, LogLevel.Warning, "Evidence {Month} blob {Number}: the line at byte {Offset} is not a record; it is left as it is and a line feed ends it")]
    private partial void BadLine(string month, int number, long offset);

    [LoggerMessage(1201, LogLevel.Debug, "Evidence record {RecordId}: writers met in {Month}; reading on")]
    private partial void WritersMet(string recordId, string month);

    [LoggerMessage(1202, LogLevel.Warning, "Evidence record {RecordId}: no clear answer to the append in {Month} ({Reason}); looking whether it was kept")]
    private partial void AppendUnsure(string recordId, string month, string reason);

    [LoggerMessage(1203, LogLevel.Warning, "Evidence record {RecordId} was appended again with another content; the one at {Location}:{Offset} stays")]
    private partial void DifferentRecord(string recordId, string location, long offset);
}
