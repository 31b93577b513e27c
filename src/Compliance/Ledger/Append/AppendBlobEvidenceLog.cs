using Compliance.Ledger.Format;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.Ledger.Append;

/// <summary>
/// Evidence on append blobs, one log a tenant: container <c>ledger</c>, blobs <c>{tenant}/log/{yyyy-MM}-{nnnn}.jsonl</c> by the clock, so
/// that the order of their names and bytes is the order in which records were appended. Every append says where it has to land; when it did
/// not, or it is not known, the log is read on and shows. So a record is kept exactly once with any number of writers, crashes and lost
/// answers.
/// </summary>
/// <param name="storage">The evidence account. Least role: Storage Blob Data Contributor.</param>
/// <param name="time">The clock of the months and of when a record is appended.</param>
/// <param name="logger">Informed of damaged lines and of writers that met.</param>
/// <param name="options">Bounds; null for the usual ones.</param>
internal sealed class AppendBlobEvidenceLog(
    StateStorage storage,
    TimeProvider time,
    ILogger<AppendBlobEvidenceLog> logger,
    LogOptions? options = null
) : IEvidenceLog, IDisposable, IAsyncDisposable
{
    /// <summary>The container.</summary>
    public const string Container = LedgerLayout.Container;

    private readonly LogOptions _options = options ?? new();
    private readonly Dictionary<string, GroupCommit> _logs = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private bool _closed;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The record is too long or cannot be written as JSON, its tenant id cannot be part of a blob's
    /// name, its action is one of the log's own, or it names people by their own ids.</exception>
    /// <exception cref="ObjectDisposedException">The log was closed.</exception>
    public async Task<EvidenceReceipt> AppendAsync(EvidenceRecord record, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(record);
        ArgumentException.ThrowIfNullOrEmpty(record.Id);
        if (record.Action is EvidenceLine.ClosedAction or EvidenceLine.ClockBackAction)
            throw new ArgumentException($"evidence record {record.Id}: the log alone writes {record.Action}", nameof(record));
        if (record.People.Count > 0)
            throw new ArgumentException(
                $"evidence record {record.Id} names people: what is kept here is kept for ever, so they need pseudonyms first",
                nameof(record)
            );
        var tenant = StateKeys.Safe(record.TenantId, "a tenant id");
        return await LogOf(tenant).AppendAsync(new Pending(record, cancellationToken), cancellationToken);
    }

    /// <summary>Takes no more records; those taken are written, or fail when storage does not answer in time.</summary>
    public async ValueTask DisposeAsync()
    {
        GroupCommit[] logs;
        lock (_lock)
        {
            if (_closed)
                return;
            _closed = true;
            logs = [.. _logs.Values];
        }
        await Task.WhenAll(logs.Select(l => l.DisposeAsync().AsTask())).ConfigureAwait(false);
    }

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private GroupCommit LogOf(string tenant)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (!_logs.TryGetValue(tenant, out var log))
                _logs[tenant] = log = new(new LogChain(storage, tenant, _options, logger), _options, time, logger);
            return log;
        }
    }
}
