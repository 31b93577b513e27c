using Compliance.Callers;
using Compliance.Changes.Approvals;
using Compliance.Tenants;
using Testing;

namespace Compliance.Tests.Changes.Approvals;

public sealed class ApprovalBoardOnAzuriteTests(AzuriteFixture accounts) : ApprovalBoardTests(accounts);

public sealed class ApprovalBoardInMemoryTests(MemoryStorageFixture accounts) : ApprovalBoardTests(accounts);

/// <summary>Requests for approval and their answers, on real tables.</summary>
public abstract class ApprovalBoardTests(StorageFixture accounts)
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Later = At.AddDays(1);
    private static int _tenants;

    private readonly string _tenant = $"board-{Environment.ProcessId}-{Interlocked.Increment(ref _tenants)}";
    private readonly KeptEvidence _evidence = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private ApprovalBoard Board => new(Tests.Storage.Faults.Storage(accounts), _evidence);

    private ApprovalRequest Request(DateTimeOffset? at = null, params string[] guards) =>
        new()
        {
            Id = "case-plan",
            TenantId = _tenant,
            PlanId = "plan",
            CaseId = "case",
            SubjectId = "subject",
            Requesters = ["requester"],
            Reasons = ["held"],
            Guards = guards,
            Controls = ["LEAVE-011"],
            PolicySha256 = new string('a', 64),
            AskedAt = at ?? At,
            Deadline = (at ?? At).AddDays(1),
            InstanceId = "instance",
        };

    private Task<AnswerOutcome> AnswerAsync(string person, bool approve = true, string plan = "plan", string? comment = null) =>
        Board.AnswerAsync(
            _tenant,
            "case-plan",
            plan,
            new CallerIdentity(person, _tenant, null, true, [AppRole.Approver]),
            approve,
            comment,
            At.AddMinutes(1),
            Stop
        );

    [Fact]
    public async Task Two_different_people_approve_and_one_twice_does_not()
    {
        await Board.AskAsync(Request(), Later, Stop);

        Assert.Equal(ApprovalState.Open, (await AnswerAsync("one")).State);
        Assert.Equal(ApprovalState.Open, (await AnswerAsync("ONE")).State);
        Assert.Equal(ApprovalState.Approved, (await AnswerAsync("two")).State);
        Assert.Equal(["approver one", "approver two"], _evidence.Records.Values.Select(r => r.Actor).Order(StringComparer.Ordinal));
        Assert.All(_evidence.Records.Values, r => Assert.Equal(["LEAVE-011"], r.Controls));
        Assert.Contains("already", (await AnswerAsync("three")).Objection, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("subject", "plan", "about you")]
    [InlineData("SUBJECT", "plan", "about you")]
    [InlineData("requester", "plan", "you asked")]
    [InlineData(" ", "plan", "no object id")]
    [InlineData("one", "another", "another plan")]
    public async Task An_answer_that_may_not_count_is_not_taken(string person, string plan, string why)
    {
        await Board.AskAsync(Request(), Later, Stop);

        var outcome = await AnswerAsync(person, plan: plan);

        Assert.Contains(why, outcome.Objection, StringComparison.Ordinal);
        Assert.Empty((await Board.FindAsync(_tenant, "case-plan", Stop))!.Answers);
        Assert.Empty(_evidence.Records);
    }

    [Fact]
    public async Task One_no_refuses_and_a_changed_mind_is_not_taken()
    {
        await Board.AskAsync(Request(), Later, Stop);
        await AnswerAsync("one");

        Assert.Contains("otherwise before", (await AnswerAsync("one", approve: false)).Objection, StringComparison.Ordinal);
        Assert.Equal(ApprovalState.Refused, (await AnswerAsync("two", approve: false)).State);
        Assert.Empty(await Board.OpenAsync(_tenant, At, Stop));
    }

    [Fact]
    public async Task Ten_people_at_once_lose_no_answer_that_was_taken()
    {
        await Board.AskAsync(Request(), Later, Stop);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => AnswerAsync($"person-{i}")));

        var request = (await Board.FindAsync(_tenant, "case-plan", Stop))!;
        Assert.Equal(outcomes.Count(o => o.Objection is null), request.Answers.Count);
        Assert.Equal(2, request.Answers.Count);
        Assert.Equal(2, _evidence.Records.Count);
    }

    [Fact]
    public async Task A_request_stays_with_its_answers_when_the_asking_is_repeated_but_not_when_another_guard_holds()
    {
        await Board.AskAsync(Request(guards: ["protected"]), Later, Stop);
        await AnswerAsync("one");

        Assert.Single((await Board.AskAsync(Request(At.AddMinutes(5), "protected"), Later, Stop)).Answers);
        Assert.Empty((await Board.AskAsync(Request(At.AddMinutes(6), "protected", "own-identity"), Later, Stop)).Answers);
    }

    [Fact]
    public async Task A_void_request_takes_no_answer_and_only_a_later_look_opens_it_again()
    {
        await Board.AskAsync(Request(), Later, Stop);
        await AnswerAsync("one");
        await Board.VoidAsync(_tenant, "case-plan", At.AddMinutes(2), Stop);

        await Board.AskAsync(Request(At.AddMinutes(1)), Later, Stop);
        Assert.Null(await Board.FindAsync(_tenant, "case-plan", Stop));
        Assert.Contains("no such request", (await AnswerAsync("two")).Objection, StringComparison.Ordinal);
        await Board.AskAsync(Request(At.AddMinutes(3)), Later, Stop);
        Assert.Empty((await Board.FindAsync(_tenant, "case-plan", Stop))!.Answers);
    }

    // A clock that ran ahead was put right: no question was possible for as long as it had run ahead.
    [Fact]
    public async Task What_was_voided_at_a_time_that_has_not_come_is_asked_about_again()
    {
        await Board.AskAsync(Request(At.AddDays(365)), At.AddDays(365), Stop);
        await Board.VoidAsync(_tenant, "case-plan", At.AddDays(366), Stop);

        await Board.AskAsync(Request(), At.AddMinutes(1), Stop);

        Assert.Equal(At, (await Board.FindAsync(_tenant, "case-plan", Stop))!.AskedAt);
    }

    [Fact]
    public async Task An_answer_cut_off_from_its_evidence_gets_it_when_it_is_acted_on()
    {
        await Board.AskAsync(Request(), Later, Stop);
        _evidence.Fails = true;
        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => AnswerAsync("one"));
        _evidence.Fails = false;
        await AnswerAsync("two");
        Assert.Single(_evidence.Records);

        await Board.RecordAsync((await Board.FindAsync(_tenant, "case-plan", Stop))!, Stop);

        Assert.Equal(2, _evidence.Records.Count);
    }

    // What two requests of one row do side by side: the second is let through only once the first has read and is about to write.
    private async Task WhileWritingAsync(Func<ApprovalBoard, Task> first, Func<Task> second)
    {
        var (storage, faults) = Tests.Storage.Faults.On(accounts);
        var meanwhile = false;
        faults.HoldUntil = async request =>
        {
            var isWrite =
                request.Method != HttpMethod.Get
                && request.RequestUri!.AbsolutePath.Contains($"/{ApprovalBoard.Table}", StringComparison.Ordinal);
            if (meanwhile || !isWrite)
                return;
            meanwhile = true;
            await second();
        };
        await first(new ApprovalBoard(storage, _evidence));
        Assert.True(meanwhile);
    }

    [Fact]
    public async Task A_request_that_is_voided_while_somebody_answers_keeps_the_answer()
    {
        await Board.AskAsync(Request(), Later, Stop);

        await WhileWritingAsync(board => board.VoidAsync(_tenant, "case-plan", At.AddMinutes(2), Stop), () => AnswerAsync("one"));

        var (kept, voidedAt) = await RowAsync();
        Assert.Equal((At.AddMinutes(2), "one"), (voidedAt, Assert.Single(kept.Answers).ApproverId));
        Assert.Single(_evidence.Records);
    }

    [Fact]
    public async Task An_answer_that_races_with_voiding_does_not_bring_the_request_back()
    {
        await Board.AskAsync(Request(), Later, Stop);

        AnswerOutcome? outcome = null;
        await WhileWritingAsync(
            async board =>
                outcome = await board.AnswerAsync(_tenant, "case-plan", "plan", Person("one"), approve: true, null, At.AddMinutes(1), Stop),
            () => Board.VoidAsync(_tenant, "case-plan", At.AddMinutes(2), Stop)
        );

        Assert.Contains("no such request", outcome!.Objection, StringComparison.Ordinal);
        Assert.Null(await Board.FindAsync(_tenant, "case-plan", Stop));
        Assert.Empty(_evidence.Records);
    }

    [Fact]
    public async Task Beginning_while_somebody_answers_keeps_the_answer()
    {
        await Board.AskAsync(Request(), Later, Stop);

        await WhileWritingAsync(board => board.BeginAsync(_tenant, "case-plan", At.AddMinutes(2), Stop), () => AnswerAsync("one"));

        var request = (await Board.FindAsync(_tenant, "case-plan", Stop))!;
        Assert.Equal((At.AddMinutes(2), "one"), (request.BegunAt, Assert.Single(request.Answers).ApproverId));
    }

    [Fact]
    public async Task Of_two_answers_that_race_neither_is_lost()
    {
        await Board.AskAsync(Request(), Later, Stop);

        await WhileWritingAsync(
            board => board.AnswerAsync(_tenant, "case-plan", "plan", Person("one"), approve: true, null, At.AddMinutes(1), Stop),
            () => AnswerAsync("two")
        );

        Assert.Equal(["two", "one"], (await Board.FindAsync(_tenant, "case-plan", Stop))!.Answers.Select(a => a.ApproverId));
    }

    [Fact]
    public async Task Asking_about_more_while_somebody_answers_asks_everybody_again()
    {
        await Board.AskAsync(Request(guards: "protected"), Later, Stop);

        await WhileWritingAsync(
            board => board.AskAsync(Request(At.AddMinutes(5), "protected", "own-identity"), Later, Stop),
            () => Board.AskAsync(Request(At.AddMinutes(5), "protected", "own-identity", "last"), Later, Stop)
        );

        Assert.Equal(["protected", "own-identity", "last"], (await Board.FindAsync(_tenant, "case-plan", Stop))!.Guards);
    }

    [Fact]
    public async Task Asked_for_at_the_same_time_by_two_it_is_one_request_with_what_was_answered_meanwhile()
    {
        ApprovalRequest? asked = null;
        await WhileWritingAsync(
            async board => asked = await board.AskAsync(Request(), Later, Stop),
            async () =>
            {
                await Board.AskAsync(Request(), Later, Stop);
                await AnswerAsync("one");
            }
        );

        Assert.Single(asked!.Answers);
        Assert.Single((await Board.FindAsync(_tenant, "case-plan", Stop))!.Answers);
    }

    [Fact]
    public async Task A_void_request_is_not_begun_and_what_has_begun_keeps_its_time()
    {
        await Board.AskAsync(Request(), Later, Stop);
        await Board.BeginAsync(_tenant, "case-plan", At.AddMinutes(1), Stop);
        await Board.BeginAsync(_tenant, "case-plan", At.AddHours(80), Stop);
        Assert.Equal(At.AddMinutes(1), (await Board.FindAsync(_tenant, "case-plan", Stop))!.BegunAt);

        await Board.AskAsync(Request() with { Id = "void" }, Later, Stop);
        await Board.VoidAsync(_tenant, "void", At.AddMinutes(2), Stop);
        await Board.BeginAsync(_tenant, "void", At.AddMinutes(3), Stop);

        Assert.Null(await Board.FindAsync(_tenant, "void", Stop));
        Assert.Equal(["case-plan"], (await Board.OpenAsync(_tenant, At, Stop)).Select(r => r.Id));
    }

    [Fact]
    public async Task What_was_looked_at_before_the_last_voiding_opens_nothing_and_what_is_looked_at_then_does()
    {
        await Board.AskAsync(Request(), Later, Stop);
        await Board.VoidAsync(_tenant, "case-plan", At.AddMinutes(2), Stop);
        await Board.VoidAsync(_tenant, "case-plan", At.AddMinutes(5), Stop);
        await Board.VoidAsync(_tenant, "case-plan", At.AddMinutes(4), Stop);

        await Board.AskAsync(Request(At.AddMinutes(4)), Later, Stop);
        Assert.Null(await Board.FindAsync(_tenant, "case-plan", Stop));
        await Board.AskAsync(Request(At.AddMinutes(5)), Later, Stop);
        Assert.NotNull(await Board.FindAsync(_tenant, "case-plan", Stop));
    }

    [Fact]
    public async Task Another_plan_under_the_same_id_asks_without_the_answers_to_the_first()
    {
        await Board.AskAsync(Request(), Later, Stop);
        await AnswerAsync("one");

        Assert.Empty((await Board.AskAsync(Request(At.AddMinutes(5)) with { PlanId = "other" }, Later, Stop)).Answers);
        Assert.Contains("another plan", (await AnswerAsync("two")).Objection, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_yes_that_has_lapsed_can_be_given_again_and_has_evidence_of_its_own()
    {
        await Board.AskAsync(Request(), Later, Stop);
        await AnswerAsync("one");
        var late = At.AddHours(80);

        var again = await Board.AnswerAsync(_tenant, "case-plan", "plan", Person("one"), approve: true, null, late, Stop);
        var second = await Board.AnswerAsync(_tenant, "case-plan", "plan", Person("two"), approve: true, null, late, Stop);

        Assert.Equal((ApprovalState.Open, ApprovalState.Approved), (again.State, second.State));
        Assert.Equal([At.AddMinutes(1), late, late], _evidence.Records.Values.Select(r => r.Time).Order());
    }

    [Fact]
    public async Task An_answer_that_is_given_twice_is_one_with_evidence_though_the_first_was_cut_off_from_it()
    {
        await Board.AskAsync(Request(), Later, Stop);
        _evidence.Fails = true;
        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => AnswerAsync("one"));
        _evidence.Fails = false;

        Assert.Null((await AnswerAsync("one")).Objection);

        Assert.Single((await Board.FindAsync(_tenant, "case-plan", Stop))!.Answers);
        Assert.Single(_evidence.Records);
    }

    [Fact]
    public async Task The_evidence_says_what_was_answered_about_whom_and_by_whom()
    {
        await Board.AskAsync(Request(), Later, Stop);
        await AnswerAsync("one");
        await AnswerAsync("two", approve: false);

        Assert.Equal(
            [("approver one", "approved", "case,one", "plan", "case-plan"), ("approver two", "refused", "case,two", "plan", "case-plan")],
            _evidence
                .Records.Values.OrderBy(r => r.Actor, StringComparer.Ordinal)
                .Select(r => (r.Actor, r.Outcome, string.Join(',', r.People), r.PlanId, r.CorrelationId))
        );
        Assert.All(
            _evidence.Records.Values,
            r => Assert.Equal(("approval.answer", "case", _tenant, At.AddMinutes(1)), (r.Action, r.Subject, r.TenantId, r.Time))
        );
    }

    [Theory]
    [InlineData(500, 500)]
    [InlineData(501, 500)]
    [InlineData(0, 0)]
    public async Task A_comment_is_kept_up_to_five_hundred_characters(int written, int kept)
    {
        await Board.AskAsync(Request(), Later, Stop);

        await AnswerAsync("one", comment: new string('c', written));

        Assert.Equal(kept, Assert.Single((await Board.FindAsync(_tenant, "case-plan", Stop))!.Answers).Comment!.Length);
    }

    [Fact]
    public async Task What_waits_is_listed_with_the_oldest_first_and_without_what_is_void_or_answered()
    {
        foreach (var (id, minutes) in ((string, int)[])[("c", 2), ("b", 1), ("a", 2), ("void", 0), ("refused", 0)])
            await Board.AskAsync(Request(At.AddMinutes(minutes)) with { Id = id }, Later, Stop);
        await Board.VoidAsync(_tenant, "void", At.AddMinutes(3), Stop);
        await Board.AnswerAsync(_tenant, "refused", "plan", Person("one"), approve: false, null, At, Stop);

        Assert.Equal(["b", "a", "c"], (await Board.OpenAsync(_tenant, At, Stop)).Select(r => r.Id));
        Assert.Empty(await Board.OpenAsync(_tenant + "-other", At, Stop));
    }

    private CallerIdentity Person(string id) => new(id, _tenant, null, true, [AppRole.Approver]);

    // The row as it is kept, void or not.
    private async Task<(ApprovalRequest Request, DateTimeOffset? VoidedAt)> RowAsync()
    {
        var table = await Tests.Storage.Faults.Storage(accounts).TableAsync(ApprovalBoard.Table, Stop);
        return ApprovalBoard.Read(
            (await table.GetEntityAsync<Azure.Data.Tables.TableEntity>(_tenant, "case-plan", cancellationToken: Stop)).Value
        );
    }

    // By id, as the real log keeps them: the same record twice is one, another content under the same id is a fault.
}
