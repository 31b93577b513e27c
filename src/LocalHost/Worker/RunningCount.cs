namespace LocalHost.Worker;

/// <summary>Counts what is under way, and can be waited for until nothing is.</summary>
internal sealed class RunningCount
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _none = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many are under way.</summary>
    public int Count { get; private set; }

    /// <summary>One more.</summary>
    public void Enter()
    {
        lock (_lock)
            Count++;
    }

    /// <summary>One less.</summary>
    public void Exit()
    {
        lock (_lock)
        {
            if (--Count > 0)
                return;
            _none.TrySetResult();
            _none = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Ends when nothing is under way.</summary>
    public Task NoneAsync()
    {
        lock (_lock)
            return Count == 0 ? Task.CompletedTask : _none.Task;
    }
}
