using EmbeddedHost.Configuration;
using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;
using EmbeddedHost.Storage;
using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Timers;

/// <summary>Timer triggers.</summary>
internal sealed class TimerTriggerBinding(
    SettingResolver settings, StorageAccounts accounts, TimeProvider time, FunctionInvoker invoker, HostSettings host, Workload workload, ILogger<TimerListener> logger)
    : ITriggerBinding
{
    public Type Attribute => typeof(TimerTriggerAttribute);

    public IBoundTrigger? Bind(FunctionMethod method, Problems problems)
    {
        var attribute = (TimerTriggerAttribute)method.Attribute;
        var before = problems.Count;
        if (method.Trigger.ParameterType != typeof(TimerInfo))
            problems.Add($"{method.Where}: a timer gives a {nameof(TimerInfo)}, not a {method.Trigger.ParameterType.Name}");
        if (!settings.TryResolve(attribute.Schedule, method.Where, problems, out var expression))
            return null;
        var now = time.GetUtcNow().UtcDateTime;
        var schedule = TimerSchedule.Parse(expression, $"{method.Where} (function {method.Name})", now, problems);
        var state = schedule is not null && attribute.UseMonitor && !schedule.IsSubMinute(now) && accounts.Blobs(method.Where, problems) is { } blobs
            ? new TimerState(blobs, host.HostId, method.Name)
            : null;
        return problems.Count > before
            ? null
            : new Bound(f => new TimerListener(f, schedule!, state, attribute.RunOnStartup, time, invoker, workload, logger));
    }

    private sealed class Bound(Func<Function, IListener> listener) : IBoundTrigger
    {
        public string Type => "timerTrigger";

        public IReadOnlySet<string> Names { get; } = new HashSet<string>();

        public IListener CreateListener(Function function) => listener(function);

        public TriggerEvent FromAdmin(Function function, string? input) => new(new TimerInfo());
    }
}
