using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;

namespace EmbeddedHost.Durable;

/// <summary>Runs activities, so many at once. What has not begun when the host stops begins at its next start.</summary>
internal sealed class ActivityPool(DurableFunctions functions, FunctionInvoker invoker, RunningInvocations running, Workload workload, int most)
{
    private readonly Lock _lock = new();
    private readonly Queue<(Instance Instance, string Execution, HistoryEvent Task)> _waiting = new();
    private int _busy;
    private bool _stopped;

    public void Add(Instance instance, string execution, HistoryEvent task)
    {
        lock (_lock)
        {
            if (_stopped)
                return;
            workload.Enter();
            _waiting.Enqueue((instance, execution, task));
        }

        Pump();
    }

    /// <summary>Begins none from now on.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _stopped = true;
            for (; _waiting.Count > 0; _waiting.Dequeue())
                workload.Exit();
        }
    }

    private void Pump()
    {
        while (true)
        {
            (Instance Instance, string Execution, HistoryEvent Task) next;
            lock (_lock)
            {
                if (_busy == most || !_waiting.TryDequeue(out next))
                    return;
                _busy++;
                // From here on a stop waits for it.
                running.Begin();
            }

            _ = Task.Run(async () =>
            {
                try
                {
                    if (await RunAsync(next.Task) is { } result)
                        next.Instance.Post(Message.For(next.Execution, result));
                }
                finally
                {
                    lock (_lock)
                        _busy--;
                    Pump();
                    running.End();
                    workload.Exit();
                }
            });
        }
    }

    private async Task<HistoryEvent?> RunAsync(HistoryEvent task)
    {
        var failed = new HistoryEvent(EventKind.TaskFailed) { Id = task.Id, Name = task.Name };
        if (functions.Activity(task.Name) is not { } function)
            return failed with { Failure = new TaskFailureDetails(Retries.NotFound, functions.NoActivity(task.Name), null, null, null) };
        object? input;
        try
        {
            input = ActivityTriggerBinding.Read(function.Method.Trigger.ParameterType, task.Data);
        }
        catch (Exception e)
        {
            return failed with { Failure = TaskFailureDetails.FromException(e) };
        }

        string? output = null;
        var outcome = await invoker.InvokeAsync(function, new TriggerEvent(input)
        {
            Complete = result =>
            {
                output = DurableJson.Write(result);
                return Task.CompletedTask;
            },
        }, CancellationToken.None);
        if (outcome.Error is not { } error)
            return new HistoryEvent(EventKind.TaskCompleted) { Id = task.Id, Data = output };
        // Cut off by the stop of the host: it is done again at the next start.
        return error is OperationCanceledException && running.Aborted.IsCancellationRequested
            ? null
            : failed with { Failure = TaskFailureDetails.FromException(error) };
    }
}
