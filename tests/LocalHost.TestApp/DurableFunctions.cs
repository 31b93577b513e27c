using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace TestApp;

/// <summary>An order of a shop.</summary>
public sealed record Order(string Item, int Count);

/// <summary>What orchestrations can do, one small orchestrator for each.</summary>
public static class DurableFunctions
{
    private static readonly RetryPolicy Patient = new(5, TimeSpan.FromMilliseconds(100));

    private static readonly RetryPolicy OfTimeouts = new(5, TimeSpan.FromMilliseconds(100))
    {
        HandleFailure = f => f.IsCausedBy<TimeoutException>(),
    };

    [Function("Buy")]
    public static async Task<string> Buy([OrchestrationTrigger] TaskOrchestrationContext context, Order order)
    {
        var packed = await context.CallActivityAsync<string>("Pack", order);
        var sent = await context.CallActivityAsync<string>("Send", order.Item);
        return $"{packed}, {sent}";
    }

    [Function("Pack")]
    public static string Pack([ActivityTrigger] Order order, string instanceId) => $"{order.Item} x{order.Count} packed for {instanceId}";

    [Function("Send")]
    public static Task<string> Send([ActivityTrigger] string item) => Task.FromResult($"{item} sent");

    [Function("Square")]
    public static async Task<int> Square([OrchestrationTrigger] TaskOrchestrationContext context, int upTo)
    {
        var squares = await Task.WhenAll(Enumerable.Range(0, upTo).Select(n => context.CallActivityAsync<int>("SquareOne", n)));
        return squares.Sum();
    }

    [Function("SquareOne")]
    public static int SquareOne([ActivityTrigger] int number) => number * number;

