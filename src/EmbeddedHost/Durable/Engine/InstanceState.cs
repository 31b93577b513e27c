namespace EmbeddedHost.Durable;

/// <summary>What an instance's history comes to: kept up with each commit, and the same when it is loaded.</summary>
internal sealed class InstanceState
{
    // A message is sent again only after a crash, and then what the sender had not yet put on record: a few.
    private const int MostReceived = 256;

    private readonly List<string> _received = [];

    /// <summary>What a replay goes over.</summary>
    public List<HistoryEvent> History { get; } = [];

    /// <summary>Scheduled and not come to anything, by number.</summary>
    public Dictionary<int, HistoryEvent> Tasks { get; } = [];

    public Dictionary<int, HistoryEvent> Timers { get; } = [];

    public Dictionary<int, HistoryEvent> SubOrchestrations { get; } = [];

    /// <summary>To be sent, by key.</summary>
    public Dictionary<string, HistoryEvent> Outgoing { get; } = [];

    public string? CustomStatus { get; private set; }

    public HistoryEvent Start { get; private set; } = new(EventKind.ExecutionStarted);

    public HistoryEvent? Completed { get; private set; }

    public bool Started { get; private set; }

    public DateTime LastStep { get; private set; }

    public bool HasReceived(string key) => _received.Contains(key);

    public void Apply(IEnumerable<HistoryEvent> events)
    {
        foreach (var e in events)
            Apply(e);
    }

    /// <summary>What goes with an instance that begins anew.</summary>
    public IEnumerable<HistoryEvent> Carried() =>
    [
        .. _received.TakeLast(MostReceived).Select(k => new HistoryEvent(EventKind.Received) { Key = k }),
        .. Outgoing.Values.Select(o => o with { Kind = EventKind.Outgoing }),
    ];

    public void Clear()
    {
        History.Clear();
        Tasks.Clear();
        Timers.Clear();
        SubOrchestrations.Clear();
        Outgoing.Clear();
        _received.Clear();
        CustomStatus = null;
        Completed = null;
        Started = false;
    }

    private void Apply(HistoryEvent e)
    {
        switch (e.Kind)
        {
            case EventKind.Received:
                _received.Add(e.Key!);
                return;
            case EventKind.Outgoing:
                Outgoing[e.Key!] = e;
                return;
            case EventKind.Delivered:
                Outgoing.Remove(e.Key!);
                return;
            case EventKind.CustomStatusSet:
                CustomStatus = e.Data;
                return;
            case EventKind.OrchestratorStarted:
                LastStep = e.Time;
                // What came before the first step waited for it: in the replay it comes after.
                if (!Started)
                    History.Insert(0, e);
                else
                    History.Add(e);
                Started = true;
                return;
            case EventKind.ExecutionStarted:
                Start = e;
                break;
            case EventKind.TaskScheduled:
                Tasks[e.Id] = e;
                break;
            case EventKind.TimerCreated:
                Timers[e.Id] = e;
                break;
            case EventKind.SubOrchestrationCreated:
                SubOrchestrations[e.Id] = e;
                break;
            case EventKind.TaskCompleted or EventKind.TaskFailed:
                Tasks.Remove(e.Id);
                break;
            case EventKind.TimerFired:
                Timers.Remove(e.Id);
                break;
            case EventKind.SubOrchestrationCompleted or EventKind.SubOrchestrationFailed:
                SubOrchestrations.Remove(e.Id);
                break;
            case EventKind.EventSent:
                Outgoing[e.Key!] = e;
                break;
            case EventKind.EventRaised when e.Key is { } key:
                _received.Add(key);
                break;
            case EventKind.ExecutionCompleted:
                Completed = e;
                break;
            default:
                break;
        }

        History.Add(e);
    }
}
