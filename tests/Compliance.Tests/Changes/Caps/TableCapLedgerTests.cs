using Azure;
using Azure.Data.Tables;
using Compliance.Changes.Caps;
using Compliance.Offboarding;
using Compliance.Offboarding.Guards;
using Testing;

namespace Compliance.Tests.Changes.Caps;

public sealed class TableCapLedgerOnAzuriteTests(AzuriteFixture accounts) : TableCapLedgerTests(accounts);

public sealed class TableCapLedgerInMemoryTests(MemoryStorageFixture accounts) : TableCapLedgerTests(accounts);

/// <summary>Places under the caps, taken by many at once, given back and lost.</summary>
public abstract class TableCapLedgerTests(StorageFixture accounts)
{
    private static readonly OffboardingPolicy Policy = new()
    {
        Sha256 = new string('a', 64),
        MaxPerHour = 10,
        MaxOfStaffPerDay = 1,
    };

    private static readonly CapLimits Ten = LeaverCaps.From(Policy, 1000);

    private static readonly CapLimits Two = Ten with { PerHour = 2 };

    private TableCapLedger Ledger() => new(Tests.Storage.Faults.Storage(accounts), LeaverCaps.Table);

    [Fact]
    public async Task Five_hundred_cases_at_once_in_four_processes_worth_of_ledgers_never_exceed_the_cap()
    {
        var now = new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
        var ledgers = Enumerable.Range(0, 4).Select(_ => Ledger()).ToList();

        var holds = await Task.WhenAll(
            Enumerable
                .Range(0, 500)
                .Select(i =>
                    ledgers[i % 4].ReserveAsync("caps-parallel", $"leaver-{i}", now, Ten, TestContext.Current.CancellationToken)
                )
        );

        Assert.Equal((10, 490), (holds.Count(h => h is null), holds.Count(h => h?.Guard == GuardNames.HourCap)));
    }

    [Fact]
    public async Task A_case_takes_one_place_the_hour_slides_and_a_released_place_is_free()
    {
        var ledger = Ledger();
        var cancellationToken = TestContext.Current.CancellationToken;
        var late = new DateTimeOffset(2026, 11, 23, 23, 50, 0, TimeSpan.Zero);

        Assert.Null(await ledger.ReserveAsync("caps-slide", "a", late, Two, cancellationToken));
        Assert.Null(await ledger.ReserveAsync("caps-slide", "a", late, Two, cancellationToken));
        Assert.Null(await ledger.ReserveAsync("caps-slide", "b", late, Two, cancellationToken));
        Assert.Equal(
            GuardNames.HourCap,
            (await ledger.ReserveAsync("caps-slide", "c", late.AddMinutes(59), Two, cancellationToken))?.Guard
        );
        Assert.Null(await ledger.ReserveAsync("caps-slide", "c", late.AddMinutes(61), Two, cancellationToken));
        await ledger.ReleaseAsync("caps-slide", "c", cancellationToken);
        Assert.Null(await ledger.ReserveAsync("caps-slide", "d", late.AddMinutes(61), Two, cancellationToken));
    }

    [Fact]
    public async Task A_place_that_is_given_back_is_free_in_every_process_and_a_full_hour_holds_in_every_process()
    {
        var (one, other, cancellationToken) = (Ledger(), Ledger(), TestContext.Current.CancellationToken);
        var now = new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
        async Task<string?> TakeAsync(TableCapLedger ledger, string leaver) =>
            (await ledger.ReserveAsync("caps-two", leaver, now, Two, cancellationToken))?.Guard;

        Assert.Null(await TakeAsync(one, "a"));
        Assert.Null(await TakeAsync(other, "b"));
        Assert.Equal(GuardNames.HourCap, await TakeAsync(one, "c"));
        // Who has a place keeps it, however full it is.
        Assert.Null(await TakeAsync(one, "a"));
        Assert.Null(await TakeAsync(other, "a"));

        await other.ReleaseAsync("caps-two", "b", cancellationToken);
        await other.ReleaseAsync("caps-two", "b", cancellationToken);
        Assert.Null(await TakeAsync(one, "c"));
        Assert.Equal(GuardNames.HourCap, await TakeAsync(other, "d"));
    }

    [Fact]
    public async Task A_full_hour_is_read_again_before_it_holds_since_another_process_may_have_given_a_place_back()
    {
        var (one, other, cancellationToken) = (Ledger(), Ledger(), TestContext.Current.CancellationToken);
        var now = new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
        foreach (var leaver in new[] { "a", "b" })
            Assert.Null(await one.ReserveAsync("caps-again", leaver, now, Two, cancellationToken));
        await other.ReleaseAsync("caps-again", "b", cancellationToken);

        Assert.Null(await one.ReserveAsync("caps-again", "c", now, Two, cancellationToken));
    }

