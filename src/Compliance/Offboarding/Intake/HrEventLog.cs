using Azure;
using Azure.Data.Tables;
using Compliance.Plans;
using Compliance.State;

namespace Compliance.Offboarding.Intake;

/// <summary>What is remembered of an HR event: no person, only hashes.</summary>
/// <param name="Key">SHA-256 over CloudEvents <c>source</c> and <c>id</c>, lower-case hex: names the event.</param>
/// <param name="ContentSha256">SHA-256 over what it said, lower-case hex.</param>
/// <param name="ReceivedAt">When it first arrived (UTC).</param>
/// <param name="Trigger">What brought it first.</param>
/// <param name="CorrelationId">Of its first arrival.</param>
internal sealed record KnownHrEvent(string Key, string ContentSha256, DateTimeOffset ReceivedAt, string Trigger, string CorrelationId);

/// <summary>
/// Which HR events there have been, in table <c>hrevents</c>: partition key tenant, row key the event's key. Kept for 400 days, longer than an event's date may lie in
/// the past, so that a repeat is always known. Storage Table Data Contributor.
/// </summary>
internal sealed class HrEventLog(StateStorage storage)
{
    /// <summary>The table.</summary>
    public const string Table = "hrevents";

    /// <summary>How long events are kept.</summary>
    public static TimeSpan KeptFor { get; } = TimeSpan.FromDays(400);

    /// <summary>The key of an event.</summary>
    public static string KeyOf(string source, string id) => CanonicalJson.Sha256Of(new { source, id });

    /// <summary>SHA-256 over what an event says, lower-case hex.</summary>
    public static string ContentOf(HrEvent @event) => CanonicalJson.Sha256Of(@event);

    /// <summary>Remembers the event; of several with one key the first stays.</summary>
    /// <returns>The event as it first arrived.</returns>
    public async Task<KnownHrEvent> RememberAsync(string tenantId, HrEvent @event, string trigger, string correlationId, DateTimeOffset now, CancellationToken stop)
    {
        var table = await storage.TableAsync(Table, stop);
        var fresh = new KnownHrEvent(KeyOf(@event.Source, @event.Id), ContentOf(@event), now, trigger, correlationId);
        try
        {
            await table.AddEntityAsync(new TableEntity(PartitionOf(tenantId), fresh.Key)
            {
                [nameof(KnownHrEvent.ContentSha256)] = fresh.ContentSha256,
                [nameof(KnownHrEvent.ReceivedAt)] = now,
                [nameof(KnownHrEvent.Trigger)] = trigger,
                [nameof(KnownHrEvent.CorrelationId)] = correlationId,
            }, stop);
            return fresh;
        }
        catch (RequestFailedException e) when (e.Status == 409)
        {
            // Known, or our own first try was kept and its answer lost.
            return await FindAsync(tenantId, fresh.Key, stop) ?? fresh;
        }
    }

    /// <summary>The event; null when it was never taken in, or too long ago.</summary>
    public async Task<KnownHrEvent?> FindAsync(string tenantId, string key, CancellationToken stop)
    {
        var table = await storage.TableAsync(Table, stop);
        var row = await table.GetEntityIfExistsAsync<TableEntity>(PartitionOf(tenantId), key, cancellationToken: stop);
        return row is not { HasValue: true, Value: { } value } ? null : new(
            key, Text(value, nameof(KnownHrEvent.ContentSha256)), Time(value, nameof(KnownHrEvent.ReceivedAt)), Text(value, nameof(KnownHrEvent.Trigger)),
            Text(value, nameof(KnownHrEvent.CorrelationId)));
    }

    /// <summary>Forgets events that are older than <see cref="KeptFor"/>.</summary>
    /// <returns>How many.</returns>
    public async Task<int> ForgetAsync(string tenantId, DateTimeOffset now, CancellationToken stop)
    {
        var table = await storage.TableAsync(Table, stop);
        var old = TableClient.CreateQueryFilter($"PartitionKey eq {PartitionOf(tenantId)} and ReceivedAt lt {now - KeptFor}");
        var forgotten = 0;
        await foreach (var row in table.QueryAsync<TableEntity>(old, select: ["PartitionKey", "RowKey"], cancellationToken: stop))
        {
            await table.DeleteEntityAsync(row.PartitionKey, row.RowKey, ETag.All, stop);
            forgotten++;
        }
        return forgotten;
    }

    /// <summary>When an event of HR last arrived; null when none is kept.</summary>
    public async Task<DateTimeOffset?> LastArrivalAsync(string tenantId, CancellationToken stop)
    {
        var table = await storage.TableAsync(Table, stop);
        DateTimeOffset? last = null;
        await foreach (var row in table.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"PartitionKey eq {PartitionOf(tenantId)}"), select: [nameof(KnownHrEvent.ReceivedAt)], cancellationToken: stop))
            if (row.GetDateTimeOffset(nameof(KnownHrEvent.ReceivedAt)) is { } at && !(at <= last))
                last = at;
        return last;
    }

    private static string Text(TableEntity row, string column) => row.GetString(column) ?? throw Bad(row, column);

    private static DateTimeOffset Time(TableEntity row, string column) => row.GetDateTimeOffset(column) ?? throw Bad(row, column);

    private static InvalidDataException Bad(TableEntity row, string column) =>
        new($"table {Table}, row {row.PartitionKey} / {row.RowKey}: column {column} is missing or is not what this app writes");

    private static string PartitionOf(string tenantId) => StateKeys.Safe(tenantId, "a tenant id");
}
