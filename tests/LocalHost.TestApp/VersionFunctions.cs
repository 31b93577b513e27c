using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace TestApp;

/// <summary>Orchestrators that show under which version they run.</summary>
public static class VersionFunctions
{
    /// <summary>The event that the orchestrators here wait for.</summary>
    private const string Next = "Next";

    /// <summary>
    /// Notes its version in each generation, as its status and in the end as its result. Event <c>end</c> ends it, <c>same</c> begins a new
    /// generation without a version, and any other text one with that version.
    /// </summary>
    [Function("Generations")]
    public static async Task<string> Generations([OrchestrationTrigger] TaskOrchestrationContext context, string? earlier)
    {
        var seen = $"{earlier}[{context.Version}]";
        context.SetCustomStatus(seen);
        var next = await context.WaitForExternalEvent<string>(Next);
        if (next != "end")
            context.ContinueAsNew(new ContinueAsNewOptions { NewInput = seen, NewVersion = next == "same" ? null : next });
        return seen;
    }

    /// <summary>After an event: its own version, that of a child, and that of a child which is given its parent's.</summary>
    [Function("Family")]
    public static async Task<string> Family([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        context.SetCustomStatus("waits");
        await context.WaitForExternalEvent<string>(Next);
        var child = await context.CallSubOrchestratorAsync<string>("Version");
        var given = await context.CallSubOrchestratorAsync<string>(
            "Version",
            options: new SubOrchestrationOptions { Version = context.Version }
        );
        return $"{context.Version} {child} {given}";
    }

    [Function("Version")]
    public static string Version([OrchestrationTrigger] TaskOrchestrationContext context) => context.Version;

    /// <summary>Notes that an activity failed, and tries it once more after an event.</summary>
    [Function("EchoTwice")]
    public static async Task<string> EchoTwice([OrchestrationTrigger] TaskOrchestrationContext context, string text)
    {
        try
        {
            return await context.CallActivityAsync<string>("Echo", text);
        }
        catch (TaskFailedException e)
        {
            context.SetCustomStatus(e.FailureDetails.ErrorMessage);
            await context.WaitForExternalEvent<string>(Next);
            return await context.CallActivityAsync<string>("Echo", text);
        }
    }
}
