using System.Diagnostics;
using Grpc.Core;
using LocalHost.Hosting;
using LocalHost.Rpc;
using Microsoft.Extensions.Logging;

namespace LocalHost.Worker;

/// <summary>How the app is run.</summary>
/// <param name="AppDll">The app's assembly, a full path.</param>
/// <param name="Environment">The environment of its process.</param>
/// <param name="FunctionTimeout">How long a function may run; null for as long as it likes.</param>
internal sealed record WorkerOptions(string AppDll, IReadOnlyDictionary<string, string> Environment, TimeSpan? FunctionTimeout)
{
    /// <summary>The app's folder.</summary>
    public string AppFolder { get; } = Path.GetDirectoryName(AppDll)!;
}

/// <summary>
/// Keeps one worker process alive and runs functions in it. A worker that died is started again after a pause; after three crashes in a row
/// (less than 30 minutes apart, as in the real host) the host gives up.
/// </summary>
internal sealed class WorkerSupervisor(Func<Uri, WorkerOptions> createOptions, ILoggerFactory loggers, TimeProvider time)
    : IWorkerChannel,
        IAsyncDisposable
{
    /// <summary>At this many crashes in a row the host gives up.</summary>
    public const int MaxCrashes = 3;

    private static readonly TimeSpan CrashMemory = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly ILogger _logger = loggers.CreateLogger("LocalHost.Worker");
    private readonly ILogger _output = loggers.CreateLogger("LocalHost.Worker.Output");
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RunningCount _running = new();
    private volatile TaskCompletionSource<WorkerSession> _ready = New();
    private volatile WorkerSession? _session;
    private WorkerOptions _options = new("", new Dictionary<string, string>(), null);
    private Task _life = Task.CompletedTask;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, WorkerFunction> Functions { get; private set; } = new Dictionary<string, WorkerFunction>();

    /// <inheritdoc/>
    public string? DurableClient { get; set; }

    /// <summary>The process id of the present worker; null while there is none.</summary>
    public int? ProcessId => _session?.Process.Id;

    /// <summary>Ends when no worker will be started any more: fails with the reason when the host gave up.</summary>
    public Task Ended => _life;

    /// <summary>Starts the first worker and waits until it is ready.</summary>
    /// <param name="rpcPort">Where the worker finds this host.</param>
    /// <param name="address">Where the app is reached from outside.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StartupException">The app cannot start; the message is the app's own.</exception>
    public Task StartAsync(int rpcPort, Uri address, CancellationToken cancellationToken)
    {
        _options = createOptions(address);
        _life = Task.Run(() => KeepAliveAsync(rpcPort), CancellationToken.None);
        return Task.WhenAny(_first.Task, _life).Unwrap().WaitAsync(cancellationToken);
    }

    /// <summary>Takes a worker's stream; a process that does not know the present worker's id is refused.</summary>
    public async Task ServeAsync(
        IAsyncStreamReader<StreamingMessage> incoming,
        IServerStreamWriter<StreamingMessage> outgoing,
        CancellationToken cancellationToken
    )
    {
        if (await incoming.MoveNext(cancellationToken) && _session is { } session && incoming.Current.StartStream?.WorkerId == session.Id)
        {
            await session.ServeAsync(incoming, outgoing, cancellationToken);
            await EndProcessAsync(session);
            return;
        }

        _logger.Stranger();
        throw new Grpc.Core.RpcException(new Status(StatusCode.PermissionDenied, "not the worker"));
    }

    /// <inheritdoc/>
    public InvocationRequest CreateRequest(WorkerFunction function, TypedData trigger)
    {
        var trace = Activity.Current?.TraceId ?? ActivityTraceId.CreateRandom();
        var request = new InvocationRequest
        {
            FunctionId = function.Id,
            InvocationId = Ids.New(),
            TraceContext = new TraceContext { TraceParent = $"00-{trace}-{ActivitySpanId.CreateRandom()}-01" },
        };
        request.InputData.Add(new ParameterBinding { Name = function.Trigger.Name, Data = trigger });
        foreach (var input in function.Inputs.Where(i => i.IsOfType("durableClient")))
            request.InputData.Add(
                new ParameterBinding
                {
                    Name = input.Name,
                    Data = new TypedData { String = DurableClient ?? "" },
                }
            );
        return request;
    }

    /// <inheritdoc/>
    public async Task<InvocationResponse> InvokeAsync(InvocationRequest request, CancellationToken cancellationToken)
    {
        var invocation = await BeginAsync(request, cancellationToken);
        return await EndAsync(invocation, cancellationToken);
    }

    /// <summary>Sends an invocation to the present worker, or to the next once that is ready. <see cref="EndAsync"/> must follow.</summary>
    public async Task<RunningInvocation> BeginAsync(InvocationRequest request, CancellationToken cancellationToken)
    {
        var function = Functions.Values.First(f => f.Id == request.FunctionId);
        while (true)
        {
            var session = await _ready.Task.WaitAsync(cancellationToken);
            _running.Enter();
            if (session.TryInvoke(function, request) is { } invocation)
                return invocation;
            // It has ended in between and was given nothing: the next one gets it.
            _running.Exit();
            await session.Replaced.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Waits for the answer, at most for host.json's functionTimeout.</summary>
    public async Task<InvocationResponse> EndAsync(RunningInvocation invocation, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        long Elapsed() => (long)time.GetElapsedTime(started).TotalMilliseconds;
        using var scope = _logger.BeginScope(new InvocationScope(invocation));
        try
        {
            await using var cancellation = cancellationToken.Register(() => invocation.Session.Cancel(invocation.Id));
            var response = await WithinTimeoutAsync(invocation);
            if (response.Result.Status != StatusResult.Types.Status.Success)
            {
                var failure = response.Result.Exception ?? new() { Message = $"the function ended as {response.Result.Status}" };
                _logger.Failed(invocation.Function.Name, invocation.Id, Elapsed(), FirstLine(failure.Message));
                throw new FunctionFailedException(failure);
            }

            _logger.Succeeded(invocation.Function.Name, invocation.Id, Elapsed());
            return response;
        }
        catch (WorkerExitedException e)
        {
            _logger.BrokenOff(invocation.Function.Name, invocation.Id, Elapsed(), e.Message);
            throw;
        }
        finally
        {
            _running.Exit();
        }
    }

    /// <summary>Waits until no function runs and nothing starts one, for a time; functions that still run then are cancelled.</summary>
    /// <param name="starting">Ends when nothing starts functions any more.</param>
    /// <param name="drainTime">How long they may go on.</param>
    public async Task DrainAsync(Task starting, TimeSpan drainTime)
    {
        var quiet = QuietAsync(starting);
        if (await EndsWithinAsync(quiet, drainTime))
            return;
        _logger.DrainTimeOver(_running.Count, drainTime.TotalSeconds);
        _session?.CancelAll();
        await EndsWithinAsync(quiet, Grace);
    }

    /// <summary>Asks the worker to end, and kills it if it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
            return;
        await _stopping.CancelAsync();
        if (_session is { } session)
        {
            session.Terminate();
            await EndProcessAsync(session);
        }

        await _life.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    // A worker that does not end by itself, asked to or having closed its connection, is of no use any more.
    private async Task EndProcessAsync(WorkerSession session)
    {
        try
        {
            await session.Process.Exited.WaitAsync(Grace, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            _logger.Killed(Grace.TotalSeconds);
            session.Process.Kill();
        }
    }

    private async Task QuietAsync(Task starting)
    {
        await starting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _running.NoneAsync();
    }

    private async Task<bool> EndsWithinAsync(Task task, TimeSpan limit)
    {
        try
        {
            await task.WaitAsync(limit, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static TaskCompletionSource<WorkerSession> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // An app may put it in these very words.
    private static string NotStarted(string reason)
    {
        const string prefix = "the app cannot start: ";
        return reason.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? reason : prefix + reason;
    }

    private static string FirstLine(string text) => text.Split('\n', 2)[0].TrimEnd();

    private async Task<InvocationResponse> WithinTimeoutAsync(RunningInvocation invocation)
    {
        var answer = invocation.Response.Task;
        if (_options.FunctionTimeout is not { } timeout)
            return await answer;
        try
        {
            return await answer.WaitAsync(timeout, time);
        }
        catch (TimeoutException)
        {
            _logger.TimedOut(invocation.Function.Name, timeout, invocation.Id);
        }

        // As the real host: the function gets a little time to heed its token; a worker that it still occupies then is ended, with all
        // that runs in it.
        invocation.Session.Cancel(invocation.Id);
        try
        {
            await answer.WaitAsync(Grace, time);
        }
        catch (TimeoutException)
        {
            _logger.EndedForTimeout(invocation.Function.Name, Grace.TotalSeconds);
            invocation.Session.Kill($"the worker was ended because {invocation.Function.Name} ran too long");
        }
        catch (WorkerExitedException)
        {
            // Ended already.
        }

        throw new FunctionFailedException(
            new Rpc.RpcException
            {
                Type = "FunctionTimeoutException",
                Message = $"{invocation.Function.Name} took longer than functionTimeout {timeout:c} of host.json",
            }
        );
    }

    private async Task KeepAliveAsync(int rpcPort)
    {
        var crashes = 0;
        var lastCrash = time.GetTimestamp();
        while (!_stopping.IsCancellationRequested)
        {
            var session = Start(rpcPort);
            var exitCode = await LiveAsync(session);
            if (_stopping.IsCancellationRequested)
                break;
            if (session.IsEndedByHost)
                continue;
            crashes = time.GetElapsedTime(lastCrash) > CrashMemory ? 1 : crashes + 1;
            lastCrash = time.GetTimestamp();
            _logger.Crashed(exitCode, crashes, MaxCrashes, session.Process.Reason);
            if (session.Process.Trace is { Length: > 0 } trace)
                _logger.CrashTrace(trace);
            if (crashes == MaxCrashes)
                GiveUp($"the worker crashed {MaxCrashes} times in a row; the last time: {session.Process.Reason}");
            // Off the injected clock: what died in the world is waited for in the world.
            var pause = Task.Delay(TimeSpan.FromMilliseconds(250 << crashes), TimeProvider.System, _stopping.Token);
            await pause.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _ready.TrySetException(new WorkerExitedException("the host stops"));
        _first.TrySetCanceled();
    }

    private WorkerSession Start(int rpcPort)
    {
        var id = Ids.New();
        string[] arguments =
        [
            "--functions-uri",
            $"http://127.0.0.1:{rpcPort}",
            "--functions-worker-id",
            id,
            "--functions-request-id",
            Ids.New(),
            "--functions-grpc-max-message-length",
            $"{int.MaxValue}",
        ];
        var process = WorkerProcess.Start(_options.AppDll, arguments, _options.Environment, _output);
        var session = _session = new WorkerSession(id, process, loggers, TimeProvider.System);
        // A stop that began meanwhile has not seen this one, and would wait for its end for ever.
        if (_stopping.IsCancellationRequested)
            session.Kill("the host stops");
        return session;
    }

    // From the start of a worker's process to its end.
    private async Task<int> LiveAsync(WorkerSession session)
    {
        var started = Stopwatch.GetTimestamp();
        using var process = session.Process;
        _ = EndWithProcessAsync(session);
        try
        {
            var functions = await session.HandshakeAsync(_options.AppFolder);
            if (!_first.Task.IsCompleted)
                Functions = functions;
            _logger.Ready(session.Version, (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds, process.Id, functions.Count);
            _ready.TrySetResult(session);
            _first.TrySetResult();
        }
        catch (Exception e) when (e is StartupException or TimeoutException)
        {
            session.Kill("the worker could not be started");
            await process.Exited;
            GiveUp(e is StartupException ? e.Message : "the app does not answer the host: Program.cs must run the Functions worker");
        }
        catch (WorkerExitedException)
        {
            var code = await process.Exited;
            if (!_first.Task.IsCompleted && !_stopping.IsCancellationRequested)
                GiveUp($"{NotStarted(process.Reason)} (exit code {code})");
        }

        var exitCode = await process.Exited;
        if (_ready.Task.IsCompleted)
            _ready = New();
        session.MarkReplaced();
        return exitCode;
    }

    private static async Task EndWithProcessAsync(WorkerSession session)
    {
        await session.Process.Exited;
        session.End("the worker process ended");
    }

    private void GiveUp(string reason)
    {
        if (_ready.Task.IsCompleted)
            _ready = New();
        _ready.TrySetException(new WorkerExitedException(reason));
        _session?.MarkReplaced();
        throw new StartupException(reason);
    }
}

/// <summary>The service that a worker process connects to.</summary>
internal sealed class FunctionRpcService(WorkerSupervisor supervisor) : FunctionRpc.FunctionRpcBase
{
    /// <inheritdoc/>
    public override Task EventStream(
        IAsyncStreamReader<StreamingMessage> requestStream,
        IServerStreamWriter<StreamingMessage> responseStream,
        ServerCallContext context
    ) => supervisor.ServeAsync(requestStream, responseStream, context.CancellationToken);
}
