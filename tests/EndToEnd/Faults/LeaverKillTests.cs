using System.Globalization;
using Testing;

namespace EndToEnd.Faults;

/// <summary>
/// The app as real processes, killed in the middle of a leaver's case as often as one likes: the case ends as if nothing had happened.
/// </summary>
/// <param name="unbroken">The same case, not killed.</param>
/// <param name="part">Which process is killed.</param>
public abstract class LeaverKillTests(UnbrokenRun unbroken, Part part)
{
    // Each failed attempt doubles the pause before the next one.
    private const int MaxKillsOfACase = 5;

    // Where one thing is known in one place and not yet in the other: the event noted, access taken and not recorded, a step done and not
    // in the history, the certificate issued.
    private static readonly Dictionary<Part, Kill[]> Sample = new()
    {
        [Part.Worker] =
        [
            new(Part.Worker, Cut.Unanswered, "tenant POST", "LeaverBlock"),
            new(Part.Worker, Cut.Unanswered, "tenant DELETE"),
            new(Part.Worker, Cut.Unsent, "certificate.html"),
        ],
        [Part.Host] =
        [
            new(Part.Host, Cut.Unanswered, "/hrevents"),
            new(Part.Host, Cut.Unsent, "commit TaskCompleted", "LeaverRemove"),
            new(Part.Host, Cut.Unanswered, "comp=appendblock"),
        ],
        [Part.Both] =
        [
            new(Part.Both, Cut.Unsent, "snapshot.json"),
            new(Part.Both, Cut.Unanswered, "commit TaskCompleted", "LeaverPlan"),
            new(Part.Both, Cut.Unsent, "outcomes-"),
        ],
    };

    [Fact]
    public async Task Killed_in_the_middle_of_its_steps_the_case_ends_as_if_nothing_had_happened_and_each_effect_once()
    {
        if (!TestSize.IsLong)
        {
            var kills = await KilledAsync(TimeSpan.FromMinutes(3), run => new PlannedKiller(run, Sample[part]));
            Assert.Equal(Sample[part].Length, kills);
            return;
        }
        foreach (var cut in Enum.GetValues<Cut>())
        {
            // Case after case, until one reached no moment at which none before it was killed.
            var (seen, all, last) = (new HashSet<Moment>(), 0, MaxKillsOfACase);
            while (last == MaxKillsOfACase)
                all += last = await KilledAsync(TimeSpan.FromMinutes(10), run => new SteadyKiller(run, part, cut, seen, MaxKillsOfACase));
            Assert.True(all >= 12, $"killed {all} times only");
        }
    }

    private async Task<int> KilledAsync(TimeSpan patience, Func<LeaverRun, IKiller> create)
    {
        var expected = await unbroken.OutcomeAsync();
        await using var run = await LeaverRun.StartAsync(unbroken.Now, patience);
        var killer = create(run);
        run.Wire.At = killer.AtAsync;
        var output = TestContext.Current.TestOutputHelper!;
        try
        {
            var outcome = await CaseOutcome.OfAsync(run, await run.ToTheEndAsync());

            outcome.AssertLike(expected);
            output.WriteLine(
                $"requests to the tenant that were made again, to the same effect: {outcome.Effects.Repeated(expected.Effects)}"
            );
            return killer.Kills.Count;
        }
        finally
        {
            output.WriteLine(
                $"{killer.Kills.Count} kills; the app started in "
                    + $"{string.Join(", ", run.Starts.Select(s => s.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture)))} s"
            );
            foreach (var kill in killer.Kills)
                output.WriteLine(kill);
        }
    }
}

/// <inheritdoc cref="LeaverKillTests"/>
public sealed class WorkerKillTests(UnbrokenRun unbroken) : LeaverKillTests(unbroken, Part.Worker);

/// <inheritdoc cref="LeaverKillTests"/>
public sealed class HostKillTests(UnbrokenRun unbroken) : LeaverKillTests(unbroken, Part.Host);

/// <inheritdoc cref="LeaverKillTests"/>
public sealed class WorkerAndHostKillTests(UnbrokenRun unbroken) : LeaverKillTests(unbroken, Part.Both);
