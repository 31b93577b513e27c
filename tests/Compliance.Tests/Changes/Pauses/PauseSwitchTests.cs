using System.Net;
using Azure;
using Compliance.Callers;
using Compliance.Changes.Approvals;
using Compliance.Changes.Pauses;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Storage;
using Compliance.Tenants;
using Compliance.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace Compliance.Tests.Changes.Pauses;

public sealed class PauseSwitchOnAzuriteTests(AzuriteFixture accounts) : PauseSwitchTests(accounts);

public sealed class PauseSwitchInMemoryTests(MemoryStorageFixture accounts) : PauseSwitchTests(accounts);

/// <summary>The pause of acts on real tables: who holds them, what is asked, and who lets them continue.</summary>
public abstract class PauseSwitchTests(StorageFixture accounts)
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static int _tenants;

    private readonly string _tenant = $"pause-{Environment.ProcessId}-{Interlocked.Increment(ref _tenants)}";
    private readonly KeptEvidence _evidence = new();
    private readonly FakeTimeProvider _time = new(At);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // As another process has them: nothing is remembered between two calls.
    private StateStorage Storage => Faults.Storage(accounts);

    private ApprovalBoard Board => new(Storage, _evidence);

    private TablePause Pause => new(new TenantId(_tenant), Storage, _time, NullLogger<TablePause>.Instance);

    private PauseSwitch Switch => new(new TenantId(_tenant), Pause, Board, new(new TableFindingStore(Storage)), _evidence, _time);

    // By the number of the pause: what is held, and whether blocking is.
    private async Task<string> HeldAsync()
    {
        var (acts, blocking) = (await Pause.HoldingAsync(isBlocking: false, Stop), await Pause.HoldingAsync(isBlocking: true, Stop));
        return $"{acts?.Pause.Number} {blocking?.Pause.Number}";
    }

    private async Task<PauseView> PausedAsync(string reason = "a bad policy", bool blocking = false, string by = "ann") =>
        await Switch.PauseAsync(reason, blocking, by, Stop);

    private async Task<AnswerOutcome> AnswerAsync(PauseView asked, string by, bool approve = true)
    {
        var outcome = await Board.AnswerAsync(
            _tenant,
            asked.RequestId!,
            asked.PlanId!,
            new CallerIdentity(by, _tenant, null, true, [AppRole.Approver]),
            approve,
            null,
            _time.GetUtcNow(),
            Stop
        );
        await Switch.SettleAsync(Stop);
        return outcome;
    }

    private async Task<IReadOnlyList<Finding>> FindingsAsync() =>
        [
            .. (await new TableFindingStore(Storage).LoadAsync(_tenant, [PauseControls.Paused], Stop)).Values.Select(f => f.Finding),
        ];

    private string[] Recorded() =>
        [.. _evidence.Records.Values.Select(r => $"{r.Action} {r.Counts.GetValueOrDefault("pause")}").Order(StringComparer.Ordinal)];

    [Fact]
    public async Task Without_a_pause_nothing_is_held_nothing_is_found_and_nothing_is_recorded()
    {
        await Switch.SettleAsync(Stop);

        Assert.Equal(new PauseView(false, 0), await Switch.ShowAsync(Stop));
        Assert.Equal(" ", await HeldAsync());
        Assert.Empty(await FindingsAsync());
        Assert.Empty(_evidence.Records);
    }

    [Fact]
    public async Task A_pause_holds_all_but_blocking_and_is_a_finding_and_on_record_at_once()
    {
        var view = await PausedAsync();

        Assert.Equal(new PauseView(true, 1, "ann", At, "a bad policy"), view);
        Assert.Equal("1 ", await HeldAsync());
        var found = Assert.Single(await FindingsAsync());
        Assert.Equal((FindingStatus.Open, Severity.High, At), (found.Status, found.Detection.Severity, found.Detection.Since));
        Texts.Changes.Expect("acts are paused", [found.Detection.Reason, found.Detection.NextStep]);
        var record = Assert.Single(_evidence.Records.Values);
        Assert.Equal(
            ("changes.pause", "administrator ann", "held", "blocking-continues", At),
            (record.Action, record.Actor, record.Outcome, record.Reason, record.Time)
        );
        Assert.Equal(["RUN-003"], record.Controls);
        Assert.Equal(["ann"], record.People);
    }

    [Fact]
    public async Task A_pause_of_blocking_too_is_critical()
    {
        await PausedAsync(blocking: true);

        Assert.Equal("1 1", await HeldAsync());
        Assert.Equal(Severity.Critical, Assert.Single(await FindingsAsync()).Detection.Severity);
        Assert.Equal("blocking-is-held", Assert.Single(_evidence.Records.Values).Reason);
    }

    [Fact]
    public async Task Two_people_other_than_who_asked_resume_and_one_does_nothing()
    {
        await PausedAsync();
        var asked = (await Switch.AskToResumeAsync("bob", Stop))!;
        Assert.Equal(("resume-1-1", true), (asked.RequestId, asked.Paused));

        Texts.Changes.Expect("an answer of who asked", (await AnswerAsync(asked, "bob")).Objection);
        Assert.Null((await AnswerAsync(asked, "cyd")).Objection);
        await AnswerAsync(asked, "cyd");
        Assert.Equal("1 ", await HeldAsync());
        // Who paused may be one of the two.
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null((await AnswerAsync(asked, "ann")).Objection);

        Assert.Equal(" ", await HeldAsync());
        Assert.Equal(new PauseView(false, 1), await Switch.ShowAsync(Stop));
        Assert.Equal(FindingStatus.Resolved, Assert.Single(await FindingsAsync()).Status);
        Assert.Equal(
            ["approval.answer 0", "approval.answer 0", "changes.pause 1", "changes.resume 1", "changes.resume.asked 1"],
            Recorded()
        );
        var resumed = _evidence.Records.Values.Single(r => r.Action == "changes.resume");
        Assert.Equal(
            ("approvers cyd, ann", "complete", At.AddMinutes(1), asked.PlanId),
            (resumed.Actor, resumed.Outcome, resumed.Time, resumed.PlanId)
        );
        Assert.All(_evidence.Records.Values, r => Assert.Equal(["RUN-003"], r.Controls));
        Assert.All(_evidence.Records.Values, r => Assert.Null(r.Subject));
    }

    [Fact]
    public async Task Asked_again_it_is_the_same_question_and_where_nothing_is_paused_there_is_none()
    {
        Assert.Null(await Switch.AskToResumeAsync("bob", Stop));
        await PausedAsync();
        var first = await Switch.AskToResumeAsync("bob", Stop);
        await AnswerAsync(first!, "cyd");

        Assert.Equal(first, await Switch.AskToResumeAsync("dee", Stop));
        Assert.Null((await AnswerAsync(first!, "dee")).Objection);
        Assert.Equal(" ", await HeldAsync());
        Assert.Null(await Switch.AskToResumeAsync("bob", Stop));
    }

    [Fact]
    public async Task A_refusal_keeps_acts_held_and_a_later_question_is_another()
    {
        await PausedAsync();
        var first = (await Switch.AskToResumeAsync("bob", Stop))!;
        await AnswerAsync(first, "cyd");
        await AnswerAsync(first, "dee", approve: false);
        Assert.Equal(("1 ", null), (await HeldAsync(), (await Switch.ShowAsync(Stop)).RequestId));

        var second = (await Switch.AskToResumeAsync("bob", Stop))!;
        Assert.Equal("resume-1-2", second.RequestId);
        await AnswerAsync(second, "dee");
        Assert.Equal("1 ", await HeldAsync());
        await AnswerAsync(second, "cyd");

        Assert.Equal(" ", await HeldAsync());
    }

    [Fact]
    public async Task A_pause_of_a_paused_app_is_another_and_what_was_agreed_before_does_not_end_it()
    {
        await PausedAsync(blocking: true);
        var asked = (await Switch.AskToResumeAsync("bob", Stop))!;
        await AnswerAsync(asked, "cyd");
        _time.Advance(TimeSpan.FromHours(1));

        // Blocking stays held where it was.
        Assert.Equal(
            new PauseView(true, 2, "dee", At.AddHours(1), "another reason", true),
            await PausedAsync("another reason", by: "dee")
        );
        Texts.Changes.Expect("an answer to an earlier question", (await AnswerAsync(asked, "ann")).Objection);

        Assert.Equal("2 2", await HeldAsync());
        Assert.Contains("another reason", Assert.Single(await FindingsAsync()).Detection.Reason, StringComparison.Ordinal);
        Assert.Equal(["approval.answer 0", "changes.pause 1", "changes.pause 2", "changes.resume.asked 1"], Recorded());
    }

    [Fact]
    public async Task The_same_pause_again_changes_nothing()
    {
        var first = await PausedAsync();
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(first, await PausedAsync());
        Assert.Single(_evidence.Records);
    }

    [Fact]
    public async Task An_approval_of_an_earlier_pause_resumes_no_later_one()
    {
        await PausedAsync();
        var first = (await Switch.AskToResumeAsync("bob", Stop))!;
        await AnswerAsync(first, "cyd");
        await AnswerAsync(first, "dee");
        _time.Advance(TimeSpan.FromHours(1));
        await PausedAsync();
        await Switch.SettleAsync(Stop);
        Assert.Equal("2 ", await HeldAsync());

        var second = (await Switch.AskToResumeAsync("bob", Stop))!;
        await Switch.SettleAsync(Stop);

        Assert.NotEqual((first.RequestId, first.PlanId), (second.RequestId, second.PlanId));
        Assert.NotNull((await AnswerAsync(second with { PlanId = first.PlanId }, "dee")).Objection);
        Assert.Equal("2 ", await HeldAsync());
        Assert.Equal(("RUN-003", FindingStatus.Open), ((await FindingsAsync())[0].Detection.ControlId, (await FindingsAsync())[0].Status));
    }

    [Fact]
    public async Task While_the_ledger_is_down_a_pause_holds_and_an_answer_is_kept_and_acted_on_afterwards()
    {
        _evidence.Fails = true;
        await PausedAsync();
        var asked = (await Switch.AskToResumeAsync("bob", Stop))!;
        Assert.Equal(("1 ", FindingStatus.Open), (await HeldAsync(), Assert.Single(await FindingsAsync()).Status));
        foreach (var person in (string[])["cyd", "dee"])
            await Assert.ThrowsAsync<RequestFailedException>(() => AnswerAsync(asked, person));
        await Assert.ThrowsAsync<AggregateException>(() => Switch.SettleAsync(Stop));
        // On record before anything is done about it.
        Assert.Equal("1 ", await HeldAsync());

        _evidence.Fails = false;
        await Switch.SettleAsync(Stop);

        Assert.Equal(" ", await HeldAsync());
        Assert.Equal(
            ["approval.answer 0", "approval.answer 0", "changes.pause 1", "changes.resume 1", "changes.resume.asked 1"],
            Recorded()
        );
    }

    [Fact]
    public async Task A_finding_that_was_lost_is_there_again_after_the_next_scheduled_run()
    {
        await PausedAsync();
        var table = await Storage.TableAsync(TableFindingStore.Table, Stop);
        var row = FindingRow.ToRow(Assert.Single(await FindingsAsync()));
        await table.DeleteEntityAsync(row.PartitionKey, row.RowKey, cancellationToken: Stop);

        _time.Advance(TimeSpan.FromMinutes(5));
        await Switch.SettleAsync(Stop);

        Assert.Equal(FindingStatus.Open, Assert.Single(await FindingsAsync()).Status);
    }

    [Fact]
    public async Task What_can_not_be_read_holds_everything_but_blocking()
    {
        var (storage, faults) = Faults.On(accounts);
        var pause = new TablePause(new TenantId(_tenant), storage, _time, NullLogger<TablePause>.Instance);
        await PausedAsync(blocking: true);
        faults.Before = (request, _) =>
            request.RequestUri!.AbsolutePath.Contains($"/{TablePause.Table}", StringComparison.Ordinal)
                ? Faults.Answer(HttpStatusCode.Forbidden)
                : null;

        await Assert.ThrowsAsync<RequestFailedException>(() => pause.HoldingAsync(isBlocking: false, Stop));
        Assert.Null(await pause.HoldingAsync(isBlocking: true, Stop));
    }

    [Fact]
    public async Task Of_many_at_once_each_pause_has_a_number_of_its_own()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(n => PausedAsync($"reason {n}")));
        await Switch.SettleAsync(Stop);

        Assert.Equal(8, (await Switch.ShowAsync(Stop)).Number);
        Assert.Equal(Enumerable.Range(1, 8).Select(n => $"changes.pause {n}"), Recorded());
        Assert.Single(await FindingsAsync(), f => f.Status == FindingStatus.Open);
    }

    [Fact]
    public async Task One_tenants_pause_holds_no_other_tenant()
    {
        await PausedAsync();

        var other = new TablePause(new TenantId($"{_tenant}-other"), Storage, _time, NullLogger<TablePause>.Instance);
        Assert.Null(await other.HoldingAsync(isBlocking: false, Stop));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(4, 1)]
    [InlineData(20, 5)]
    [InlineData(60, 15)]
    [InlineData(100_000, 15)]
    public async Task What_is_held_asks_again_after_a_quarter_of_the_time_that_it_was(int minutes, int wait)
    {
        await PausedAsync();
        _time.Advance(TimeSpan.FromMinutes(minutes));

        Assert.Equal(TimeSpan.FromMinutes(wait), (await Pause.HoldingAsync(isBlocking: false, Stop))!.Wait);
    }
}
