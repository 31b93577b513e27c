namespace Simulation;

/// <summary>A call of a function that is neither an orchestrator nor an activity.</summary>
public sealed class FunctionCall
{
    private readonly Func<IServiceProvider, Task> _function;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal FunctionCall(string name, Func<IServiceProvider, Task> function) => (Name, _function) = (name, function);

    /// <summary>The function's name.</summary>
    public string Name { get; }

    /// <summary>
    /// Ends when the function has ended, with its error if it has one; with an <see cref="IOException"/> when its host ended first, as the
    /// caller of a request sees it. Whether it is called once more then is up to the caller.
    /// </summary>
    public Task Ended => _ended.Task;

    internal async Task RunAsync(WorkInHand work)
    {
        Exception? error = null;
        try
        {
            await work.RunAsync(() => _function(work.Host.Services!)).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Any error is the function's, and the caller's to see.
        catch (Exception e)
#pragma warning restore CA1031
        {
            error = e;
        }
        if (work.IsDead)
            return;
        work.Outcome = error is null ? "completed" : $"failed: {error.GetType().Name}";
        work.Detail = error?.Message;
        if (error is null)
            _ended.TrySetResult();
        else
            _ended.TrySetException(error);
        work.End();
    }

    internal void Break(string host) => _ended.TrySetException(new IOException($"the host {host} ended"));
}
