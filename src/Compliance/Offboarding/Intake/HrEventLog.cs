using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Compliance.Offboarding.Cases;
using Compliance.Storage;

namespace Compliance.Offboarding.Intake;

/// <summary>An event that was taken in. It names nobody: ids are hashes.</summary>
/// <param name="Key">See <see cref="HrEventKeys"/>.</param>
/// <param name="CaseId">The case it belongs to.</param>
/// <param name="Digest">SHA-256 over the event's canonical JSON: another event under the same id is distinguished.</param>
/// <param name="Sequence">Its sequence.</param>
/// <param name="Kind">What it said.</param>
/// <param name="ReceivedAt">When it first arrived (UTC).</param>
/// <param name="Trigger">How it first arrived.</param>
/// <param name="CorrelationId">Joins it with logs and traces.</param>
/// <param name="Recorded">True once its evidence record is kept.</param>
/// <param name="PolicySha256">The policy in force when it first arrived; null when it could not be used, and for rows of an earlier
/// version.</param>
internal sealed record TakenEvent(
    string Key,
    string CaseId,
    string Digest,
    long Sequence,
    HrEventKind Kind,
    DateTimeOffset ReceivedAt,
    string Trigger,
    string CorrelationId,
    bool Recorded,
    string? PolicySha256 = null
);

/// <summary>
/// The events that arrived, in table <c>hrevents</c>: one partition a tenant, one row an event, kept for 400 days. Storage Table Data
/// Contributor.
/// </summary>
internal sealed class HrEventLog(StateStorage storage)
{
    /// <summary>The table.</summary>
    public const string Table = "hrevents";

    /// <summary>How long a repeat is known.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(400);

    /// <summary>Notes an event; gives the row that is there when it was noted before.</summary>
    public async Task<TakenEvent> NoteAsync(string tenantId, TakenEvent arrived, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var row = Row(tenantId, arrived);
        try
        {
            await table.AddEntityAsync(row, cancellationToken);
            return arrived;
        }
        catch (RequestFailedException e) when (e.Status == 409)
        {
            // Noted before, or our own first try was applied and its answer lost.
            return Read(await table.GetEntityAsync<TableEntity>(row.PartitionKey, row.RowKey, cancellationToken: cancellationToken));
        }
    }

    /// <summary>The event with a key; null when it never arrived.</summary>
    public async Task<TakenEvent?> FindAsync(string tenantId, string key, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var row = await table.GetEntityIfExistsAsync<TableEntity>(
            Partition(tenantId),
            StateKeys.Safe(key, "an event's key"),
            cancellationToken: cancellationToken
        );
        return row.HasValue ? Read(row.Value!) : null;
    }

    /// <summary>Notes that the event's evidence is kept.</summary>
    public Task RecordedAsync(string tenantId, string key, CancellationToken cancellationToken) =>
        MergeAsync(tenantId, key, nameof(TakenEvent.Recorded), true, cancellationToken);

    /// <summary>Notes that the event belongs to another case than its employment's own.</summary>
    public Task JoinAsync(string tenantId, string key, string caseId, CancellationToken cancellationToken) =>
        MergeAsync(tenantId, key, nameof(TakenEvent.CaseId), caseId, cancellationToken);

    private async Task MergeAsync(string tenantId, string key, string name, object value, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var row = new TableEntity(Partition(tenantId), StateKeys.Safe(key, "an event's key")) { [name] = value };
        try
        {
            await table.UpdateEntityAsync(row, ETag.All, TableUpdateMode.Merge, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Too old to be kept, so there is nothing to note any more.
        }
    }

    /// <summary>Events whose evidence is not known to be kept and that arrived before a time.</summary>
    public async Task<IReadOnlyList<TakenEvent>> UnrecordedAsync(
        string tenantId,
        DateTimeOffset before,
        CancellationToken cancellationToken
    )
    {
        var tenant = Partition(tenantId);
        var outstanding = await QueryAsync(
            TableClient.CreateQueryFilter($"PartitionKey eq {tenant} and Recorded eq {false}"),
            cancellationToken
        );
        return [.. outstanding.Where(e => e.ReceivedAt <= before)];
    }

    /// <summary>When the latest event arrived; null when none is kept. It reads what arrived within ten times that long at most.</summary>
    public async Task<DateTimeOffset?> LatestAsync(string tenantId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var tenant = Partition(tenantId);
        for (var within = TimeSpan.FromDays(1); within < Kept * 10; within *= 10)
        {
            var since = Text(now - within);
            var found = await QueryAsync(
                TableClient.CreateQueryFilter($"PartitionKey eq {tenant} and ReceivedAt ge {since}"),
                cancellationToken
            );
            if (found.Count > 0)
                return found.Max(e => e.ReceivedAt);
        }
        return null;
    }

    /// <summary>Forgets events that arrived longer ago than they are kept for; those whose evidence is outstanding stay.</summary>
    public async Task ForgetAsync(string tenantId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (tenant, before) = (Partition(tenantId), Text(now - Kept));
        var table = await storage.TableAsync(Table, cancellationToken);
        foreach (
            var old in await QueryAsync(
                TableClient.CreateQueryFilter($"PartitionKey eq {tenant} and ReceivedAt lt {before} and Recorded eq {true}"),
                cancellationToken
            )
        )
            await table.DeleteEntityAsync(tenant, old.Key, ETag.All, cancellationToken);
    }

    private async Task<List<TakenEvent>> QueryAsync(string filter, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var found = new List<TakenEvent>();
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
            found.Add(Read(row));
        return found;
    }

    private static string Partition(string tenantId) => StateKeys.Safe(tenantId, "a tenant id");

    private static TableEntity Row(string tenantId, TakenEvent arrived) =>
        new(Partition(tenantId), StateKeys.Safe(arrived.Key, "an event's key"))
        {
            [nameof(TakenEvent.CaseId)] = arrived.CaseId,
            [nameof(TakenEvent.Digest)] = arrived.Digest,
            [nameof(TakenEvent.Sequence)] = arrived.Sequence,
            [nameof(TakenEvent.Kind)] = arrived.Kind.ToString(),
            [nameof(TakenEvent.ReceivedAt)] = Text(arrived.ReceivedAt),
            [nameof(TakenEvent.Trigger)] = arrived.Trigger,
            [nameof(TakenEvent.CorrelationId)] = arrived.CorrelationId,
            [nameof(TakenEvent.Recorded)] = arrived.Recorded,
            [nameof(TakenEvent.PolicySha256)] = arrived.PolicySha256,
        };

    private static TakenEvent Read(TableEntity row) =>
        new(
            row.RowKey,
            row.GetString(nameof(TakenEvent.CaseId)),
            row.GetString(nameof(TakenEvent.Digest)),
            row.GetInt64(nameof(TakenEvent.Sequence)) ?? 0,
            Enum.Parse<HrEventKind>(row.GetString(nameof(TakenEvent.Kind))),
            DateTimeOffset.ParseExact(
                row.GetString(nameof(TakenEvent.ReceivedAt)),
                "O",
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal
            ),
            row.GetString(nameof(TakenEvent.Trigger)),
            row.GetString(nameof(TakenEvent.CorrelationId)),
            row.GetBoolean(nameof(TakenEvent.Recorded)) ?? false,
            row.GetString(nameof(TakenEvent.PolicySha256))
        );

    // Text, so that it sorts and comes back to the tick.
    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
