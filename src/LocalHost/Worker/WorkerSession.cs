using System.Collections.Concurrent;
using System.Threading.Channels;
using Grpc.Core;
using LocalHost.Hosting;
using LocalHost.Rpc;
using Microsoft.Extensions.Logging;

namespace LocalHost.Worker;

/// <summary>One invocation that is under way in a worker.</summary>
/// <param name="Session">Where it runs.</param>
/// <param name="Function">What runs.</param>
/// <param name="Id">Its invocation id.</param>
/// <param name="TraceId">The id of the trace that it belongs to.</param>
internal sealed record RunningInvocation(WorkerSession Session, WorkerFunction Function, string Id, string TraceId)
{
    /// <summary>The worker's answer.</summary>
    public TaskCompletionSource<InvocationResponse> Response { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>
/// What is spoken with one worker process: the handshake, invocations and their answers, and its log. It lasts as long as the process.
/// </summary>
internal sealed class WorkerSession(string id, WorkerProcess process, ILoggerFactory loggers, TimeProvider time)
{
    // As in the real host: a worker that does not answer within a minute counts as broken.
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(60);

    private readonly Channel<StreamingMessage> _outbox = Channel.CreateUnbounded<StreamingMessage>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> _answers = new();
    private readonly ConcurrentDictionary<string, RunningInvocation> _running = new();
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _replaced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Exception? _ended;
    private long _messages;

    /// <summary>The id that the worker must present.</summary>
    public string Id { get; } = id;

    /// <summary>The process at the other end.</summary>
    public WorkerProcess Process { get; } = process;

    /// <summary>Where the worker's own web server listens; null where the app has no HTTP functions.</summary>
    public string? HttpUri { get; private set; }

    /// <summary>The worker's version, known after the handshake.</summary>
    public string Version { get; private set; } = "";

    /// <summary>Whether the host itself ends the process: then its end is no crash.</summary>
    public bool IsEndedByHost { get; private set; }

    /// <summary>Speaks with the worker until either side ends. Only one stream is taken in a session.</summary>
    public async Task ServeAsync(
        IAsyncStreamReader<StreamingMessage> incoming,
        IServerStreamWriter<StreamingMessage> outgoing,
        CancellationToken cancellationToken
    )
    {
        if (!_connected.TrySetResult())
            return;
        var writing = WriteAsync(outgoing, cancellationToken);
        try
        {
            while (await incoming.MoveNext(cancellationToken))
                Receive(incoming.Current);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The connection broke: the worker is gone, or is about to be.
        }
        finally
        {
            End("the worker closed its connection");
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits for the worker, initialises it, and has it describe and load its functions.</summary>
    /// <exception cref="StartupException">The worker refuses, or its answer makes no sense.</exception>
    /// <exception cref="WorkerExitedException">It ended meanwhile.</exception>
    /// <exception cref="TimeoutException">It does not answer.</exception>
    public async Task<IReadOnlyDictionary<string, WorkerFunction>> HandshakeAsync(string appFolder)
    {
        await _connected.Task.WaitAsync(AnswerTime, time);
        var init = new WorkerInitRequest
        {
            HostVersion = "4.1000.0",
            WorkerDirectory = appFolder,
            FunctionAppDirectory = appFolder,
        };
        init.Capabilities["RpcHttpTriggerMetadataRemoved"] = bool.TrueString;
        var welcome = (await AskAsync(new StreamingMessage { WorkerInitRequest = init })).WorkerInitResponse;
        Require(welcome.Result, "the worker cannot start");
        Version = welcome.WorkerVersion;
        HttpUri = welcome.Capabilities.GetValueOrDefault("HttpUri")?.TrimEnd('/');

        var indexing = new FunctionsMetadataRequest { FunctionAppDirectory = appFolder };
        var index = (await AskAsync(new StreamingMessage { FunctionsMetadataRequest = indexing })).FunctionMetadataResponse;
        Require(index.Result, "the worker cannot list its functions");
        var functions = new Dictionary<string, WorkerFunction>(StringComparer.OrdinalIgnoreCase);
        foreach (var function in index.Functions.Select(WorkerFunction.From))
        {
            if (!functions.TryAdd(function.Name, function))
                throw new StartupException($"function {function.Name}: the name is used twice");
        }

        if (HttpUri is null && functions.Values.Any(f => f.Trigger.IsOfType("httpTrigger")))
            throw new StartupException("the app has HTTP functions but no web server: call ConfigureFunctionsWebApplication in Program.cs");
        await Task.WhenAll(functions.Values.Select(LoadAsync));
        return functions;
    }

    /// <summary>Ends when another worker takes this one's place, or none will.</summary>
    public Task Replaced => _replaced.Task;

    /// <summary>Sends an invocation on its way; null where the worker has ended.</summary>
    public RunningInvocation? TryInvoke(WorkerFunction function, InvocationRequest request)
    {
        var running = new RunningInvocation(this, function, request.InvocationId, request.TraceContext.TraceParent.Split('-')[1]);
        _running[running.Id] = running;
        if (_ended is null)
            _outbox.Writer.TryWrite(new StreamingMessage { InvocationRequest = request });
        // Where it ended in between, whoever takes the invocation out decides: its end fails it, else this call takes it back.
        else if (_running.TryRemove(running.Id, out _))
            return null;
        return running;
    }

    /// <summary>From now on the next worker is asked.</summary>
    public void MarkReplaced() => _replaced.TrySetResult();

    /// <summary>Cancels the token of a running function.</summary>
    public void Cancel(string invocationId) =>
        _outbox.Writer.TryWrite(new StreamingMessage { InvocationCancel = new() { InvocationId = invocationId } });

    /// <summary>Cancels the tokens of all running functions.</summary>
    public void CancelAll()
    {
        foreach (var invocation in _running.Keys)
            Cancel(invocation);
    }

    /// <summary>Asks the worker to end.</summary>
    public void Terminate()
    {
        IsEndedByHost = true;
        _outbox.Writer.TryWrite(new StreamingMessage { WorkerTerminate = new() });
    }

    /// <summary>Ends the process at once, and not as a crash; what comes from now on is for the next worker.</summary>
    public void Kill(string reason)
    {
        IsEndedByHost = true;
        End(reason);
        Process.Kill();
    }

    /// <summary>Fails whatever is under way; nothing more is taken.</summary>
    public void End(string reason)
    {
        _ended ??= new WorkerExitedException(reason);
        _connected.TrySetException(_ended);
        _outbox.Writer.TryComplete();
        foreach (var id in _running.Keys)
        {
            if (_running.TryRemove(id, out var invocation))
                invocation.Response.TrySetException(new WorkerExitedException($"{invocation.Function.Name}: {reason}"));
        }

        foreach (var id in _answers.Keys)
        {
            if (_answers.TryRemove(id, out var answer))
                answer.TrySetException(new WorkerExitedException(reason));
        }
    }

    private async Task LoadAsync(WorkerFunction function)
    {
        var request = new FunctionLoadRequest { FunctionId = function.Id, Metadata = function.Metadata };
        var answer = await AskAsync(new StreamingMessage { FunctionLoadRequest = request });
        Require(answer.FunctionLoadResponse.Result, $"function {function.Name} cannot be loaded");
    }

    private static void Require(StatusResult result, string problem)
    {
        if (result.Status != StatusResult.Types.Status.Success)
            throw new StartupException($"{problem}: {result.Exception?.Message ?? "the worker gives no reason"}");
    }

    private async Task<StreamingMessage> AskAsync(StreamingMessage message)
    {
        var id = Interlocked.Increment(ref _messages).ToString(System.Globalization.CultureInfo.InvariantCulture);
        message.RequestId = id;
        var answer = new TaskCompletionSource<StreamingMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        _answers[id] = answer;
        _outbox.Writer.TryWrite(message);
        if (_ended is { } ended)
            throw new WorkerExitedException(ended.Message);
        return await answer.Task.WaitAsync(AnswerTime, time);
    }

    private async Task WriteAsync(IServerStreamWriter<StreamingMessage> outgoing, CancellationToken cancellationToken)
    {
        await foreach (var message in _outbox.Reader.ReadAllAsync(cancellationToken))
            await outgoing.WriteAsync(message, cancellationToken);
    }

    private void Receive(StreamingMessage message)
    {
        switch (message.ContentCase)
        {
            case StreamingMessage.ContentOneofCase.InvocationResponse:
                if (_running.TryRemove(message.InvocationResponse.InvocationId, out var invocation))
                    invocation.Response.TrySetResult(message.InvocationResponse);
                break;
            case StreamingMessage.ContentOneofCase.RpcLog:
                WorkerLogRelay.Write(loggers, message.RpcLog, _running.GetValueOrDefault(message.RpcLog.InvocationId));
                break;
            default:
                if (_answers.TryRemove(message.RequestId, out var answer))
                    answer.TrySetResult(message);
                break;
        }
    }
}
