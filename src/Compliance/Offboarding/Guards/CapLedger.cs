using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Compliance.State;

namespace Compliance.Offboarding.Guards;

/// <summary>Reserves room under the caps on how many people are blocked.</summary>
internal interface ICapLedger
{
    /// <summary>Reserves room for a case, once; the same case again has it already.</summary>
    /// <param name="tenantId">Entra tenant id.</param>
    /// <param name="caseId">The case.</param>
    /// <param name="now">The time (UTC).</param>
    /// <param name="policy">The caps.</param>
    /// <param name="staff">How many users the tenant has; null when it could not be counted, which holds.</param>
    /// <param name="approved">True when two approvers decided: it is counted, and not held.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>Null when there is room; else why not.</returns>
    Task<Hold?> ReserveAsync(string tenantId, string caseId, DateTimeOffset now, OffboardingPolicy policy, long? staff, bool approved, CancellationToken stop);

    /// <summary>Gives back the room of a case that ended without blocking anybody.</summary>
    Task ReleaseAsync(string tenantId, string caseId, DateTimeOffset now, CancellationToken stop);
}

/// <summary>
/// Caps in table <c>caps</c>: a partition a tenant and day with a row a case and one counter row. A reservation is one transaction that adds its row and replaces the
/// counter only if nobody else did, so any number of processes together never exceed a cap. The hour slides: what was reserved in the 60 minutes before now counts.
/// </summary>
internal sealed class TableCapLedger(StateStorage storage) : ICapLedger, IDisposable
{
    /// <summary>The table.</summary>
    public const string Table = "caps";

    private const string Counter = "count";
    private const int MostAttempts = 200;

    // One at a time in this process: against itself it would only lose and try again.
    private readonly SemaphoreSlim _one = new(1);

    /// <inheritdoc/>
    public async Task<Hold?> ReserveAsync(
        string tenantId, string caseId, DateTimeOffset now, OffboardingPolicy policy, long? staff, bool approved, CancellationToken stop)
    {
        if (staff is not > 0 && !approved)
            return new(GuardNames.DayCap, "It could not be counted how many people there are, so no share of them can be allowed.");
        var table = await storage.TableAsync(Table, stop);
        var partition = Partition(tenantId, now);
        await _one.WaitAsync(stop);
        try
        {
            for (var attempt = 1; attempt <= MostAttempts; attempt++)
            {
                if ((await table.GetEntityIfExistsAsync<TableEntity>(partition, StateKeys.Safe(caseId, "a case id"), cancellationToken: stop)).HasValue)
                    return null;
                var found = await table.GetEntityIfExistsAsync<TableEntity>(partition, Counter, cancellationToken: stop);
                var times = Times(found.HasValue ? found.Value!.GetString("Times") : null);
                var before = now.AddHours(-1) < now.UtcDateTime.Date ? await YesterdayAsync(table, tenantId, now, stop) : 0;
                if (!approved && Full(times, before, now, policy, staff!.Value) is { } hold)
                    return hold;
                times.Add(now.ToUnixTimeSeconds());
                var counter = new TableEntity(partition, Counter) { ["Times"] = string.Join(' ', times.Select(t => (t - Midnight(now)).ToString(CultureInfo.InvariantCulture))) };
                var actions = new List<TableTransactionAction>
                {
                    new(TableTransactionActionType.Add, new TableEntity(partition, caseId) { ["At"] = now }),
                    found.HasValue ? new(TableTransactionActionType.UpdateReplace, counter, found.Value!.ETag) : new(TableTransactionActionType.Add, counter),
                };
                try
                {
                    await table.SubmitTransactionAsync(actions, stop);
                    return null;
                }
                catch (RequestFailedException e) when (e.Status is 409 or 412)
                {
                    // Another process was faster: look again.
                }
            }
        }
        finally
        {
            _one.Release();
        }
        return new(GuardNames.HourCap, $"Room under the caps could not be reserved in {MostAttempts} attempts, because others reserve at the same time.");

        List<long> Times(string? text) =>
            [.. (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(t => long.Parse(t, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) + Midnight(now))];
    }

    /// <inheritdoc/>
    public async Task ReleaseAsync(string tenantId, string caseId, DateTimeOffset now, CancellationToken stop)
    {
        var table = await storage.TableAsync(Table, stop);
        var partition = Partition(tenantId, now);
        await _one.WaitAsync(stop);
        try
        {
            for (var attempt = 1; attempt <= MostAttempts; attempt++)
            {
                var own = await table.GetEntityIfExistsAsync<TableEntity>(partition, StateKeys.Safe(caseId, "a case id"), cancellationToken: stop);
                var found = await table.GetEntityIfExistsAsync<TableEntity>(partition, Counter, cancellationToken: stop);
                if (!own.HasValue || !found.HasValue)
                    return;
                var at = (own.Value!.GetDateTimeOffset("At")!.Value.ToUnixTimeSeconds() - Midnight(now)).ToString(CultureInfo.InvariantCulture);
                var times = found.Value!.GetString("Times").Split(' ', StringSplitOptions.RemoveEmptyEntries).ToList();
                times.Remove(at);
                try
                {
                    await table.SubmitTransactionAsync(
                    [
                        new(TableTransactionActionType.Delete, own.Value, own.Value.ETag),
                        new(TableTransactionActionType.UpdateReplace, new TableEntity(partition, Counter) { ["Times"] = string.Join(' ', times) }, found.Value.ETag),
                    ], stop);
                    return;
                }
                catch (RequestFailedException e) when (e.Status is 404 or 409 or 412)
                {
                    // Another process was faster: look again.
                }
            }
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    /// <summary>Why there is no more room; null when there is. Pure.</summary>
    /// <param name="today">When today's were reserved, in Unix seconds.</param>
    /// <param name="lateYesterday">How many were reserved yesterday within the last hour.</param>
    /// <param name="now">The time.</param>
    /// <param name="policy">The caps.</param>
    /// <param name="staff">How many people there are.</param>
    internal static Hold? Full(IReadOnlyCollection<long> today, int lateYesterday, DateTimeOffset now, OffboardingPolicy policy, long staff)
    {
        var hourAgo = now.AddHours(-1).ToUnixTimeSeconds();
        if (today.Count(t => t > hourAgo) + lateYesterday >= policy.MostPerHour)
            return new(GuardNames.HourCap, $"{policy.MostPerHour} people were blocked within the last hour, as many as policy allows (caps.perHour).");
        var most = Math.Max(1, (long)Math.Floor(policy.MostOfStaffPerDay * staff));
        return today.Count >= most
            ? new(GuardNames.DayCap, $"{today.Count} of {staff} people were blocked today, as many as policy allows (caps.shareOfStaffPerDay).")
            : null;
    }

    private static async Task<int> YesterdayAsync(TableClient table, string tenantId, DateTimeOffset now, CancellationToken stop)
    {
        var day = now.AddDays(-1);
        var found = await table.GetEntityIfExistsAsync<TableEntity>(Partition(tenantId, day), Counter, cancellationToken: stop);
        if (!found.HasValue)
            return 0;
        var from = now.AddHours(-1).ToUnixTimeSeconds() - Midnight(day);
        return found.Value!.GetString("Times").Split(' ', StringSplitOptions.RemoveEmptyEntries).Count(t => long.Parse(t, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) > from);
    }

    private static long Midnight(DateTimeOffset now) => new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero).ToUnixTimeSeconds();

    private static string Partition(string tenantId, DateTimeOffset now) =>
        $"{StateKeys.Safe(tenantId, "a tenant id")}|{now.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture)}";
}
