using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Simulation.Tests;

public sealed class HistoryTests
{
    [Fact]
    public async Task Each_generation_is_a_history_and_replays_on_the_code_that_made_it()
    {
        var histories = await RecordAsync();

        Assert.Equal(
            [("collect", 1), ("collect", 2), ("collect", 3), ("months", 1), ("months", 2), ("retry", 1), ("wait", 1)],
            histories.Select(h => (h.Instance, h.Generation))
        );
        Assert.All(histories, h => Assert.Null(HistoryReplay.Replay(h, [typeof(World.Orchestrators)], comparesData: true)));
    }

    [Fact]
    public async Task A_history_is_the_same_text_for_the_same_seed_and_is_read_back_as_it_was_written()
    {
        var first = (await RecordAsync()).Select(HistoryJson.Write).ToList();
        var again = (await RecordAsync()).Select(HistoryJson.Write).ToList();

        Assert.Equal(first, again);
        Assert.Equal(first, first.Select(t => HistoryJson.Write(HistoryJson.Read(t))));
        Assert.All(first, t => Assert.Null(HistoryReplay.Replay(HistoryJson.Read(t), [typeof(World.Orchestrators)], comparesData: true)));
    }

    [Fact]
    public async Task A_history_is_readable()
    {
        await using var world = await World.StartAsync(records: true);
        await world.ScheduleAsync(nameof(World.Orchestrators.One), new[] { "Do", "x" }, "a");
        await world.RunAsync(TimeSpan.FromHours(1));

        Assert.Equal(
            """
            {
              "instance": "a",
              "name": "One",
              "version": "",
              "generation": 1,
              "events": [
                {
                  "type": "OrchestratorStarted",
                  "id": -1,
                  "time": "2026-11-23T06:00:00.0000000Z"
                },
                {
                  "type": "ExecutionStarted",
                  "id": -1,
                  "time": "2026-11-23T06:00:00.0000000Z",
                  "name": "One",
                  "input": "[\"Do\",\"x\"]"
                },
                {
                  "type": "TaskScheduled",
                  "id": 0,
                  "time": "2026-11-23T06:00:00.0000000Z",
                  "name": "Do",
                  "input": "[\"x\"]"
                },
                {
                  "type": "OrchestratorCompleted",
                  "id": -1,
                  "time": "2026-11-23T06:00:00.0000000Z"
                },
                {
                  "type": "OrchestratorStarted",
                  "id": -1,
                  "time": "2026-11-23T06:00:00.0000000Z"
                },
                {
                  "type": "TaskCompleted",
                  "id": -1,
                  "time": "2026-11-23T06:00:00.0000000Z",
                  "of": 0,
                  "result": "\"x\""
                },
                {
                  "type": "ExecutionCompleted",
                  "id": 1,
                  "time": "2026-11-23T06:00:00.0000000Z",
                  "status": "Completed",
                  "result": "\"x\""
                },
                {
                  "type": "OrchestratorCompleted",
                  "id": -1,
                  "time": "2026-11-23T06:00:00.0000000Z"
                }
              ]
            }

            """.ReplaceLineEndings("\n"),
            HistoryJson.Write(Assert.Single(world.Simulation.Histories))
        );
    }

    [Fact]
    public async Task A_changed_orchestrator_is_named_with_the_first_decision_that_differs()
    {
        var months = (await RecordAsync()).First(h => h.Instance == "months");

        var difference = HistoryReplay.Replay(months, [typeof(Changed)]);

        Assert.Equal(new ReplayDifference(months, 3, 0, "2 timer", "2 activity Wait"), difference);
        Assert.Equal("Months months, generation 1, episode 3, decision 0: recorded \"2 timer\", now \"2 activity Wait\"", $"{difference}");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("no json")]
    [InlineData("""{ "instance": "a", "name": "b", "generation": 1, "events": [ { "type": "Unknown", "id": 1 } ] }""")]
    public void What_is_no_history_is_refused(string text) => Assert.Throws<FormatException>(() => HistoryJson.Read(text));

    [Fact]
    public async Task An_orchestrator_that_is_not_deterministic_is_an_error_that_names_the_decision()
    {
        await using var world = await World.StartAsync();
        await world.ScheduleAsync(nameof(World.Orchestrators.ChangeItsMind), id: "a");

        var error = await Assert.ThrowsAsync<NonDeterminismException>(() => world.RunAsync(TimeSpan.FromHours(1)));

        Assert.Equal(("a", 0), (error.Instance, error.Index));
        Assert.Contains("activity Do", error.Expected, StringComparison.Ordinal);
        Assert.NotEqual(error.Expected, error.Actual);
    }

    [Fact]
    public async Task Kept_orchestrators_and_replayed_ones_take_the_same_steps()
    {
        var kept = await RecordAsync(keeps: true);
        var replayed = await RecordAsync(keeps: false);

        Assert.Equal(kept.Select(HistoryJson.Write), replayed.Select(HistoryJson.Write));
    }

    private static async Task<IReadOnlyList<History>> RecordAsync(bool keeps = true)
    {
        await using var world = await World.StartAsync(records: true, keeps: keeps);
        await world.ScheduleAsync(nameof(World.Orchestrators.Months), 2, "months");
        await world.ScheduleAsync(nameof(World.Orchestrators.Retry), "x", "retry");
        await world.ScheduleAsync(nameof(World.Orchestrators.Both), "Wait", "wait");
        await world.ScheduleAsync(nameof(World.Orchestrators.Collect), Array.Empty<string>(), "collect");
        for (var i = 0; i < 3; i++)
            await world.Simulation.Client.RaiseEventAsync("collect", "item", $"{i}", World.Stop);
        await world.RunAsync(TimeSpan.FromDays(30));
        return world.Simulation.Histories;
    }

#pragma warning disable DURABLE0004 // Not an app.
    private static class Changed
    {
        [Function(nameof(Months))]
        public static async Task<int> Months([OrchestrationTrigger] TaskOrchestrationContext context, int left)
        {
            await context.CreateTimer(TimeSpan.FromDays(1), CancellationToken.None);
            await context.CallActivityAsync<string>("Do", context.InstanceId);
            await context.CallActivityAsync<string>("Wait", context.InstanceId);
            return left;
        }
    }
#pragma warning restore DURABLE0004
}
