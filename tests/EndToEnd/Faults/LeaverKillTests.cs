using System.Globalization;

namespace EndToEnd.Faults;

/// <summary>The app as a real process, killed in the middle of a leaver's case as often as one likes: the case ends as if nothing had happened.</summary>
public sealed class LeaverKillTests(UnbrokenRun unbroken) : IClassFixture<UnbrokenRun>
{
    /// <summary><c>all</c> kills at every write, a number N at every N-th. Left out, it is at those where one thing is known in one place and not yet in the other.</summary>
    private const string Variable = "COMPLIANCE_KILLS";

    private const string Evidence = "comp=appendblock";

    private static string? Asked => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } asked ? asked : null;

    [Fact]
    public Task Killed_before_each_commit_and_each_evidence_record_the_case_ends_as_if_nothing_had_happened() => KilledAsync(Cut.Unsent, "table commit", Evidence);

    [Fact]
    public Task Killed_after_each_change_of_the_case_and_each_evidence_record_the_case_ends_as_if_nothing_had_happened() =>
        // And while access is being removed, of which some is gone.
        KilledAsync(Cut.Unanswered, "/leavercases", Evidence, "tenant PUT");

    private async Task KilledAsync(Cut cut, params string[] writes)
    {
        bool Wanted(Moment moment, int number) => Asked switch
        {
            null => writes.Any(w => moment.What.Contains(w, StringComparison.Ordinal)),
            "all" => true,
            var every => number % int.Parse(every, CultureInfo.InvariantCulture) == 0,
        };
        await using var run = await LeaverRun.StartAsync(unbroken.Now, TimeSpan.FromMinutes(Asked is null ? 3 : 15));
        var killer = new Killer(run, cut, Wanted);
        run.Wire.At = killer.AtAsync;
        try
        {
            var outcome = await CaseOutcome.OfAsync(run, await run.ToTheEndAsync());

            outcome.AssertLike(unbroken.Outcome);
            Assert.All(writes, w => Assert.True(Asked is not null || killer.Kills.Any(k => k.What.Contains(w, StringComparison.Ordinal)), $"never killed at {w}"));
            Assert.True(killer.Kills.Count >= 12, $"killed {killer.Kills.Count} times only");
        }
        finally
        {
            TestContext.Current.TestOutputHelper!.WriteLine(
                $"{killer.Kills.Count} kills at {killer.Moments} moments; the app started in {string.Join(", ", run.Starts.Select(s => s.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture)))} s");
            killer.Kills.ForEach(k => TestContext.Current.TestOutputHelper.WriteLine($"{cut} {k}"));
        }
    }
}
