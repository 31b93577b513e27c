using Azure;
using Azure.Data.Tables;

namespace EmbeddedHost.Tests.Durable;

/// <summary>An orchestration that uses everything: what the process is killed in the middle of.</summary>
internal sealed class Script(TableServiceClient tables, ScriptSettings settings)
{
    public const string Id = "script";

    public const string Go = "Go";

    private static readonly RetryPolicy Thrice = new(3, TimeSpan.FromMilliseconds(20));

    public sealed record Round(int Number, string Text);

    [Function("Script")]
    public static async Task<string> Run([OrchestrationTrigger] TaskOrchestrationContext context, Round round)
    {
        if (round.Number == 1)
            return await EndAsync(context, round);
        var first = await context.CallActivityAsync<string>("Effect", "a");
        var fan = await Task.WhenAll(new[] { "f1", "f2", "f3" }.Select(n => context.CallActivityAsync<string>("Effect", n)));
        context.SetCustomStatus("half");
        var flaky = await context.CallActivityAsync<string>("Flaky", "r", new TaskOptions(Thrice));
        await context.CreateTimer(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        var child = await context.CallSubOrchestratorAsync<string>("Child", options: new SubOrchestrationOptions(instanceId: "child"));
        var sent = await context.WaitForExternalEvent<int>("FromChild");
        var go = await context.WaitForExternalEvent<string>(Go);
        context.ContinueAsNew(new Round(1, string.Join(' ', [first, .. fan, flaky, child, $"{sent}", go])));
        return "?";
    }

    [Function("Child")]
    public static async Task<string> Child([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var effect = await context.CallActivityAsync<string>("Effect", "c");
        context.SendEvent(context.Parent!.InstanceId, "FromChild", 5);
        return $"child of {context.Parent.Name}: {effect}";
    }

    /// <summary>Applied once, whoever calls it again: its row's key is its name.</summary>
    [Function("Effect")]
    public async Task<string> Effect([ActivityTrigger] string name)
    {
        await InsertAsync(name);
        return name.ToUpperInvariant();
    }

    [Function("Flaky")]
    public async Task<string> Flaky([ActivityTrigger] string name)
    {
        if (await InsertAsync("attempt"))
            throw new InvalidOperationException("the first attempt fails");
        await InsertAsync(name);
        return name.ToUpperInvariant();
    }

    private static async Task<string> EndAsync(TaskOrchestrationContext context, Round round)
    {
        var last = await context.CallActivityAsync<string>("Effect", "z");
        try
        {
            // A second one of the kind would have been kept over the new beginning.
            await context.WaitForExternalEvent<int>("FromChild", TimeSpan.FromMilliseconds(20));
            return "the child's event came twice";
        }
        catch (OperationCanceledException)
        {
            return $"{round.Text} {last}";
        }
    }

    private async Task<bool> InsertAsync(string name)
    {
        try
        {
            await tables.GetTableClient(settings.Effects).AddEntityAsync(new TableEntity(settings.Hub, name));
            return true;
        }
        catch (RequestFailedException e) when (e.Status == 409)
        {
            return false;
        }
    }
}

/// <summary>Where a script's effects go.</summary>
internal sealed record ScriptSettings(string Effects, string Hub);
