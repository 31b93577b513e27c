using System.Reflection;
using LocalHost.Configuration;
using LocalHost.Worker;

namespace LocalHost.Hosting;

/// <summary>What the host is doing, for the admin endpoints.</summary>
internal sealed class HostStatus(HostContext context, WorkerSupervisor worker, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();

    /// <summary>All functions, by name.</summary>
    public IEnumerable<WorkerFunction> Functions => worker.Functions.Values.OrderBy(f => f.Name, StringComparer.Ordinal);

    /// <summary>What starts functions, once it is there.</summary>
    public IReadOnlyList<IFunctionStarter> Starters { get; set; } = [];

    /// <summary>Whether everything has started.</summary>
    public bool IsRunning { get; set; }

    /// <summary>Why the host cannot run; null when it can.</summary>
    public string? Error { get; set; }

    /// <summary>Whether a function is switched off.</summary>
    public bool IsDisabled(WorkerFunction function) => context.IsDisabled(function.Name);

    /// <summary>The answer of <c>/admin/host/status</c>.</summary>
    public object Report() =>
        new
        {
            id = context.Settings.HostId,
            state = State(),
            version = typeof(HostStatus).Assembly.GetCustomAttribute<AssemblyFileVersionAttribute>()?.Version,
            processUptime = (long)time.GetElapsedTime(_started).TotalMilliseconds,
            workerProcessId = worker.ProcessId,
            errors = Error is null ? Array.Empty<string>() : [Error],
        };

    private string State()
    {
        if (Error is not null)
            return "Error";
        return IsRunning ? "Running" : "Starting";
    }
}
