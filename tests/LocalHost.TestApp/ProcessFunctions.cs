using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace TestApp;

/// <summary>What shows how the host treats the process, its log and its cancellation.</summary>
public sealed partial class ProcessFunctions(ILogger<ProcessFunctions> logger)
{
    [Function("ProcessId")]
    public static IActionResult ProcessId([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) =>
        new ContentResult { Content = $"{Environment.ProcessId}" };

    [Function("Setting")]
    public static IActionResult Setting(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "setting/{name}")] HttpRequest request,
        string name
    ) => new ContentResult { Content = Environment.GetEnvironmentVariable(name) ?? "(not set)" };

    /// <summary>Ends the process as kill -9 does.</summary>
    [Function("Crash")]
    public static void Crash([HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request) => Process.GetCurrentProcess().Kill();

    /// <summary>Ends the process with an exception that is not caught.</summary>
    [Function("Unhandled")]
    public static void Unhandled([HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request)
    {
        var thread = new Thread(() => throw new InvalidOperationException("lost on a thread"));
        thread.Start();
        thread.Join();
    }

    /// <summary>Runs until it is cancelled.</summary>
    [Function("Patient")]
    public async Task PatientAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request,
        CancellationToken cancellationToken
    )
    {
        Saw("begin");
        var cancelled = Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        await cancelled.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Saw("cancelled");
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Runs for ever.</summary>
    [Function("Deaf")]
    public async Task DeafAsync([HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request)
    {
        Saw("begin");
        await new TaskCompletionSource().Task;
    }

    /// <summary>Runs for a given time.</summary>
    [Function("Slow")]
    public async Task<IActionResult> SlowAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "slow/{milliseconds:int}")] HttpRequest request,
        int milliseconds
    )
    {
        Saw("begin");
        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System);
        Saw("end");
        return new OkResult();
    }

    [Function("Log")]
    public void Log([HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request)
    {
        Careful(7);
        Broken(new InvalidDataException("the cause"));
        Console.WriteLine("raw output");
        Console.Error.WriteLine("raw error");
    }

    [LoggerMessage(1, LogLevel.Information, "{What}")]
    private partial void Saw(string what);

    [LoggerMessage(41, LogLevel.Warning, "careful {Number}")]
    private partial void Careful(int number);

    [LoggerMessage(42, LogLevel.Error, "broken")]
    private partial void Broken(Exception exception);
}
