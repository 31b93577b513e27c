using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Simulation.Tests;

public sealed class VersionTests
{
    [Theory]
    [InlineData(null, "1.0")]
    [InlineData("same", "1.0")]
    [InlineData("2.0", "2.0")]
    public async Task An_instance_keeps_its_version_over_a_new_history_unless_another_is_given(string? next, string expected)
    {
        await using var simulation = await StartAsync(("new", "2.0"));
        var options = new StartOrchestrationOptions("a") { Version = "1.0" };
        await simulation.Client.ScheduleNewOrchestrationInstanceAsync(nameof(World.Orchestrators.Version), next, options, World.Stop);

        await simulation.RunForAsync(TimeSpan.FromHours(3), World.Stop);

        Assert.Equal(expected, await OutputAsync(simulation));
    }

    [Fact]
    public async Task An_instance_gets_the_version_of_the_host_whose_client_starts_it()
    {
        await using var simulation = await StartAsync(("old", "1.0"), ("new", "2.0"));
        await simulation
            .ClientOn("new")
            .ScheduleNewOrchestrationInstanceAsync(
                nameof(World.Orchestrators.Version),
                null,
                new StartOrchestrationOptions("a"),
                World.Stop
            );

        await simulation.RunForAsync(TimeSpan.FromHours(3), World.Stop);

        Assert.Equal("2.0", await OutputAsync(simulation));
    }

    [Fact]
    public async Task A_newer_instance_waits_for_a_newer_host_and_does_not_fail()
    {
        await using var simulation = await StartAsync(("old", "1.0"));
        var options = new StartOrchestrationOptions("a") { Version = "2.0" };
        await simulation.Client.ScheduleNewOrchestrationInstanceAsync(nameof(World.Orchestrators.Version), null, options, World.Stop);

        await simulation.RunForAsync(TimeSpan.FromDays(1), World.Stop);
        var before = await simulation.Client.GetInstanceAsync("a", World.Stop);
        await simulation.AddHostAsync(Host("new", "2.0"));
        await simulation.RunForAsync(TimeSpan.FromDays(1), World.Stop);

        Assert.Equal(OrchestrationRuntimeStatus.Pending, before!.RuntimeStatus);
        Assert.Equal("2.0", await OutputAsync(simulation));
        Assert.All(simulation.Trace.Where(s => s.Kind == StepKind.Episode), s => Assert.Equal("new", s.Host));
    }

    [Fact]
    public async Task Of_an_old_and_a_new_host_both_take_what_is_old_and_only_the_new_one_what_is_new()
    {
        await using var simulation = await StartAsync(("old", "1.0"), ("new", "2.0"));
        foreach (var (id, version) in Enumerable.Range(0, 20).Select(i => ($"{i}", i % 2 == 0 ? "1.0" : "2.0")))
            await simulation.Client.ScheduleNewOrchestrationInstanceAsync(
                nameof(World.Orchestrators.Version),
                null,
                new StartOrchestrationOptions(id) { Version = version },
                World.Stop
            );

        await simulation.RunForAsync(TimeSpan.FromDays(1), World.Stop);

        var hosts = simulation
            .Trace.Where(s => s.Kind == StepKind.Episode)
            .Select(s => (s.Host, IsNew: int.Parse(s.Instance, null) % 2 == 1))
            .Distinct()
            .Order();
        Assert.Equal([("new", false), ("new", true), ("old", false)], hosts);
    }

    private static HostOptions Host(string name, string version) =>
        new()
        {
            Name = name,
            Version = version,
            Functions = [typeof(World.Orchestrators)],
        };

    private static async Task<DurableSimulation> StartAsync(params (string Name, string Version)[] hosts)
    {
        var simulation = new DurableSimulation(
            new SimulationOptions
            {
                Seed = 1,
                Hosts = [.. hosts.Select(h => Host(h.Name, h.Version))],
                ReplaysEveryEpisode = true,
            }
        );
        await simulation.StartAsync(new NoServices());
        return simulation;
    }

    private static async Task<string?> OutputAsync(DurableSimulation simulation) =>
        (await simulation.Client.GetInstanceAsync("a", getInputsAndOutputs: true, World.Stop))!.ReadOutputAs<string>();

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
