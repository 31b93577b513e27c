using System.Collections.Concurrent;
using Compliance.Approvals;
using Compliance.Evidence;
using Testing;

namespace Compliance.Tests.Approvals;

public sealed class ApprovalBoardOnAzuriteTests(AzuriteFixture accounts) : ApprovalBoardTests(accounts);

public sealed class ApprovalBoardInMemoryTests(MemoryStorageFixture accounts) : ApprovalBoardTests(accounts);

/// <summary>Requests for approval and their answers, on real tables.</summary>
public abstract class ApprovalBoardTests(StorageFixture accounts)
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static int _tenants;

    private readonly string _tenant = $"board-{Environment.ProcessId}-{Interlocked.Increment(ref _tenants)}";
    private readonly KeptEvidence _evidence = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private ApprovalBoard Board => new(State.Faults.Storage(accounts), _evidence);

    private ApprovalRequest Request(DateTimeOffset? at = null, params string[] guards) => new()
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
        Board.AnswerAsync(_tenant, "case-plan", plan, new ApproverIdentity(person, _tenant, null), approve, comment, At.AddMinutes(1), Stop);

    [Fact]
    public async Task Two_different_people_approve_and_one_twice_does_not()
    {
        await Board.AskAsync(Request(), Stop);

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
        await Board.AskAsync(Request(), Stop);

        var outcome = await AnswerAsync(person, plan: plan);

        Assert.Contains(why, outcome.Objection, StringComparison.Ordinal);
        Assert.Empty((await Board.FindAsync(_tenant, "case-plan", Stop))!.Answers);
        Assert.Empty(_evidence.Records);
    }

    [Fact]
    public async Task One_no_refuses_and_a_changed_mind_is_not_taken()
    {
        await Board.AskAsync(Request(), Stop);
        await AnswerAsync("one");

        Assert.Contains("otherwise before", (await AnswerAsync("one", approve: false)).Objection, StringComparison.Ordinal);
        Assert.Equal(ApprovalState.Refused, (await AnswerAsync("two", approve: false)).State);
        Assert.Empty(await Board.OpenAsync(_tenant, At, Stop));
    }

    [Fact]
    public async Task Ten_people_at_once_lose_no_answer_that_was_taken()
    {
        await Board.AskAsync(Request(), Stop);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => AnswerAsync($"person-{i}")));

        var request = (await Board.FindAsync(_tenant, "case-plan", Stop))!;
        Assert.Equal(outcomes.Count(o => o.Objection is null), request.Answers.Count);
        Assert.Equal(2, request.Answers.Count);
        Assert.Equal(2, _evidence.Records.Count);
    }

    [Fact]
    public async Task A_request_stays_with_its_answers_when_the_asking_is_repeated_but_not_when_another_guard_holds()
    {
        await Board.AskAsync(Request(guards: ["protected"]), Stop);
        await AnswerAsync("one");

        Assert.Single((await Board.AskAsync(Request(At.AddMinutes(5), "protected"), Stop)).Answers);
        Assert.Empty((await Board.AskAsync(Request(At.AddMinutes(6), "protected", "own-identity"), Stop)).Answers);
    }

    [Fact]
    public async Task A_void_request_takes_no_answer_and_only_a_later_look_opens_it_again()
    {
        await Board.AskAsync(Request(), Stop);
        await AnswerAsync("one");
        await Board.VoidAsync(_tenant, "case-plan", At.AddMinutes(2), Stop);

        await Board.AskAsync(Request(At.AddMinutes(1)), Stop);
        Assert.Null(await Board.FindAsync(_tenant, "case-plan", Stop));
        Assert.Contains("no such request", (await AnswerAsync("two")).Objection, StringComparison.Ordinal);
        await Board.AskAsync(Request(At.AddMinutes(3)), Stop);
        Assert.Empty((await Board.FindAsync(_tenant, "case-plan", Stop))!.Answers);
    }

    [Fact]
    public async Task An_answer_cut_off_from_its_evidence_gets_it_when_it_is_acted_on()
    {
        await Board.AskAsync(Request(), Stop);
        _evidence.Fails = true;
        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => AnswerAsync("one"));
        _evidence.Fails = false;
        await AnswerAsync("two");
        Assert.Single(_evidence.Records);

        await Board.RecordAsync((await Board.FindAsync(_tenant, "case-plan", Stop))!, Stop);

        Assert.Equal(2, _evidence.Records.Count);
    }

    // By id, as the real log keeps them: the same record twice is one, another content under the same id is a fault.
    private sealed class KeptEvidence : IEvidenceLog
    {
        public ConcurrentDictionary<string, EvidenceRecord> Records { get; } = new(StringComparer.Ordinal);

        public bool Fails { get; set; }

        public Task<EvidenceReceipt> AppendAsync(EvidenceRecord record, CancellationToken stop)
        {
            if (Fails)
                throw new Azure.RequestFailedException(500, "the evidence account is down");
            var kept = Records.GetOrAdd(record.Id, record);
            Assert.Equal(Convert.ToHexString(EvidenceLine.NotYet(kept)), Convert.ToHexString(EvidenceLine.NotYet(record)));
            return Task.FromResult(new EvidenceReceipt(record.Id, "ledger/x", 0, EvidenceLine.Sha256(EvidenceLine.NotYet(record))));
        }
    }
}
