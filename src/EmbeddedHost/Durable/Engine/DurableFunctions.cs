using EmbeddedHost.Invocation;

namespace EmbeddedHost.Durable;

/// <summary>The app's orchestrators and activities, by name whatever its case.</summary>
internal sealed class DurableFunctions(FunctionCatalog catalog)
{
    public Function? Orchestrator(string? name) => catalog.All.FirstOrDefault(f => Is(f, name, (f.Trigger as BoundOrchestration)?.Name));

    public Function? Activity(string? name) => catalog.All.FirstOrDefault(f => Is(f, name, (f.Trigger as BoundActivity)?.Name));

    /// <summary>Whether the app has any use for a task hub.</summary>
    public bool Any => catalog.All.Any(f => f.Trigger is BoundOrchestration or BoundActivity || DurableClientBinding.Wants(f.Method.Method));

    /// <summary>Says that there is no such function, and which there are.</summary>
    public string NoOrchestrator(string? name) => $"there is no orchestrator '{name}' in this app; there is {Names(f => (f.Trigger as BoundOrchestration)?.Name)}";

    /// <summary>Says that there is no such function, and which there are.</summary>
    public string NoActivity(string? name) => $"there is no activity '{name}' in this app; there is {Names(f => (f.Trigger as BoundActivity)?.Name)}";

    private static bool Is(Function function, string? name, string? own) =>
        !function.Disabled && own is not null && own.Equals(name, StringComparison.OrdinalIgnoreCase);

    private string Names(Func<Function, string?> of) => catalog.All.Where(f => !f.Disabled).Select(of).OfType<string>().ToList() is { Count: > 0 } names
        ? string.Join(", ", names)
        : "none";
}
