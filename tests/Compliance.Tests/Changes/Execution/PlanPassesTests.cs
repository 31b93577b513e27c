using Compliance.Changes.Execution;
using Compliance.Changes.Pauses;
using Compliance.Changes.Plans;
using Compliance.Storage;
using Compliance.Tests.Changes.Pauses;
using Testing;

namespace Compliance.Tests.Changes.Execution;

/// <summary>A plan carried out in passes, also by an executor that never asks whether acts are paused.</summary>
public sealed class PlanPassesTests(MemoryStorageFixture accounts)
{
    private static readonly HashSet<string> None = [];

    private readonly SetPause _pause = new();
    private readonly Executor _executor = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static ActionPlan Plan { get; } =
        new()
        {
            Kind = "test.remove",
            TenantId = "tenant",
            CaseId = "case",
            SubjectId = "subject",
            PolicySha256 = "",
            Steps = [new("one", "remove", new("box", "b", "b"), 0, "it is old", "", new Dictionary<string, string>())],
        };

    private static ActPause Paused { get; } =
        new()
        {
            Number = 1,
            PausedBy = "ann",
            Reason = "a bad policy",
            At = DateTimeOffset.UnixEpoch,
        };

    private PlanPasses Passes => new(_pause, _executor, new BlobDocumentStore(Tests.Storage.Faults.Storage(accounts), "plan-passes"));

    private Task<(DonePass? Done, TimeSpan Wait)> RunAsync(string document, string pass) =>
        Passes.RunAsync(document, pass, Plan, None, None, Stop);

    [Fact]
    public async Task While_acts_are_paused_no_pass_is_begun()
    {
        _pause.Holds = _ => Paused;

        Assert.Equal((null, TimeSpan.FromMinutes(1)), await RunAsync("held", "0"));
        Assert.Equal(0, _executor.Passes);
        _pause.Holds = _ => null;
        Assert.True((await RunAsync("held", "0")).Done!.Whole);
    }

    [Fact]
    public async Task A_pass_that_was_carried_out_before_the_pause_is_reported_all_the_same()
    {
        await RunAsync("done", "0");
        _pause.Holds = _ => Paused;

        var (done, _) = await RunAsync("done", "0");

        Assert.Equal(["one"], done!.Outcomes.Select(o => o.StepId));
        Assert.Equal(1, _executor.Passes);
    }

    [Fact]
    public async Task A_pass_that_the_quota_has_no_room_for_is_not_kept_and_says_how_long_to_wait()
    {
        _executor.Wait = TimeSpan.FromSeconds(7);
        Assert.Equal((null, TimeSpan.FromSeconds(7)), await RunAsync("full", "0"));

        _executor.Wait = TimeSpan.Zero;
        Assert.True((await RunAsync("full", "0")).Done!.Whole);
        Assert.Equal(2, _executor.Passes);
    }

    [Fact]
    public async Task Another_pass_is_carried_out_and_the_last_one_is_what_is_kept()
    {
        Assert.Null(await Passes.LoadLastAsync("again", Stop));

        await RunAsync("again", "0");
        await RunAsync("again", "1");

        Assert.Equal(2, _executor.Passes);
        Assert.Equal(["one"], (await Passes.LoadLastAsync("again", Stop))!.Select(o => o.StepId));
    }

    private sealed class Executor : IPlanExecutor
    {
        public int Passes { get; private set; }

        public TimeSpan Wait { get; set; }

        public Task<PlanPass> RunAsync(
            ActionPlan plan,
            IReadOnlySet<string> settled,
            IReadOnlySet<string> tried,
            CancellationToken cancellationToken
        )
        {
            Passes++;
            if (Wait > TimeSpan.Zero)
                return Task.FromResult(new PlanPass([], Wait));
            var outcomes = plan.Steps.Select(s => new StepOutcome(s.Id, StepResult.Done, DateTimeOffset.UnixEpoch));
            return Task.FromResult(new PlanPass([.. outcomes], TimeSpan.Zero));
        }
    }
}
