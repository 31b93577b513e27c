using System.Text.Json.Serialization;
using Compliance.Changes.Flow;

namespace Compliance.Minimization.Sweeps;

/// <summary>Where a sweep is.</summary>
public enum SweepStage
{
    /// <summary>Containers are listed, and what is due is written down.</summary>
    Planning,

    /// <summary>The plans of its data sets are decided on and carried out.</summary>
    Acting,

    /// <summary>It is done; storage keeps what was deleted until its own time is over.</summary>
    Retained,

    /// <summary>It is over.</summary>
    Complete,

    /// <summary>Somebody stopped it: what was not deleted by then stays.</summary>
    Cancelled,
}

/// <summary>One sweep.</summary>
public sealed record Sweep
{
    /// <summary>Its id, for example <c>sweep-2027-q2</c>. Also the instance id of its orchestration.</summary>
    public required string Id { get; init; }

    /// <summary>Entra tenant id.</summary>
    public required string TenantId { get; init; }

    /// <summary>The time it decides by (UTC).</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Object id of who asked for it; null for the timer.</summary>
    public string? RequestedBy { get; init; }

    /// <summary>SHA-256 of the policy it was planned by, lower-case hex.</summary>
    public required string PolicySha256 { get; init; }

    /// <summary>True for one that ends with its plan and deletes nothing.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Where it is.</summary>
    public SweepStage Stage { get; init; }

    /// <summary>Its data sets that have something due, once it is planned.</summary>
    public IReadOnlyList<string> DataSets { get; init; } = [];

    /// <summary>Containers that were planned.</summary>
    public int Containers { get; init; }

    /// <summary>What could not be read, with what to do.</summary>
    public IReadOnlyList<string> Unread { get; init; } = [];

    /// <summary>When it was done (UTC); null before.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When storage keeps nothing of what was deleted any more (UTC); null where it keeps nothing, or before the end.</summary>
    public DateTimeOffset? RetainedUntil { get; init; }

    /// <summary>The sweep as its steps know it.</summary>
    [JsonIgnore]
    public SweepRun Run => new(TenantId, Id, At);

    /// <summary>Instance ids of the orchestrations of its data sets.</summary>
    [JsonIgnore]
    public IEnumerable<string> Instances => DataSets.Select(d => new ChangeRun(TenantId, DataSetPlan.CaseOf(Id, d), 1, "").InstanceId);

    /// <summary>Whether it was over before anything was planned, since the policy changed. Whoever cancels one leaves the time.</summary>
    [JsonIgnore]
    public bool IsVoid => Stage == SweepStage.Cancelled && EndedAt is null && Containers == 0;

    /// <summary>Whether it still may delete something.</summary>
    [JsonIgnore]
    public bool IsOpen => Stage is SweepStage.Planning or SweepStage.Acting;
}
