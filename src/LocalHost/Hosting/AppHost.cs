using System.Diagnostics;
using LocalHost.Configuration;
using LocalHost.Http;
using LocalHost.Timers;
using LocalHost.WebJobs;
using LocalHost.Worker;
using Microsoft.Extensions.Logging;

namespace LocalHost.Hosting;

/// <summary>Makes what starts functions, for one run of the host at an address.</summary>
internal delegate IReadOnlyList<IFunctionStarter> CreateStarters(
    HostContext context,
    Uri address,
    IWorkerChannel worker,
    ILoggerFactory loggers,
    TimeProvider time
);

/// <summary>
/// The host: the public web server first, then the worker, then what starts functions. It stops in the opposite order: nothing new is
/// started, running functions end or are cancelled, and only then the worker ends.
/// </summary>
internal sealed class AppHost : IAsyncDisposable
{
    private readonly HostContext _context;
    private readonly CreateStarters _createStarters;
    private readonly ILoggerFactory _loggers;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly PublicServer _public;
    private readonly WorkerServer _server;
    private readonly HostStatus _status;
    private readonly long _started = Stopwatch.GetTimestamp();
    private bool _stopped;

    public AppHost(HostContext context, CreateStarters createStarters, ILoggerFactory loggers, TimeProvider time)
    {
        _context = context;
        _createStarters = createStarters;
        _loggers = loggers;
        _time = time;
        _logger = loggers.CreateLogger("LocalHost");
        Worker = new WorkerSupervisor(context.WorkerOptions, loggers, time);
        _status = new HostStatus(context, Worker, time);
        _public = new PublicServer(context, Worker, _status, loggers);
        _server = new WorkerServer(Worker, loggers);
    }

    /// <summary>Where functions are called, once <see cref="BindAsync"/> has returned.</summary>
    public Uri Address => _public.Address;

    /// <summary>Where the worker finds the host.</summary>
    public int WorkerPort => _server.Port;

    /// <summary>The worker.</summary>
    public WorkerSupervisor Worker { get; }

    /// <summary>What the host does by default: timers, queues and orchestrations.</summary>
    public static IReadOnlyList<IFunctionStarter> DefaultStarters(
        HostContext context,
        Uri address,
        IWorkerChannel worker,
        ILoggerFactory loggers,
        TimeProvider time
    ) => [new TimerStarter(context, worker, loggers, time), new WebJobsHost(context, address, worker, loggers)];

    /// <summary>Listens on the public port. Until the worker is ready, functions are answered for with 503.</summary>
    /// <exception cref="StartupException">The port is taken.</exception>
    public Task BindAsync(CancellationToken cancellationToken) => _public.StartAsync(cancellationToken);

