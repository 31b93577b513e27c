namespace Simulation;

/// <summary>One run of a host, from its start to its end. Code of a run that has ended may still go on, and has no effect.</summary>
internal sealed class SimulatedProcess(SimulatedHost host, int number)
{
    private readonly Lock _lock = new();
    private readonly List<WorkInHand> _works = [];
    private int _points;

    public SimulatedHost Host => host;

    /// <summary>Which run of the host, from 1.</summary>
    public int Number => number;

    public bool IsDead { get; private set; }

    /// <summary>Counts the points that code passes which belongs to no work item, such as a loop in the background.</summary>
    public int CountPoint() => Interlocked.Increment(ref _points);

    /// <summary>It has a work item in hand.</summary>
    public void Add(WorkInHand work)
    {
        lock (_lock)
        {
            _works.RemoveAll(w => w.HasEnded);
            _works.Add(work);
        }
    }

    /// <summary>It ends, with all that it has in hand.</summary>
    public void Kill(string reason)
    {
        lock (_lock)
        {
            IsDead = true;
            foreach (var work in _works)
                work.Kill(reason);
        }
    }
}
