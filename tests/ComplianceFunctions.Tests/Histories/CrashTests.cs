using Simulation;
using Testing;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>
/// The program ends at every request to storage that a leaver's case makes, one after the other: whatever was done by then, the case ends
/// in the same way and
/// each change of the tenant is made once.
/// </summary>
public sealed class CrashTests
{
    private static readonly LeaverHistory Life = new(
        1,
        [new HrSends(TimeSpan.FromHours(1), "terminated", 1, TimeSpan.FromHours(1), ForCause: true)]
    );

    // Every twelfth in the usual run.
    private static int Every => TestSize.IsLong ? 1 : 12;

    [Fact]
    public async Task A_case_that_is_cut_off_at_any_request_ends_as_if_nothing_had_happened()
    {
        var (unbroken, steps, _) = await LiveAsync(null);
        var crashed = 0;
        // A daily look that was cut off is made the next day.
        foreach (var (instance, name) in steps.Where(s => s.Name != "LeaverWatch"))
        {
            for (var point = 1 + (crashed % Every); ; point += Every)
            {
                var (ended, _, injected) = await LiveAsync(new Fault(FaultKind.CrashInside, instance, name, 1, point));
                if (!injected)
                    break;
                Assert.True(unbroken == ended, $"crashed at request {point} of {name}: {ended} in place of {unbroken}");
                crashed++;
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"crashed {crashed} times in {steps.Count} functions");
        Assert.InRange(crashed, 100 / Every, 2000);
    }

    private static async Task<(string Ended, IReadOnlyList<(string Instance, string Name)> Steps, bool Injected)> LiveAsync(Fault? crash)
    {
        var faults = new FaultPlan { Script = crash is null ? [] : [crash] };
        await using var world = await LeaverWorld.StartAsync(1, faults, cancellationToken: TestContext.Current.CancellationToken);
        await HistoryRun.LiveAsync(Life, world, new LeaverInvariants(world));
        var known = await world.CaseAsync(Person.Lea, "1");
        var steps = world
            .Simulation.Trace.Where(s => s.Kind is StepKind.Activity or StepKind.Function)
            .Select(s => (s.Instance, s.Name))
            .Distinct()
            .ToList();
        var records = world.EvidenceIds();
        Assert.Equal(records.Distinct(), records);
        var open = world.Storage.State.Rows("findings").Count(r => (string?)r["Status"] == "Open");
        var access = string.Join(", ", Enum.GetValues<Person>().Select(p => $"{p} {PersonAccess.Read(world.Sandbox.Tenant, p)}"));
        var ended = $"{known!.Stage}, round {known.Round}, {records.Count} records, {open} open findings: {access}";
        return (ended, steps, world.Simulation.Injected.Count > 0);
    }
}
