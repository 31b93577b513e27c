using Compliance.Findings;

namespace Compliance.Credentials;

/// <summary>
/// Judges each credential as it is read and keeps only what failed: memory is bound by the findings, not by the tenant.
/// </summary>
internal sealed class RunInventory(CredentialEvaluator evaluator) : IInventorySink
{
    private readonly Lock _lock = new();
    private readonly List<Verdict> _verdicts = [];
    private readonly List<SourceOutcome> _outcomes = [];
    private readonly HashSet<string> _resources = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _subscriptions = new(StringComparer.OrdinalIgnoreCase);
    private long _credentials;

    /// <summary>Credentials read.</summary>
    public long Credentials => Interlocked.Read(ref _credentials);

    /// <summary>What failed or could not be known, in a stable order.</summary>
    public IReadOnlyList<Verdict> Verdicts
    {
        get
        {
            lock (_lock)
                return
                [
                    .. _verdicts
                        .OrderBy(v => v.Credential.Subject.Id, StringComparer.Ordinal)
                        .ThenBy(v => v.Credential.Part, StringComparer.Ordinal)
                        .ThenBy(v => v.ControlId, StringComparer.Ordinal),
                ];
        }
    }

    /// <summary>How each source went, in a stable order.</summary>
    public IReadOnlyList<SourceOutcome> Outcomes
    {
        get
        {
            lock (_lock)
                return [.. _outcomes.OrderBy(o => o.Source, StringComparer.Ordinal)];
        }
    }

    /// <summary>Lower-case ids of the resources that were listed.</summary>
    public IReadOnlySet<string> Resources => _resources;

    /// <summary>Subscriptions that were listed, with their names.</summary>
    public IReadOnlyDictionary<string, string> Subscriptions => _subscriptions;

    /// <inheritdoc/>
    public void Observed(Credential credential)
    {
        Interlocked.Increment(ref _credentials);
        var verdicts = evaluator.Evaluate(credential);
        if (verdicts.Count == 0)
            return;
        lock (_lock)
            _verdicts.AddRange(verdicts);
    }

    /// <inheritdoc/>
    public void SeenResource(string resourceId)
    {
        lock (_lock)
            _resources.Add(resourceId.ToLowerInvariant());
    }

    /// <inheritdoc/>
    public void SeenSubscription(string subscriptionId, string name)
    {
        lock (_lock)
            _subscriptions[subscriptionId] = name;
    }

    /// <inheritdoc/>
    public void Read(SourceOutcome outcome)
    {
        lock (_lock)
            _outcomes.Add(outcome);
    }
}
