using Compliance.Controls;
using Compliance.Findings;
using Compliance.Runs;

namespace Compliance.Tests.Runs;

public sealed class RunWatchTests
{
    private static readonly DateTimeOffset Start = new(2028, 2, 28, 6, 0, 0, TimeSpan.Zero);
    private static readonly ScheduledControl Daily = new("CredentialRotationCheck", TimeSpan.FromDays(1), TimeSpan.FromHours(2));

    [Fact]
    public void A_run_is_overdue_only_past_its_tolerance_also_over_a_leap_day()
    {
        var runs = Runs(Known() with { LastRun = new("r", Start), LastComplete = Start });

        Assert.Empty(RunWatch.Evaluate(runs, [Daily], new(2028, 2, 29, 8, 0, 0, TimeSpan.Zero)));
        var missed = Assert.Single(RunWatch.Evaluate(runs, [Daily], new DateTimeOffset(2028, 2, 29, 8, 0, 0, TimeSpan.Zero).AddTicks(1)));
        Assert.Equal(
            (
                "RUN-001",
                Severity.High,
                new Subject("control", "CredentialRotationCheck", "CredentialRotationCheck"),
                "overdue",
                Sources.Schedule,
                false
            ),
            (missed.ControlId, missed.Severity, missed.Subject, missed.Part, missed.Source, missed.Unknown)
        );
        Texts.Runs.Expect("a control that did not run again", missed.Reason);
        Assert.Contains("POST /admin/functions/CredentialRotationCheck ", missed.NextStep);
    }

    [Fact]
    public void A_control_that_never_ran_is_overdue_from_when_it_was_first_expected()
    {
        Assert.Empty(RunWatch.Evaluate(Runs(Known()), [Daily], Start.AddHours(26)));
        Texts.Runs.Expect(
            "a control that never ran",
            Assert.Single(RunWatch.Evaluate(Runs(Known()), [Daily], Start.AddHours(26).AddTicks(1))).Reason
        );
    }

    [Fact]
    public void An_overdue_run_is_worded_the_same_an_hour_and_a_week_later() =>
        Assert.Equal(
            RunWatch.Evaluate(Runs(Known()), [Daily], Start.AddHours(27)),
            RunWatch.Evaluate(Runs(Known()), [Daily], Start.AddDays(7))
        );

    [Fact]
    public void Runs_that_keep_ending_incomplete_are_found_after_three_periods()
    {
        ControlRuns Ran(int day) => Known() with { LastRun = new("r", Start.AddDays(day)), LastComplete = Start };

        Assert.Empty(RunWatch.Evaluate(Runs(Ran(3)), [Daily], Start.AddDays(3)));
        var found = Assert.Single(RunWatch.Evaluate(Runs(Ran(3)), [Daily], Start.AddDays(3).AddTicks(1)));
        Assert.Equal("incomplete", found.Part);
        Texts.Runs.Expect("a control whose runs keep ending incomplete", found.Reason);
        var never = Ran(4) with { LastComplete = null };
        Assert.Equal(["incomplete"], RunWatch.Evaluate(Runs(never), [Daily], Start.AddDays(4)).Select(d => d.Part));
    }

    [Fact]
    public void A_control_that_stopped_altogether_is_overdue_and_not_incomplete() =>
        Assert.Equal(
            ["overdue"],
            RunWatch
                .Evaluate(Runs(Known() with { LastRun = new("r", Start), LastComplete = Start }), [Daily], Start.AddDays(9))
                .Select(d => d.Part)
        );

    [Fact]
    public void A_clock_that_went_backwards_is_reported_as_unknown()
    {
        var runs = Runs(Known() with { LastRun = new("r", Start.AddHours(5)), LastComplete = Start });

        Assert.Empty(RunWatch.Evaluate(runs, [Daily], Start.AddHours(5) - RunWatch.ClockSkew));
        var found = Assert.Single(RunWatch.Evaluate(runs, [Daily], Start.AddHours(5) - RunWatch.ClockSkew - TimeSpan.FromTicks(1)));
        Assert.Equal(("clock", true), (found.Part, found.Unknown));
        Assert.Equal(["clock"], RunWatch.Evaluate(Runs(Known()), [Daily], Start.AddDays(-40)).Select(d => d.Part));
    }

    [Fact]
    public void A_control_nothing_is_known_of_is_not_taken_for_a_good_one() =>
        Assert.True(Assert.Single(RunWatch.Evaluate(Runs(), [Daily], Start)).Unknown);

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void An_older_run_that_ends_later_never_overwrites_a_newer_one(int first, int second)
    {
        var stamps = new Dictionary<int, RunStamp> { [1] = new("r1", Start), [2] = new("r2", Start.AddHours(1)) };

        var after = TableRunLog.With(TableRunLog.With(Known(), stamps[first], complete: first == 1), stamps[second], complete: second == 1);

        Assert.Equal(Known() with { LastRun = stamps[2], LastComplete = Start }, after);
    }

    private static ControlRuns Known() => new(Daily.Name, Start, null, null);

    private static Dictionary<string, ControlRuns> Runs(params ControlRuns[] runs) => runs.ToDictionary(r => r.Control);
}