    /// <summary>Starts the worker and begins to start functions.</summary>
    /// <exception cref="StartupException">The app or a setting prevents it; the message is one line.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            _status.Starters = _createStarters(_context, Address, Worker, _loggers, _time);
            await _server.StartAsync(cancellationToken);
            var preparing = Task.WhenAll(_status.Starters.Select(s => s.PrepareAsync(cancellationToken)));
            await Worker.StartAsync(_server.Port, Address, cancellationToken);
            // Neither the app's own reason nor a stop waits for storage that does not answer.
            await preparing.WaitAsync(cancellationToken);
            var routes = HttpRoute.From(Worker.Functions.Values, HostJson.RoutePrefix(_context.Configuration));
            RequireServed();
            RequireQueueNames();
            var enabled = Worker.Functions.Values.Where(f => !_context.IsDisabled(f.Name)).ToList();
            await Task.WhenAll(_status.Starters.Select(s => s.ConnectAsync(cancellationToken)));
            // As the real host does: requests do not wait for queues, timers and the task hub.
            _public.Serve(routes);
            await Task.WhenAll(_status.Starters.Select(s => s.StartAsync([.. enabled.Where(f => s.Starts(f.Trigger))], cancellationToken)));
            _status.IsRunning = true;
            Report(routes);
        }
        catch (StartupException e)
        {
            _status.Error = e.Message;
            throw;
        }
    }

    /// <summary>Runs until the token is cancelled.</summary>
    /// <exception cref="StartupException">The worker crashed too often, or a part of the host cannot go on.</exception>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAny([Worker.Ended, .. _status.Starters.Select(s => s.Failure)]).Unwrap().WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // A stop was asked for.
        }
        catch (StartupException e)
        {
            _status.Error = e.Message;
            throw;
        }
    }

    /// <summary>Starts nothing more, lets running functions end within the drain time, cancels the rest, and ends the worker.</summary>
    public async Task StopAsync()
    {
        if (_stopped)
            return;
        _stopped = true;
        var drainTime = _context.Settings.DrainTime;
        _logger.Stopping(drainTime.TotalSeconds);
        using var hurry = new CancellationTokenSource();
        var ending = Task.WhenAll([_public.StopAsync(hurry.Token), .. _status.Starters.Select(s => s.StopAsync(hurry.Token))]);
        await Worker.DrainAsync(ending, drainTime);
        await hurry.CancelAsync();
        await ending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Worker.DisposeAsync();
        _logger.Stopped();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var starter in _status.Starters)
            await starter.DisposeAsync();
        await _public.DisposeAsync();
        await _server.DisposeAsync();
    }

    // A function that nothing starts would be silent for ever, and so would an output that nothing writes.
    private void RequireServed()
    {
        var lost = Worker
            .Functions.Values.Where(f => !f.Trigger.IsOfType(HttpRoute.Trigger) && !_status.Starters.Any(s => s.Starts(f.Trigger)))
            .Select(f => $"function {f.Name}: this host does not know the trigger {f.Trigger.Type}")
            .Concat(
                Worker.Functions.Values.SelectMany(f =>
                    f.Outputs.Where(o => !o.IsOfType("http") && !(o.IsOfType("queue") && f.Trigger.IsOfType("queueTrigger")))
                        .Select(o =>
                            $"function {f.Name}: this host does not write the output {o.Name} of type {o.Type} of a {f.Trigger.Type}"
                        )
                )
            )
            .ToList();
        if (lost.Count > 0)
            throw new StartupException(string.Join("; ", lost));
    }

    // The queue extension would name the setting that is missing, but not the function.
    private void RequireQueueNames()
    {
        var problems = new List<string>();
        foreach (var function in Worker.Functions.Values)
        {
            foreach (var name in function.Outputs.Append(function.Trigger).Select(b => b.Text("queueName") ?? ""))
            {
                try
                {
                    _ = _context.Resolve(name);
                }
                catch (FormatException e)
                {
                    problems.Add($"function {function.Name}: {e.Message}");
                }
            }
        }

        if (problems.Count > 0)
            throw new StartupException(string.Join("; ", problems));
    }

    private void Report(IReadOnlyList<HttpRoute> routes)
    {
        var address = Address.GetLeftPart(UriPartial.Authority);
        foreach (var function in _status.Functions)
        {
            if (_status.IsDisabled(function))
                _logger.Disabled(function.Name, function.Trigger.Type);
            else if (routes.FirstOrDefault(r => r.Function == function) is { } route)
                _logger.Route(function.Name, string.Join(',', route.Methods), $"{address}/{route.Pattern.RawText}");
            else
                _logger.Function(function.Name, function.Trigger.Type);
        }

        if (_context.Settings.MasterKey is null)
            _logger.MasterKeyMissing(HostSettings.MasterKeyVariable, "/admin and functions of level admin");
        if (_context.Settings.DefaultKey is null && routes.Any(r => r.Level == KeyLevel.Function))
            _logger.DefaultKeyMissing(HostSettings.DefaultKeyVariable, "functions of level function");
        _logger.Running(Worker.Functions.Count, address, (long)Stopwatch.GetElapsedTime(_started).TotalMilliseconds);
    }
}
