using Azure.Core;
using Azure.Core.Pipeline;

namespace Simulation.Storage;

/// <summary>
/// One process's way to a <see cref="MemoryStorage"/>, given to the official clients as their transport. Requests are served on the
/// caller's thread; the task of an asynchronous one is
/// complete when it is returned.
/// </summary>
/// <param name="storage">The storage.</param>
/// <param name="process">Name of the process.</param>
internal sealed class MemoryStorageTransport(MemoryStorage storage, string process) : HttpPipelineTransport
{
    private volatile bool _dead;

    /// <summary>Name of the process.</summary>
    public string Name => process;

    /// <summary>Whether the process died. Its code may still run in the simulation, but reaches no storage any more.</summary>
    public bool Crashed => _dead;

    /// <summary>The process dies now, whatever it is doing.</summary>
    public void Crash() => _dead = true;

    /// <inheritdoc/>
    public override Request CreateRequest() => new MemoryRequest();

    /// <inheritdoc/>
    /// <exception cref="SimulatedCrashException">The process died.</exception>
    public override void Process(HttpMessage message)
    {
        message.CancellationToken.ThrowIfCancellationRequested();
        if (_dead)
            throw new SimulatedCrashException(process);
        message.Response = storage.Serve((MemoryRequest)message.Request, this, message.CancellationToken);
    }

    /// <inheritdoc/>
    public override ValueTask ProcessAsync(HttpMessage message)
    {
        Process(message);
        return ValueTask.CompletedTask;
    }

    /// <summary>The process dies at a request.</summary>
    internal SimulatedCrashException Die(StorageRequest at)
    {
        _dead = true;
        return new(process, $"request {at.Number}, {at.Operation} {at.Resource}");
    }
}