    [Fact]
    public async Task A_place_is_given_back_though_another_process_takes_one_at_the_same_time()
    {
        var (cancellationToken, now) = (TestContext.Current.CancellationToken, new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        var (storage, faults) = Tests.Storage.Faults.On(accounts);
        using var one = new TableCapLedger(storage, LeaverCaps.Table);
        using var other = Ledger();
        Assert.Null(await one.ReserveAsync("caps-race", "a", now, Two, cancellationToken));
        faults.HoldUntil = async request =>
        {
            if (!IsTransaction($"{request.Method} {request.RequestUri!.PathAndQuery}"))
                return;
            faults.HoldUntil = _ => Task.CompletedTask;
            Assert.Null(await other.ReserveAsync("caps-race", "b", now, Two, cancellationToken));
        };

        await one.ReleaseAsync("caps-race", "a", cancellationToken);

        Assert.Null(await other.ReserveAsync("caps-race", "c", now, Two, cancellationToken));
        Assert.Equal(GuardNames.HourCap, (await other.ReserveAsync("caps-race", "d", now, Two, cancellationToken))?.Guard);
    }

    [Fact]
    public async Task Cases_of_one_process_take_their_places_one_after_the_other_with_one_write_each()
    {
        var (cancellationToken, now) = (TestContext.Current.CancellationToken, new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        var (storage, faults) = Tests.Storage.Faults.On(accounts);
        using var ledger = new TableCapLedger(storage, LeaverCaps.Table);
        faults.HoldUntil = async _ => await Task.Yield();

        await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => ledger.ReserveAsync("caps-turn", $"leaver-{i}", now, Ten, cancellationToken))
        );

        Assert.Equal(8, faults.Requests.Count(IsTransaction));
    }

    [Fact]
    public async Task A_process_that_has_taken_a_place_takes_the_next_with_one_request()
    {
        var (cancellationToken, now) = (TestContext.Current.CancellationToken, new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        var (storage, faults) = Tests.Storage.Faults.On(accounts);
        using var ledger = new TableCapLedger(storage, LeaverCaps.Table);
        await ledger.ReserveAsync("caps-one-request", "a", now, Ten, cancellationToken);
        var before = faults.Requests.Count;

        await ledger.ReserveAsync("caps-one-request", "b", now, Ten, cancellationToken);

        Assert.True(IsTransaction(Assert.Single(faults.Requests.Skip(before))));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_place_records_whether_people_approved_it(bool approved)
    {
        var (cancellationToken, now) = (TestContext.Current.CancellationToken, new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        var (tenant, storage) = (approved ? "caps-by-people" : "caps-by-rule", Tests.Storage.Faults.Storage(accounts));
        using var ledger = new TableCapLedger(storage, LeaverCaps.Table);

        if (approved)
            await ledger.CountApprovedAsync(tenant, "a", now, cancellationToken);
        else
            await ledger.ReserveAsync(tenant, "a", now, Ten, cancellationToken);

        var table = await storage.TableAsync(LeaverCaps.Table, cancellationToken);
        Assert.Equal(
            approved,
            (await table.GetEntityAsync<TableEntity>(tenant, "case-a", cancellationToken: cancellationToken)).Value["Approved"]
        );
    }

    [Fact]
    public async Task A_counter_that_is_gone_is_counted_from_the_beginning_and_does_not_keep_the_next_from_being_blocked()
    {
        var (cancellationToken, now) = (TestContext.Current.CancellationToken, new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        var storage = Tests.Storage.Faults.Storage(accounts);
        using var ledger = new TableCapLedger(storage, LeaverCaps.Table);
        Assert.Null(await ledger.ReserveAsync("caps-gone", "a", now, Ten, cancellationToken));
        var table = await storage.TableAsync(LeaverCaps.Table, cancellationToken);
        await table.DeleteEntityAsync("caps-gone", "counter", ETag.All, cancellationToken);

        Assert.Null(await ledger.ReserveAsync("caps-gone", "b", now, Ten, cancellationToken));
    }

    private static bool IsTransaction(string request) =>
        request.StartsWith("POST ", StringComparison.Ordinal) && request.Contains("$batch", StringComparison.Ordinal);

    [Fact]
    public async Task A_place_that_people_approved_counts_above_the_cap_and_once()
    {
        var (ledger, cancellationToken) = (Ledger(), TestContext.Current.CancellationToken);
        var now = new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

        await ledger.CountApprovedAsync("caps-approved", "a", now, cancellationToken);
        await ledger.CountApprovedAsync("caps-approved", "a", now, cancellationToken);
        Assert.Null(await ledger.ReserveAsync("caps-approved", "b", now, Two, cancellationToken));
        await ledger.CountApprovedAsync("caps-approved", "c", now, cancellationToken);
        await ledger.ReleaseAsync("caps-approved", "b", cancellationToken);

        Assert.Equal(GuardNames.HourCap, (await ledger.ReserveAsync("caps-approved", "d", now, Two, cancellationToken))?.Guard);
    }

    [Theory]
    [InlineData(null, 0.05, 0)]
    [InlineData(0L, 0.05, 0)]
    [InlineData(10L, 0.05, 1)]
    [InlineData(40L, 0.05, 2)]
    [InlineData(59L, 0.05, 2)]
    public async Task The_share_of_staff_in_a_day_is_kept_and_an_unknown_number_holds(long? staff, double share, int allowed)
    {
        var ledger = Ledger();
        var limits = LeaverCaps.From(Policy with { MaxOfStaffPerDay = share }, staff);
        var now = new DateTimeOffset(2026, 11, 23, 1, 0, 0, TimeSpan.Zero);
        var taken = 0;
        for (var i = 0; i < 5; i++)
            if (
                await ledger.ReserveAsync(
                    $"caps-day-{staff}",
                    $"leaver-{i}",
                    now.AddHours(2 * i),
                    limits,
                    TestContext.Current.CancellationToken
                )
                is null
            )
                taken++;

        Assert.Equal(allowed, taken);
    }
}
