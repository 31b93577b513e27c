using Compliance.Findings;

namespace Compliance.Credentials;

/// <summary>
/// What one run looks at: what it reads, and by that which findings it may resolve. <see cref="CredentialPipeline"/> does the rest, which
/// is the same for all of them. One instance a run.
/// </summary>
internal interface ICheckScope
{
    /// <summary>The step as the evidence names it.</summary>
    string Step { get; }

    /// <summary>Who or what asked, as the evidence names it.</summary>
    string Actor { get; }

    /// <summary>Joins trigger, logs, traces and evidence.</summary>
    string CorrelationId { get; }

    /// <summary>Before the tenant is read: a run that could not keep its findings should not begin.</summary>
    Task BeginAsync(string tenantId, RunStamp run, CancellationToken cancellationToken);

    /// <summary>Reads what is in the scope.</summary>
    Task ReadAsync(ICredentialInventory inventory, RunInventory into, CancellationToken cancellationToken);

    /// <summary>What the run found and may resolve.</summary>
    /// <param name="observed">What was read.</param>
    /// <param name="known">The kept findings.</param>
    /// <param name="cancellationToken">Stops between reads.</param>
    Task<ScopeResult> JudgeAsync(
        CredentialObservation observed,
        IReadOnlyDictionary<string, StoredFinding> known,
        CancellationToken cancellationToken
    );

    /// <summary>What became of a resource that kept findings are about and that this run did not list.</summary>
    Task<ResourceState> StateOfAsync(string resourceId, CredentialObservation observed, CancellationToken cancellationToken);
}

/// <summary>What a run over a scope found and may resolve.</summary>
internal sealed record ScopeResult
{
    /// <summary>How each source went that the run counts.</summary>
    public required IReadOnlyList<SourceOutcome> Outcomes { get; init; }

    /// <summary>What is wrong.</summary>
    public required IReadOnlyList<Detection> Detections { get; init; }

    /// <summary>What was read to its end.</summary>
    public required Coverage Coverage { get; init; }

    /// <summary>Whether everything in the scope was read to its end.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Which of the kept findings the run is about; null for all of them.</summary>
    public Func<Finding, bool>? Concerns { get; init; }

    /// <summary>Lower-case ids of resources that earlier runs listed and this one did not.</summary>
    public IReadOnlyList<string> Unlisted { get; init; } = [];

    /// <summary>A run that started later and has ended: what this one found is older than what is kept. Null when there is none.</summary>
    public RunStamp? Newer { get; init; }
}

/// <summary>What became of a resource that no list shows any more.</summary>
/// <param name="Gone">Whether it does not exist.</param>
/// <param name="Gap">The source that is unread because of it; null when there is none.</param>
internal readonly record struct ResourceState(bool Gone, (SourceOutcome Outcome, Detection Detection)? Gap);
