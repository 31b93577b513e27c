using System.Reflection;
using Compliance.Runs;
using ComplianceFunctions.Tests.Histories;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace ComplianceFunctions.Tests;

public sealed class ScheduledControlTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_scheduled_control_can_be_run_by_hand_as_its_finding_says()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: Stop);
        var functions = typeof(WatchFunctions)
            .Assembly.GetTypes()
            .SelectMany(t => t.GetMethods())
            .Select(m => m.GetCustomAttribute<FunctionAttribute>()?.Name)
            .OfType<string>()
            .ToHashSet(StringComparer.Ordinal);
        var controls = world.Services.GetServices<ScheduledControl>().ToList();

        var missed = RunWatch.Evaluate(new Dictionary<string, ControlRuns>(), controls, world.Now);

        Assert.Equal(controls.Count, missed.Count);
        Assert.All(missed, m => Assert.Contains(functions, f => m.NextStep.Contains($"/admin/functions/{f} ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Every_part_of_the_daily_look_is_a_control_of_its_own()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: Stop);
        await world.RunUntilAsync(LeaverWorld.Start + TimeSpan.FromDays(1));

        var runs = await world.Services.GetRequiredService<IRunLog>().LoadAsync(SmallTenant.Id, Stop);
        var daily = world.Services.GetServices<ScheduledControl>().Where(c => (c.Function ?? c.Name) == "LeaverWatch").Select(c => c.Name);
        Assert.Equal(
            ["FormerLeavers", "LeaverCaseCheck", "LeaverExpiryErasure", "LeaverLockedOutCheck", "LeaverNotGivenBackCheck", "LeaverWatch"],
            daily.Where(name => runs.GetValueOrDefault(name)?.LastComplete is not null).Order(StringComparer.Ordinal)
        );
    }
}
