using System.Globalization;
using Testing;

namespace EndToEnd.Faults;

/// <summary>The app as a real process, killed in the middle of a leaver's case as often as one likes: the case ends as if nothing had happened.</summary>
public sealed class LeaverKillTests(UnbrokenRun unbroken) : IClassFixture<UnbrokenRun>
{
    private const string Evidence = "comp=appendblock";

    [Fact]
    public Task Killed_before_each_commit_and_each_evidence_record_the_case_ends_as_if_nothing_had_happened() => KilledAsync(Cut.Unsent, "table commit", Evidence);

    [Fact]
    public Task Killed_after_each_change_of_the_case_and_each_evidence_record_the_case_ends_as_if_nothing_had_happened() =>
        // And while access is being removed, of which some is gone.
        KilledAsync(Cut.Unanswered, "/leavercases", Evidence, "tenant PUT");

    private async Task KilledAsync(Cut cut, params string[] writes)
    {
        // The long run kills at every write, the usual one where one thing is known in one place and not yet in the other.
        bool Wanted(Moment moment) => TestSize.IsLong || writes.Any(w => moment.What.Contains(w, StringComparison.Ordinal));
        await using var run = await LeaverRun.StartAsync(unbroken.Now, TimeSpan.FromMinutes(TestSize.IsLong ? 15 : 3));
        var killer = new Killer(run, cut, Wanted);
        run.Wire.At = killer.AtAsync;
        try
        {
            var outcome = await CaseOutcome.OfAsync(run, await run.ToTheEndAsync());

            outcome.AssertLike(unbroken.Outcome);
            Assert.All(writes, w => Assert.True(TestSize.IsLong || killer.Kills.Any(k => k.What.Contains(w, StringComparison.Ordinal)), $"never killed at {w}"));
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
