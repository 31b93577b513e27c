using LocalHost.Rpc;

namespace LocalHost.Worker;

/// <summary>The app's worker process, as the triggers see it.</summary>
internal interface IWorkerChannel
{
    /// <summary>The functions, by name in any case. Known once the first worker is ready, and the same for every later one.</summary>
    IReadOnlyDictionary<string, WorkerFunction> Functions { get; }

    /// <summary>What a function with a durable client gets for it (JSON); set once the durable extension runs.</summary>
    string? DurableClient { get; set; }

    /// <summary>
    /// A request with a new invocation id, the trigger's data, a trace, and the data of a durable client where the function takes one.
    /// </summary>
    InvocationRequest CreateRequest(WorkerFunction function, TypedData trigger);

    /// <summary>Runs a function. While a new worker is starting it waits for it.</summary>
    /// <param name="request">From <see cref="CreateRequest"/>.</param>
    /// <param name="cancellationToken">Cancels the token of the function; the answer is still waited for.</param>
    /// <exception cref="FunctionFailedException">The function failed, or took longer than host.json's functionTimeout.</exception>
    /// <exception cref="WorkerExitedException">
    /// The worker ended meanwhile, or cannot be started again: what the function did is unknown.
    /// </exception>
    Task<InvocationResponse> InvokeAsync(InvocationRequest request, CancellationToken cancellationToken);
}

/// <summary>The worker process ended while a function ran in it.</summary>
internal sealed class WorkerExitedException(string message) : Exception(message);

/// <summary>A function failed; <see cref="Remote"/> is what the worker reports.</summary>
internal sealed class FunctionFailedException(RpcException remote) : Exception(remote.Message)
{
    /// <summary>The failure as the worker reports it.</summary>
    public RpcException Remote { get; } = remote;
}
