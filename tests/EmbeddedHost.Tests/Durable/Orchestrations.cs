using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Tests.Durable;

/// <summary>Orchestrators and activities for the tests.</summary>
internal sealed class Scripts(Probe probe)
{
    [Function("Sum")]
    public static async Task<int> Sum([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var sum = 0;
        foreach (var n in context.GetInput<int[]>()!)
            sum += await context.CallActivityAsync<int>("Double", n);
        return sum;
    }

    [Function("FanOut")]
    public static async Task<int> FanOut([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var parts = await Task.WhenAll(Enumerable.Range(1, context.GetInput<int>()).Select(n => context.CallActivityAsync<int>("Double", n)));
        return parts.Sum();
    }

    [Function("Flaky")]
    public static async Task<string> Flaky([OrchestrationTrigger] TaskOrchestrationContext context) =>
        await context.CallActivityAsync<string>("FailTwice", context.InstanceId, TaskOptions.FromRetryPolicy(new RetryPolicy(5, TimeSpan.FromMinutes(1), 2)));

    [Function("GivesUp")]
    public static async Task<string> GivesUp([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        try
        {
            await context.CallActivityAsync("AlwaysFails", options: TaskOptions.FromRetryPolicy(new RetryPolicy(5, TimeSpan.FromSeconds(1))
            {
                HandleFailure = f => !f.IsCausedBy<NotSupportedException>(),
            }));
            return "well";
        }
        catch (TaskFailedException e)
        {
            return $"{e.TaskName} {e.FailureDetails.ErrorType} {e.FailureDetails.IsCausedBy<NotSupportedException>()}";
        }
    }

    [Function("Sleeper")]
    public static async Task<string> Sleeper([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var began = context.CurrentUtcDateTime;
        await context.CreateTimer(context.GetInput<TimeSpan>(), CancellationToken.None);
        return (context.CurrentUtcDateTime - began).ToString();
    }

    [Function("Listener")]
    public static async Task<string> Listener([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        await context.CallActivityAsync("Mark", "first");
        var one = await context.WaitForExternalEvent<string>("word");
        var two = await context.WaitForExternalEvent<string>("WORD");
        try
        {
            await context.WaitForExternalEvent<string>("never", TimeSpan.FromHours(1));
        }
        catch (TaskCanceledException)
        {
            return $"{one} {two} and then silence";
        }

        return "heard";
    }

    [Function("Parent")]
    public static async Task<string> Parent([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var sum = await context.CallSubOrchestratorAsync<int>("Sum", new[] { 1, 2 }, new SubOrchestrationOptions(instanceId: context.InstanceId + "-child"));
        try
        {
            await context.CallSubOrchestratorAsync("Breaks");
        }
        catch (TaskFailedException e)
        {
            return $"{sum}, {e.FailureDetails.ErrorMessage}";
        }

        return "?";
    }

    [Function("Breaks")]
    public static Task<string> Breaks([OrchestrationTrigger] TaskOrchestrationContext context) => throw new InvalidOperationException($"{context.Parent!.InstanceId} asked for it");

    [Function("Counter")]
    public static async Task<int> Counter([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var n = context.GetInput<int>();
        context.SetCustomStatus(new { at = n });
        var add = await context.WaitForExternalEvent<int>("add");
        if (add == 0)
            return n;
        context.ContinueAsNew(n + add);
        return -1;
    }

    [Function("Ids")]
    public static async Task<Guid[]> Ids([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var first = context.NewGuid();
        await context.CallActivityAsync("Mark", first.ToString());
        return [first, context.NewGuid()];
    }

    [Function("Logs")]
    public static async Task Logs([OrchestrationTrigger] TaskOrchestrationContext context)
    {
#pragma warning disable CA1848, CA1873 // The text of one line is what this is about.
        context.CreateReplaySafeLogger("EmbeddedHost.Scripts").LogInformation("once");
#pragma warning restore CA1848, CA1873
        await context.CallActivityAsync("Mark", "a");
        await context.CallActivityAsync("Mark", "b");
    }

    [Function("Fickle")]
    public static async Task<string> Fickle([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        await context.CallActivityAsync(Fickleness.Name, "x");
        await context.WaitForExternalEvent<string>("go");
        return "done";
    }

    [Function("Strays")]
    public static async Task<string> Strays([OrchestrationTrigger] TaskOrchestrationContext context)
    {
#pragma warning disable RS0030 // This is what an orchestrator must not do.
        await Task.Run(() => Thread.Sleep(10));
#pragma warning restore RS0030
        return context.InstanceId;
    }

    [Function("Double")]
    public int Double([ActivityTrigger] int n)
    {
        probe.See(n);
        return 2 * n;
    }

    [Function("Mark")]
    public void Mark([ActivityTrigger] string what) => probe.See(what);

    [Function("Mark2")]
    public void Mark2([ActivityTrigger] string what) => probe.See(what);

    [Function("FailTwice")]
    public async Task<string> FailTwice([ActivityTrigger] string instance, FunctionContext context)
    {
        probe.See(instance);
        await Task.Yield();
        return probe.All.Count < 3 ? throw new InvalidOperationException($"try {probe.All.Count} in {context.FunctionDefinition.Name}") : $"try {probe.All.Count}";
    }

    [Function("AlwaysFails")]
    public void AlwaysFails([ActivityTrigger] string? nothing)
    {
        probe.See("failed");
        throw new NotSupportedException("never" + nothing);
    }
}

/// <summary>What the fickle orchestrator calls: another thing than before is not deterministic.</summary>
internal static class Fickleness
{
    public static string Name { get; set; } = "Mark";
}