    [Function("Shapes")]
    public static async Task<string> Shapes([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var nothing = await context.CallActivityAsync<string?>("Nothing");
        var number = await context.CallActivityAsync<double>("Half", 5);
        var order = await context.CallActivityAsync<Order>("Twofold", new Order("pen", 2));
        var texts = await context.CallActivityAsync<string[]>("Letters", "ab");
        return $"{nothing ?? "null"} {number} {order.Item}{order.Count} {string.Join('+', texts)}";
    }

    [Function("Nothing")]
    public static string? Nothing([ActivityTrigger] FunctionContext context) => null;

    [Function("Half")]
    public static double Half([ActivityTrigger] int number) => number / 2d;

    [Function("Twofold")]
    public static Order Twofold([ActivityTrigger] Order order) => order with { Count = order.Count * 2 };

    [Function("Letters")]
    public static string[] Letters([ActivityTrigger] string text) => [.. text.Select(c => c.ToString())];

    [Function("Sleeps")]
    public static async Task<double> Sleeps([OrchestrationTrigger] TaskOrchestrationContext context, double seconds)
    {
        var began = context.CurrentUtcDateTime;
        await context.CreateTimer(TimeSpan.FromSeconds(seconds), CancellationToken.None);
        return (context.CurrentUtcDateTime - began).TotalSeconds;
    }

    [Function("TwoApprovals")]
    public static async Task<string> TwoApprovals([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var first = await context.WaitForExternalEvent<string>("Approval");
        var second = await context.WaitForExternalEvent<string>("Approval");
        return $"{first} and {second}";
    }

    [Function("ApprovalOrEscalate")]
    public static async Task<string> ApprovalOrEscalate([OrchestrationTrigger] TaskOrchestrationContext context, double seconds)
    {
        context.SetCustomStatus("waiting");
        try
        {
            return await context.WaitForExternalEvent<string>("Approval", TimeSpan.FromSeconds(seconds));
        }
        catch (OperationCanceledException)
        {
            return "escalated";
        }
    }

    [Function("Stubborn")]
    public static Task<string> Stubborn([OrchestrationTrigger] TaskOrchestrationContext context, int until) =>
        context.CallActivityAsync<string>("Try", new Order(context.InstanceId, until), TaskOptions.FromRetryPolicy(Patient));

    [Function("Picky")]
    public static Task<string> Picky([OrchestrationTrigger] TaskOrchestrationContext context) =>
        context.CallActivityAsync<string>("Try", new Order(context.InstanceId, 3), TaskOptions.FromRetryPolicy(OfTimeouts));

    [Function("Try")]
    public static string Try([ActivityTrigger] Order order)
    {
        for (var number = 1; number <= order.Count; number++)
        {
            if (!Probe.Once($"{order.Item}-{number}"))
                continue;
            return number == order.Count ? $"went at attempt {number}" : throw new InvalidOperationException($"attempt {number} fails");
        }

        throw new InvalidOperationException("one attempt too many");
    }

    [Function("Parent")]
    public static Task<string> Parent([OrchestrationTrigger] TaskOrchestrationContext context, string child) =>
        context.CallSubOrchestratorAsync<string>("Child", options: new SubOrchestrationOptions(instanceId: child));

    [Function("Child")]
    public static string Child([OrchestrationTrigger] TaskOrchestrationContext context) =>
        $"{context.InstanceId} under {context.Parent!.InstanceId}";

    [Function("ParentOfFailure")]
    public static async Task<string> ParentOfFailure([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        try
        {
            await context.CallSubOrchestratorAsync("Picky");
            return "?";
        }
        catch (TaskFailedException e)
        {
            return $"{e.TaskName}: {e.FailureDetails.ErrorType} {e.FailureDetails.InnerFailure?.ErrorType}";
        }
    }

    [Function("Collector")]
    public static async Task<int> Collector([OrchestrationTrigger] TaskOrchestrationContext context, int sum)
    {
        sum += await context.WaitForExternalEvent<int>("Number");
        if (sum == 15)
            return sum;
        // Takes a step in which further events come early.
        await context.CallActivityAsync("Nothing");
        context.ContinueAsNew(sum);
        return -1;
    }

    [Function("Sender")]
    public static async Task Sender([OrchestrationTrigger] TaskOrchestrationContext context, string receiver)
    {
        await context.CallActivityAsync("Nothing");
        context.SendEvent(receiver, "Approval", "from afar");
    }

    [Function("Deterministic")]
    public static async Task<string> Deterministic([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var (id, now) = (context.NewGuid(), context.CurrentUtcDateTime);
        var same = await context.CallActivityAsync<string>("Echo", $"{id} {now:o}");
        var other = context.NewGuid();
        await context.CallActivityAsync<string>("Echo", "once more");
        return $"{same == $"{id} {now:o}"} {id != other}";
    }

    [Function("Echoes")]
    public static Task<string> Echoes([OrchestrationTrigger] TaskOrchestrationContext context, string text) =>
        context.CallActivityAsync<string>("Echo", text);

    [Function("Echo")]
    public static string Echo([ActivityTrigger] string text) => text;

    [Function("Calls")]
    public static Task Calls([OrchestrationTrigger] TaskOrchestrationContext context, string activity) =>
        context.CallActivityAsync(activity);

    /// <summary>Activities one after the other, for the benchmark.</summary>
    [Function("Line")]
    public static async Task<int> Line([OrchestrationTrigger] TaskOrchestrationContext context, int count)
    {
        for (var n = 0; n < count; n++)
            await context.CallActivityAsync<string>("Echo", $"{n}");
        return count;
    }

    /// <summary>Activities side by side, for the benchmark.</summary>
    [Function("Fan")]
    public static async Task<int> Fan([OrchestrationTrigger] TaskOrchestrationContext context, int count) =>
        (await Task.WhenAll(Enumerable.Range(0, count).Select(n => context.CallActivityAsync<string>("Echo", $"{n}")))).Length;

    /// <summary>Steps that each wait for a gate of their name; a step that was cut off is tried again.</summary>
    [Function("Steps")]
    public static async Task<string> Steps([OrchestrationTrigger] TaskOrchestrationContext context, string[] names)
    {
        var results = new List<string>();
        foreach (var name in names)
            results.Add(await context.CallActivityAsync<string>("Step", name, TaskOptions.FromRetryPolicy(Patient)));
        return string.Join(' ', results);
    }

    /// <summary>A step without another try.</summary>
    [Function("OneStep")]
    public static async Task<string> OneStep([OrchestrationTrigger] TaskOrchestrationContext context, string name)
    {
        try
        {
            return await context.CallActivityAsync<string>("Step", name);
        }
        catch (TaskFailedException e)
        {
            return $"failed: {e.FailureDetails.ErrorMessage}";
        }
    }

    [Function("Step")]
    public static async Task<string> StepAsync([ActivityTrigger] string name, CancellationToken cancellationToken)
    {
        Probe.See($"begin {name}");
        await Probe.PassAsync(name, cancellationToken);
        Probe.See($"end {name}");
        return name;
    }

    /// <summary>An orchestrator that waits for a gate by itself, so that a kill hits its episode.</summary>
    [Function("SlowEpisode")]
    public static async Task<string> SlowEpisode([OrchestrationTrigger] TaskOrchestrationContext context, string gate)
    {
        Probe.See($"episode {context.IsReplaying}");
        Probe.Pass(gate);
        return await context.CallActivityAsync<string>("Echo", "after the gate");
    }

    [Function("StartEcho")]
    public static async Task<IActionResult> StartEcho(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "echo/{id}")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client
    )
    {
        var options = new StartOrchestrationOptions(id);
        await client.ScheduleNewOrchestrationInstanceAsync("Echoes", "from http", options, CancellationToken.None);
        var ended = await client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, CancellationToken.None);
        return new ContentResult { Content = ended.ReadOutputAs<string>() };
    }
}
