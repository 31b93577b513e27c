using System.Collections.Concurrent;
using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Compliance.Changes.Guards;
using Compliance.Storage;

namespace Compliance.Changes.Caps;

/// <summary>
/// Counts acts before they are done, so that a faulty source of them is stopped: one table for each kind of act, in it one partition a
/// tenant with the row <c>counter</c> and a row <c>case-…</c> for each place taken, both written in one transaction held to the counter's
/// ETag. So no number of cases, processes or machines takes more places than there are.
/// </summary>
/// <remarks>
/// One partition a tenant, not one a day: the sliding hour reaches over midnight, and one transaction spans one partition. Inside a process
/// one case at a time asks, with the counter remembered from the last answer: a place taken is one request, and lost races come from other
/// processes only.
/// </remarks>
internal sealed class TableCapLedger(StateStorage storage, string tableName) : IDisposable
{
    private const int MaxRaces = 1000;

    private const string CounterRow = "counter";
    private const string Day = "Day";
    private const string OfDay = "OfDay";
    private const string Recent = "Recent";
    private const string TakenAt = "TakenAt";
    private const string Approved = "Approved";

    private readonly SemaphoreSlim _oneAtATime = new(1);
    private readonly ConcurrentDictionary<string, Kept> _counters = new(StringComparer.Ordinal);

    /// <summary>
    /// Takes a place; null when there was one, or the case has one already. Else the reason to hold, and nothing was taken.
    /// </summary>
    /// <param name="tenantId">Entra tenant id.</param>
    /// <param name="caseId">The case (of one round): it takes one place however often it asks.</param>
    /// <param name="now">When (UTC). The hour is the 60 minutes before it, so that the turn of a clock hour gives no second allowance; the
    /// day is the UTC day.</param>
    /// <param name="limits">How many places there are.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <exception cref="Azure.RequestFailedException">Storage failed: whether a place was taken is not known. Ask again.</exception>
    public Task<Hold?> ReserveAsync(
        string tenantId,
        string caseId,
        DateTimeOffset now,
        CapLimits limits,
        CancellationToken cancellationToken
    ) =>
        InTurnAsync(
            tenantId,
            caseId,
            (table, at) => TakeAsync(table, at, now, c => c.Check(now, limits), approved: false, cancellationToken),
            cancellationToken
        );

    /// <summary>
    /// Counts a case that two people approved although a cap, or another guard, held it: it takes a place from those who come later.
    /// </summary>
    /// <inheritdoc cref="ReserveAsync" path="/exception"/>
    public Task CountApprovedAsync(string tenantId, string caseId, DateTimeOffset now, CancellationToken cancellationToken) =>
        InTurnAsync(
            tenantId,
            caseId,
            (table, at) => TakeAsync(table, at, now, _ => null, approved: true, cancellationToken),
            cancellationToken
        );

    /// <summary>Gives the place back of a case that ended before its act. Nothing happens when it has none.</summary>
    /// <exception cref="Azure.RequestFailedException">Storage failed. Repeat it.</exception>
    public Task ReleaseAsync(string tenantId, string caseId, CancellationToken cancellationToken) =>
        InTurnAsync(
            tenantId,
            caseId,
            async (table, at) =>
            {
                await CompareAndSet.RunAsync(
                    MaxRaces,
                    async _ =>
                    {
                        if (await PlaceAsync(table, at, cancellationToken) is not { } place)
                            return null;
                        var kept = await ReadAsync(table, at.Tenant, cancellationToken);
                        var counter = kept.Counter.Released(place.GetDateTimeOffset(TakenAt) ?? DateTimeOffset.MinValue);
                        return () =>
                            table.SubmitTransactionAsync(
                                [Write(at.Tenant, kept, counter), new(TableTransactionActionType.Delete, place, place.ETag)],
                                cancellationToken
                            );
                    }
                );
                return null;
            },
            cancellationToken
        );

    /// <inheritdoc/>
    public void Dispose() => _oneAtATime.Dispose();

    private async Task<Hold?> InTurnAsync(
        string tenantId,
        string caseId,
        Func<TableClient, Place, Task<Hold?>> act,
        CancellationToken cancellationToken
    )
    {
        var at = new Place(StateKeys.Safe(tenantId, "a tenant id"), $"case-{StateKeys.Safe(caseId, "a case's id")}");
        var table = await storage.TableAsync(tableName, cancellationToken);
        await _oneAtATime.WaitAsync(cancellationToken);
        var done = false;
        try
        {
            var hold = await act(table, at);
            done = true;
            return hold;
        }
        finally
        {
            // After a failure it is unknown what is stored.
            if (!done)
                _counters.TryRemove(at.Tenant, out _);
            _oneAtATime.Release();
        }
    }

    private async Task<Hold?> TakeAsync(
        TableClient table,
        Place at,
        DateTimeOffset now,
        Func<CapCounter, Hold?> check,
        bool approved,
        CancellationToken cancellationToken
    )
    {
        Hold? hold = null;
        await CompareAndSet.RunAsync(
            MaxRaces,
            async races =>
            {
                if (races > 0)
                {
                    _counters.TryRemove(at.Tenant, out _);
                    // Taken before, or just now with the answer lost on its way.
                    if (await PlaceAsync(table, at, cancellationToken) is not null)
                        return null;
                }
                var (kept, held) = await CheckAsync(table, at.Tenant, check, cancellationToken);
                if (held is null)
                    return () => AddAsync(table, at, kept, now, approved, cancellationToken);
                hold = await PlaceAsync(table, at, cancellationToken) is null ? held : null;
                return null;
            }
        );
        return hold;
    }

    // What is remembered may lack what others gave back, so that only a fresh read holds; and the transaction shows whether there is still
    // room.
    private async Task<(Kept Kept, Hold? Hold)> CheckAsync(
        TableClient table,
        string tenant,
        Func<CapCounter, Hold?> check,
        CancellationToken cancellationToken
    )
    {
        if (_counters.TryGetValue(tenant, out var remembered) && check(remembered.Counter) is null)
            return (remembered, null);
        _counters.TryRemove(tenant, out _);
        var stored = await ReadAsync(table, tenant, cancellationToken);
        return (stored, check(stored.Counter));
    }

    private async Task AddAsync(
        TableClient table,
        Place at,
        Kept kept,
        DateTimeOffset now,
        bool approved,
        CancellationToken cancellationToken
    )
    {
        var counter = kept.Counter.Taken(now);
        var place = new TableEntity(at.Tenant, at.Row) { [TakenAt] = now, [Approved] = approved };
        var answers = await table.SubmitTransactionAsync(
            [Write(at.Tenant, kept, counter), new(TableTransactionActionType.Add, place)],
            cancellationToken
        );
        if (answers.Value[0].Headers.ETag is { } tag)
            _counters[at.Tenant] = new(counter, tag);
        else
            _counters.TryRemove(at.Tenant, out _);
    }

    private static Task<TableEntity?> PlaceAsync(TableClient table, Place at, CancellationToken cancellationToken) =>
        table.FindRowAsync(at.Tenant, at.Row, cancellationToken);

    private static async Task<Kept> ReadAsync(TableClient table, string tenant, CancellationToken cancellationToken)
    {
        if (await table.FindRowAsync(tenant, CounterRow, cancellationToken) is not { } row)
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
