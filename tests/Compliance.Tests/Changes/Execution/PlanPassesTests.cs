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

    [Fact]
    public async Task Steps_are_left_to_the_next_pass_until_each_was_tried_or_is_in_effect()
    {
        var steps = new[] { "one", "two", "three" }.Select(id => Plan.Steps[0] with { Id = id });
        var plan = Plan with { Steps = [.. steps] };
        _executor.MaxSteps = 1;

        var (first, _) = await Passes.RunAsync("left", "0", plan, Only("two"), None, Stop);
        var (second, _) = await Passes.RunAsync("left", "1", plan, Only("two"), first!.Tried.ToHashSet(), Stop);

        Assert.Equal((false, "one"), (first.Whole, Assert.Single(first.Tried)));
        Assert.Equal((true, "three"), (second!.Whole, Assert.Single(second.Outcomes).StepId));
        Assert.Empty(second.Tried);
    }

    [Fact]
    public async Task Of_two_that_carry_out_the_same_pass_at_once_both_report_what_was_kept_first()
    {
        DonePass? other = null;
        _executor.Meanwhile = async () =>
        {
            _executor.Meanwhile = () => Task.CompletedTask;
            (other, _) = await RunAsync("twice", "0");
        };

        var (done, _) = await RunAsync("twice", "0");

        Assert.Equal(2, _executor.Passes);
        Assert.Equal(DateTimeOffset.UnixEpoch.AddDays(2), Assert.Single(done!.Outcomes).At);
        Assert.Equal(other!.Outcomes, done.Outcomes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Acts_that_block_nobody_are_paused_whether_or_not_blocking_is(bool blocking)
    {
        var now = DateTimeOffset.UnixEpoch.AddDays(9);
        Assert.Null(await Passes.PausedUntilAsync(now, Stop));

        _pause.Holds = _ => Paused with { Blocking = blocking };

        Assert.Equal(now.AddMinutes(1).UtcDateTime, await Passes.PausedUntilAsync(now, Stop));
    }

    private static HashSet<string> Only(string id) => [id];

    private sealed class Executor : IPlanExecutor
    {
        public int Passes { get; private set; }

        public TimeSpan Wait { get; set; }

        /// <summary>So many steps are done in a pass.</summary>
        public int MaxSteps { get; set; } = int.MaxValue;

        /// <summary>Happens while steps are done.</summary>
        public Func<Task> Meanwhile { get; set; } = () => Task.CompletedTask;

        public async Task<PlanPass> RunAsync(
            ActionPlan plan,
            IReadOnlySet<string> settled,
            IReadOnlySet<string> tried,
            CancellationToken cancellationToken
        )
        {
            var at = DateTimeOffset.UnixEpoch.AddDays(++Passes);
            if (Wait > TimeSpan.Zero)
                return new([], Wait);
            await Meanwhile();
            var left = plan.Steps.Where(s => !settled.Contains(s.Id) && !tried.Contains(s.Id)).Take(MaxSteps);
            return new([.. left.Select(s => new StepOutcome(s.Id, StepResult.Done, at))], TimeSpan.Zero);
        }
    }
}
