using DurableTask.Core;
using DurableTask.Core.History;

namespace Simulation;

/// <summary>One orchestration instance in a <see cref="TaskHub"/>, from a start to its end or to the start that replaces it.</summary>
internal sealed class HubInstance(ExecutionStartedEvent started, DateTime now)
{
    public string Id => State.OrchestrationInstance.InstanceId;

    public OrchestrationState State { get; private set; } =
        new()
        {
            OrchestrationInstance = started.OrchestrationInstance,
            Name = started.Name,
            Version = started.Version,
            Input = started.Input,
            Tags = started.Tags,
            ScheduledStartTime = started.ScheduledStartTime,
            OrchestrationStatus = OrchestrationStatus.Pending,
            CreatedTime = now,
            LastUpdatedTime = now,
        };

    /// <summary>What has been committed of the present generation.</summary>
    public List<HistoryEvent> History { get; set; } = [];

    /// <summary>Whether the message that starts it has arrived; others wait for that.</summary>
    public bool IsStarted { get; set; }

    /// <summary>What has arrived and is in no worker's hand.</summary>
    public List<TaskMessage> Inbox { get; set; } = [];

    /// <summary>What a worker has in hand.</summary>
    public Episode? Episode { get; set; }

    /// <summary>Which episode was committed last; 0 when none was.</summary>
    public long Committed { get; set; }

    /// <summary>Whether messages of an episode went out whose history was not committed.</summary>
    public bool IsTorn { get; set; }

    /// <summary>Ends when the state changes.</summary>
    public TaskCompletionSource Changed { get; private set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Change(OrchestrationState state)
    {
        State = state;
        if (TaskHub.HasEnded(state))
            (History, Inbox) = ([], []);
        Changed.SetResult();
        Changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>What a worker has in hand of an instance: the messages that arrived, upon what was committed.</summary>
internal sealed class Episode(HubInstance instance, long number, long after) : TaskOrchestrationWorkItem
{
    public HubInstance Instance => instance;

    public long Number => number;

    /// <summary>The episode whose history it goes on from.</summary>
    public long After => after;

    /// <summary>The states it went through, one a generation: more than one when it was continued as new.</summary>
    public List<OrchestrationRuntimeState> Generations { get; } = [];

    /// <summary>What the simulation waits for; null without one.</summary>
    public WorkInHand? Work { get; set; }
}

/// <summary>An activity that a worker has in hand.</summary>
internal sealed class ActivityInHand : TaskActivityWorkItem
{
    /// <summary>What the simulation waits for; null without one.</summary>
    public WorkInHand? Work { get; set; }
}
