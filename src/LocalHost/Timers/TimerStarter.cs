using Azure.Storage.Blobs;
using LocalHost.Configuration;
using LocalHost.Hosting;
using LocalHost.Worker;
using Microsoft.Extensions.Logging;

namespace LocalHost.Timers;

/// <summary>Fires the timer functions, as long as this host holds the lease for them.</summary>
internal sealed class TimerStarter(HostContext context, IWorkerChannel worker, ILoggerFactory loggers, TimeProvider time) : IFunctionStarter
{
    private const string StorageSetting = "AzureWebJobsStorage";

    private readonly ILogger _logger = loggers.CreateLogger("LocalHost.Timers");
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    /// <inheritdoc/>
    public Task Failure { get; } = new TaskCompletionSource().Task;

    /// <inheritdoc/>
    public bool Starts(FunctionBinding trigger) => trigger.IsOfType("timerTrigger");

    /// <inheritdoc/>
    public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(IReadOnlyList<WorkerFunction> functions, CancellationToken cancellationToken)
    {
        if (functions.Count == 0)
            return Task.CompletedTask;
        var container = Container();
        var problems = new List<string>();
        var timers = new List<TimerLoop>();
        foreach (var function in functions)
        {
            try
            {
                timers.Add(CreateLoop(function, container));
            }
            catch (FormatException e)
            {
                problems.Add($"function {function.Name}: {e.Message}");
            }
        }

        if (problems.Count > 0)
            throw new StartupException(string.Join("; ", problems));
        _running = Task.Run(() => RunAsync(timers, container, _stopping.Token), CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public Task RunByHandAsync(WorkerFunction function, string? input, CancellationToken cancellationToken)
    {
        _ = new TimerData(null, false).InvokeAsync(worker, function);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _stopping.Dispose();
        return ValueTask.CompletedTask;
    }

    private BlobContainerClient Container()
    {
        if (context.Configuration[StorageSetting] is not { Length: > 0 } connection)
            throw new StartupException($"setting {StorageSetting}: is not set; timers keep their state in that storage account");
        try
        {
            return new BlobContainerClient(connection, StatusBlob.Container);
        }
        catch (FormatException)
        {
            // Without the reason: it may repeat the account's key.
            throw new StartupException($"setting {StorageSetting}: is not a storage connection string");
        }
    }

    private TimerLoop CreateLoop(WorkerFunction function, BlobContainerClient container)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var schedule = TimerSchedule.Parse(context.Resolve(function.Trigger.Text("schedule") ?? ""), now);
        var hasMonitor = function.Trigger.Flag("useMonitor") != false && !schedule.IsSubMinute(now);
        var blob = hasMonitor ? new StatusBlob(container, context.Settings.HostId, function.Name) : null;
        return new TimerLoop(function, schedule, blob, worker, time, _logger);
    }

    private async Task RunAsync(IReadOnlyList<TimerLoop> timers, BlobContainerClient container, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await using var lease = await TimerLease.AcquireAsync(container, context.Settings.HostId, _logger, cancellationToken);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
                await Task.WhenAll(timers.Select(t => t.RunAsync(either.Token)));
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Stopped while another host fires them.
            }
        }
    }
}
