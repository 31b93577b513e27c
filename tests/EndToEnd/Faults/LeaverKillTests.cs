using System.Globalization;

namespace EndToEnd.Faults;

/// <summary>The app as a real process, killed in the middle of a leaver's case as often as one likes: the case ends as if nothing had happened.</summary>
public sealed class LeaverKillTests(UnbrokenRun unbroken) : IClassFixture<UnbrokenRun>
{
    /// <summary><c>all</c> kills at every write; a number at every so-manieth. Left out, it is as many as there is time for.</summary>
    private const string Variable = "COMPLIANCE_KILLS";

    private static int Every(int otherwise) => Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" => otherwise,
        "all" => 1,
        var number => int.Parse(number, CultureInfo.InvariantCulture),
    };

    [Theory]
    [InlineData(Cut.Unsent, 9)]
    [InlineData(Cut.Unanswered, 4)]
    internal async Task Killed_again_and_again_the_case_ends_as_if_nothing_had_happened(Cut cut, int first)
    {
        var every = Every(11);
        await using var run = await LeaverRun.StartAsync(unbroken.Now, every < 11 ? TimeSpan.FromMinutes(10) : TimeSpan.FromSeconds(90));
        var killer = new Killer(run, cut, Math.Min(first, every), every);
        run.Wire.At = killer.AtAsync;
        try
        {
            var outcome = await CaseOutcome.OfAsync(run, await run.ToTheEndAsync());

            Assert.Equal(unbroken.Outcome.Changes, outcome.Changes);
            Assert.Equal(unbroken.Outcome.Evidence, outcome.Evidence);
            Assert.Equal(unbroken.Outcome.Certificate, outcome.Certificate);
            Assert.Equal(unbroken.Outcome.Findings, outcome.Findings);
            Assert.True(killer.Kills.Count >= 6, $"{killer.Kills.Count} kills at {killer.Moments} moments");
        }
        finally
        {
            TestContext.Current.TestOutputHelper!.WriteLine($"{killer.Kills.Count} kills, first {first}, every {every} of {killer.Moments} moments; the app started in {string.Join(", ", run.Starts.Select(s => $"{s.TotalSeconds:0.00}"))} s");
            killer.Kills.ForEach(TestContext.Current.TestOutputHelper.WriteLine);
        }
    }
}
