namespace Simulation;

/// <summary>
/// Draws faults. A draw depends on the seed and on what is drawn for, never on the draws before it, so that threads cannot change it.
/// </summary>
internal sealed class FaultSource(FaultPlan plan, ulong seed)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Instance, string Name, int Occurrence, int Point), Fault> _script = plan.Script.ToDictionary(f =>
        (f.Instance, f.Name, f.Occurrence, f.Point)
    );
    private readonly Dictionary<(string Instance, string Name), int> _occurrences = [];
    private readonly List<Fault> _injected = [];

    /// <summary>What was drawn or taken from the script so far.</summary>
    public IReadOnlyList<Fault> Injected
    {
        get
        {
            lock (_lock)
                return [.. _injected];
        }
    }

    /// <summary>Counts the work items of an instance and a name.</summary>
    public int Count(string instance, string name)
    {
        lock (_lock)
            return _occurrences[(instance, name)] = _occurrences.GetValueOrDefault((instance, name)) + 1;
    }

    /// <summary>The fault of a work item, or of a point within it; null when nothing goes wrong.</summary>
    public Fault? Draw(string instance, string name, int occurrence, int point, params ReadOnlySpan<FaultKind> kinds)
    {
        var fault = Scripted(instance, name, occurrence, point, kinds) ?? Drawn(instance, name, occurrence, point, kinds);
        if (fault is not null)
            lock (_lock)
                _injected.Add(fault);
        return fault;
    }

    private Fault? Scripted(string instance, string name, int occurrence, int point, ReadOnlySpan<FaultKind> kinds) =>
        _script.TryGetValue((instance, name, occurrence, point), out var fault) && kinds.Contains(fault.Kind) ? fault : null;

    private Fault? Drawn(string instance, string name, int occurrence, int point, ReadOnlySpan<FaultKind> kinds)
    {
        foreach (var kind in kinds)
        {
            if (!plan.Rates.TryGetValue(kind, out var rate) || rate <= 0)
                continue;
            var key = $"{kind} {instance} {name} {occurrence} {point}";
            if (Draws.Fraction(seed, key) >= rate)
                continue;
            var longest = kind == FaultKind.EarlyTimer ? TimeSpan.FromSeconds(1) : plan.LongestDelay;
            var delay = kind is FaultKind.SlowActivity or FaultKind.LateTimer or FaultKind.EarlyTimer
                ? TimeSpan.FromMilliseconds(Math.Floor(longest.TotalMilliseconds * Draws.Fraction(seed, "delay " + key)))
                : TimeSpan.Zero;
            return new Fault(kind, instance, name, occurrence, point, delay);
        }
        return null;
    }
}

/// <summary>Numbers that look random and are the same for the same seed and key, on every runtime.</summary>
internal static class Draws
{
    /// <summary>From 0 to below 1.</summary>
    public static double Fraction(ulong seed, string key) => (Mix(seed, Hash(key)) >> 11) * (1.0 / (1UL << 53));

    /// <summary>From 0 to below a limit.</summary>
    public static int Below(int limit, ulong seed, string purpose, long number) =>
        (int)(Mix(seed ^ Hash(purpose), (ulong)number) % (ulong)limit);

    // FNV-1a.
    private static ulong Hash(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in text)
            hash = (hash ^ c) * 1099511628211UL;
        return hash;
    }

    // The finalizer of SplitMix64, twice.
    private static ulong Mix(ulong a, ulong b)
    {
        return Finish(Finish(a + 0x9E3779B97F4A7C15UL) ^ b);

        static ulong Finish(ulong z)
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return z ^ (z >> 31);
        }
    }
}
