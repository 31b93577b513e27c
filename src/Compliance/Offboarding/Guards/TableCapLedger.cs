using System.Collections.Concurrent;
using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Compliance.Storage;

namespace Compliance.Offboarding.Guards;

/// <summary>
/// Table <c>leavercaps</c>: one partition a tenant with the row <c>counter</c> and a row <c>case-…</c> for each place taken, both written in one transaction
/// held to the counter's ETag. So no number of cases, processes or machines takes more places than there are.
/// </summary>
/// <remarks>
/// One partition a tenant, not one a day: the sliding hour reaches over midnight, and one transaction spans one partition. Inside a process one case at a
/// time asks, with the counter remembered from the last answer: a place taken is one request, and lost races come from other processes only.
/// </remarks>
internal sealed class TableCapLedger(StateStorage storage) : ICapLedger, IDisposable
{
    /// <summary>The table.</summary>
    public const string Table = "leavercaps";

    // Each lost race means that another process took a place.
    private const int MostRaces = 1000;

    private const string CounterRow = "counter";
    private const string Day = "Day";
    private const string OfDay = "OfDay";
    private const string Recent = "Recent";
    private const string TakenAt = "TakenAt";
    private const string Approved = "Approved";

    private readonly SemaphoreSlim _oneAtATime = new(1);
    private readonly ConcurrentDictionary<string, Kept> _counters = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public Task<Hold?> ReserveAsync(string tenantId, string caseId, DateTimeOffset now, OffboardingPolicy policy, long? staff, CancellationToken stop) =>
        InTurnAsync(tenantId, caseId, (table, at) => TakeAsync(table, at, now, c => c.Check(now, policy, staff), approved: false, stop), stop);

    /// <inheritdoc/>
    public Task CountApprovedAsync(string tenantId, string caseId, DateTimeOffset now, CancellationToken stop) =>
        InTurnAsync(tenantId, caseId, (table, at) => TakeAsync(table, at, now, _ => null, approved: true, stop), stop);

    /// <inheritdoc/>
    public Task ReleaseAsync(string tenantId, string caseId, CancellationToken stop) => InTurnAsync(tenantId, caseId, async (table, at) =>
    {
        for (var race = 1; ; race++)
        {
            if (await PlaceAsync(table, at, stop) is not { } place)
                return null;
            var kept = await ReadAsync(table, at.Tenant, stop);
            var counter = kept.Counter.Released(place.GetDateTimeOffset(TakenAt) ?? DateTimeOffset.MinValue);
            try
            {
                await table.SubmitTransactionAsync([Write(at.Tenant, kept, counter), new(TableTransactionActionType.Delete, place, place.ETag)], stop);
                return null;
            }
            catch (RequestFailedException e) when (e.Status is 404 or 409 or 412 && race < MostRaces)
            {
                // Somebody else counted or released: look again.
            }
        }
    }, stop);

    /// <inheritdoc/>
    public void Dispose() => _oneAtATime.Dispose();

    private async Task<Hold?> InTurnAsync(string tenantId, string caseId, Func<TableClient, Place, Task<Hold?>> act, CancellationToken stop)
    {
        var at = new Place(StateKeys.Safe(tenantId, "a tenant id"), $"case-{StateKeys.Safe(caseId, "a case's id")}");
        var table = await storage.TableAsync(Table, stop);
        await _oneAtATime.WaitAsync(stop);
        var done = false;
        try
        {
            var hold = await act(table, at);
            done = true;
            return hold;
        }
        finally
        {
            // After a failure nobody knows what is stored.
            if (!done)
                _counters.TryRemove(at.Tenant, out _);
            _oneAtATime.Release();
        }
    }

    private async Task<Hold?> TakeAsync(TableClient table, Place at, DateTimeOffset now, Func<CapCounter, Hold?> check, bool approved, CancellationToken stop)
    {
        for (var race = 1; ; race++)
        {
            // What is remembered may lack what others gave back, so that only a fresh read says no; and the transaction says whether a yes still holds.
            var fresh = !_counters.TryGetValue(at.Tenant, out var kept);
            kept ??= await ReadAsync(table, at.Tenant, stop);
            if (check(kept.Counter) is { } hold)
            {
                if (fresh)
                    return await PlaceAsync(table, at, stop) is null ? hold : null;
                _counters.TryRemove(at.Tenant, out _);
                continue;
            }
            var counter = kept.Counter.Taken(now);
            var place = new TableEntity(at.Tenant, at.Row) { [TakenAt] = now, [Approved] = approved };
            try
            {
                var answers = await table.SubmitTransactionAsync([Write(at.Tenant, kept, counter), new(TableTransactionActionType.Add, place)], stop);
                if (answers.Value[0].Headers.ETag is { } tag)
                    _counters[at.Tenant] = new(counter, tag);
                else
                    _counters.TryRemove(at.Tenant, out _);
                return null;
            }
            catch (RequestFailedException e) when (e.Status is 404 or 409 or 412 && race < MostRaces)
            {
                _counters.TryRemove(at.Tenant, out _);
                // Taken before, or just now with the answer lost on its way.
                if (await PlaceAsync(table, at, stop) is not null)
                    return null;
            }
        }
    }

    private static async Task<TableEntity?> PlaceAsync(TableClient table, Place at, CancellationToken stop) =>
        await table.GetEntityIfExistsAsync<TableEntity>(at.Tenant, at.Row, cancellationToken: stop) is { HasValue: true } row ? row.Value : null;

    private static async Task<Kept> ReadAsync(TableClient table, string tenant, CancellationToken stop)
    {
        if (await table.GetEntityIfExistsAsync<TableEntity>(tenant, CounterRow, cancellationToken: stop) is not { HasValue: true, Value: { } row })
            return new(CapCounter.None, null);
        // A counter that cannot be read is no empty counter: the exception holds the case.
        var day = DateOnly.ParseExact(row.GetString(Day), "yyyy-MM-dd", CultureInfo.InvariantCulture);
        return new(new CapCounter(day, row.GetInt32(OfDay)!.Value, CapCounter.Unpacked(row.GetBinary(Recent))), row.ETag);
    }

    private static TableTransactionAction Write(string tenant, Kept kept, CapCounter counter)
    {
        var row = new TableEntity(tenant, CounterRow)
        {
            [Day] = counter.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            [OfDay] = counter.OfDay,
            [Recent] = counter.Packed(),
        };
        return kept.Tag is { } tag ? new(TableTransactionActionType.UpdateReplace, row, tag) : new(TableTransactionActionType.Add, row);
    }

    private sealed record Kept(CapCounter Counter, ETag? Tag);

    private sealed record Place(string Tenant, string Row);
}
