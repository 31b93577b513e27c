using Microsoft.Extensions.Logging;

namespace LocalHost.Worker;

internal static partial class WorkerLog
{
    [LoggerMessage(100, LogLevel.Information, "Worker {Version} is ready after {Milliseconds} ms: process {ProcessId}, {Count} functions")]
    public static partial void Ready(this ILogger logger, string version, long milliseconds, int processId, int count);

    [LoggerMessage(101, LogLevel.Error, "The worker ended with exit code {ExitCode} ({Crash} of {MaxCrashes} crashes in a row): {Reason}")]
    public static partial void Crashed(this ILogger logger, int exitCode, int crash, int maxCrashes, string reason);

    [LoggerMessage(102, LogLevel.Error, "{Trace}")]
    public static partial void CrashTrace(this ILogger logger, string trace);

    [LoggerMessage(103, LogLevel.Warning, "A process that is not the worker called the worker port; it was refused")]
    public static partial void Stranger(this ILogger logger);

    [LoggerMessage(
        104,
        LogLevel.Warning,
        "Function {FunctionName} has run longer than functionTimeout {Timeout} of host.json: it is cancelled (invocation {InvocationId})"
    )]
    public static partial void TimedOut(this ILogger logger, string functionName, TimeSpan timeout, string invocationId);

    [LoggerMessage(
        105,
        LogLevel.Warning,
        "Function {FunctionName} did not stop within {Seconds} s after its time-out: the worker is restarted"
    )]
    public static partial void EndedForTimeout(this ILogger logger, string functionName, double seconds);

    [LoggerMessage(106, LogLevel.Information, "{Line}")]
    public static partial void Output(this ILogger logger, string line);

    [LoggerMessage(107, LogLevel.Warning, "{Line}")]
    public static partial void ErrorOutput(this ILogger logger, string line);

    [LoggerMessage(108, LogLevel.Warning, "{Count} functions have not ended within {Seconds} s of the stop: they are cancelled")]
    public static partial void DrainTimeOver(this ILogger logger, int count, double seconds);

    [LoggerMessage(109, LogLevel.Warning, "The worker did not end within {Seconds} s of its request to stop: it is killed")]
    public static partial void Killed(this ILogger logger, double seconds);

    [LoggerMessage(111, LogLevel.Information, "Executed {FunctionName} (succeeded, invocation {InvocationId}, {Milliseconds} ms)")]
    public static partial void Succeeded(this ILogger logger, string functionName, string invocationId, long milliseconds);

    // The worker writes the exception itself; this line adds that the invocation has ended, and how long it took.
    [LoggerMessage(112, LogLevel.Information, "Executed {FunctionName} (failed, invocation {InvocationId}, {Milliseconds} ms): {Reason}")]
    public static partial void Failed(this ILogger logger, string functionName, string invocationId, long milliseconds, string reason);

    [LoggerMessage(113, LogLevel.Error, "Executed {FunctionName} (broken off, invocation {InvocationId}, {Milliseconds} ms): {Reason}")]
    public static partial void BrokenOff(this ILogger logger, string functionName, string invocationId, long milliseconds, string reason);
}
