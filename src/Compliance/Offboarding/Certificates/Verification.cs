using System.Globalization;
using Compliance.Changes.Plans;
using Compliance.Findings;
using Compliance.Offboarding.Actions;
using Compliance.Tenants;

namespace Compliance.Offboarding.Certificates;

/// <summary>How one access stands after a fresh read.</summary>
public enum AccessState
{
    /// <summary>Seen removed.</summary>
    Removed,

    /// <summary>Still there, though it is to be removed.</summary>
    StillThere,

    /// <summary>Still there, and left to a person.</summary>
    LeftToPerson,

    /// <summary>The source that would show it was not read to its end: not called removed.</summary>
    Unknown,
}

/// <summary>One access of the snapshot and how it stands.</summary>
/// <param name="Access">The access as it was.</param>
/// <param name="State">How it stands.</param>
/// <param name="RemovedAt">When the service said that it is removed (UTC); null when this program did not remove it.</param>
/// <param name="SeenRemovedAt">When a read first showed it gone (UTC); null when none did.</param>
/// <param name="Why">Why it is not removed; null when it is.</param>
/// <param name="WhatToDo">What a person should do; null when nothing.</param>
public sealed record VerifiedAccess(
    Access Access,
    AccessState State,
    DateTimeOffset? RemovedAt,
    DateTimeOffset? SeenRemovedAt,
    string? Why,
    string? WhatToDo
);

/// <summary>What a fresh read proves.</summary>
/// <param name="At">When the fresh read began (UTC).</param>
/// <param name="Clear">True only when every source was read to its end and nothing that is to be removed is left.</param>
/// <param name="Accesses">Every access of the snapshot, by kind and name.</param>
/// <param name="Outside">Access seen now that no plan covers: it needs a further plan.</param>
/// <param name="Unread">The sources that could not be read.</param>
public sealed record VerifiedCase(
    DateTimeOffset At,
    bool Clear,
    IReadOnlyList<VerifiedAccess> Accesses,
    IReadOnlyList<Access> Outside,
    IReadOnlyList<SourceOutcome> Unread
);

/// <summary>Compares what was with what is: a step counts only when the new state was seen. Pure.</summary>
internal sealed class Verification
{
    private readonly StepRegistry _registry;
    private readonly AccessSnapshot _before;
    private readonly AccessSnapshot _after;
    private readonly HashSet<string> _now;
    private readonly Dictionary<string, StepOutcome> _outcomes;
    private readonly Dictionary<string, PlanStep> _steps;
    private readonly Dictionary<(string Type, string Id), ManualStep> _manual;
    private readonly Dictionary<string, DateTimeOffset?> _seenRemoved;
    private readonly List<Access> _unread;

    private Verification(
        IReadOnlyList<ActionPlan> plans,
        IReadOnlyList<StepOutcome> outcomes,
        AccessSnapshot before,
        AccessSnapshot after,
        VerifiedCase? earlier,
        StepRegistry registry
    )
    {
        (_registry, _before) = (registry, before);
        _after = after with { Sources = [.. after.Sources, .. NoLongerListed(before, after)] };
        _now = after.Accesses.Select(a => a.Key).ToHashSet(StringComparer.Ordinal);
        _outcomes = outcomes.GroupBy(o => o.StepId, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
        _steps = plans
            .SelectMany(p => p.Steps)
            .Where(s => s.Arguments.ContainsKey(StepArguments.Access))
            .GroupBy(s => s.Arguments[StepArguments.Access], StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
        _manual = plans
            .SelectMany(p => p.Manual)
            .GroupBy(m => (m.Target.Type, Id: m.Target.Id.ToLowerInvariant()))
            .ToDictionary(g => g.Key, g => g.Last());
        // What was seen removed and could not be read since is not forgotten.
        _seenRemoved = (earlier?.Accesses ?? [])
            .Where(a => a is { State: AccessState.Removed } or { State: AccessState.Unknown, SeenRemovedAt: not null })
            .ToDictionary(a => a.Access.Key, a => a.SeenRemovedAt, StringComparer.Ordinal);
        _unread = [.. (earlier?.Accesses ?? []).Select(a => a.Access).Where(a => !_now.Contains(a.Key) && WhyUnread(a) is not null)];
    }

    /// <summary>Compares.</summary>
    /// <param name="plans">All plans of the case that were carried out, the oldest first.</param>
    /// <param name="outcomes">The outcomes of their steps so far; of several for one step the last counts.</param>
    /// <param name="before">The access before anything was removed.</param>
    /// <param name="after">The access read afresh.</param>
    /// <param name="earlier">The comparison before this one, so that the first time something was seen removed is kept; null when this is
    /// the first.</param>
    /// <param name="registry">The steps there are; null for the product's own.</param>
    public static VerifiedCase Compare(
        IReadOnlyList<ActionPlan> plans,
        IReadOnlyList<StepOutcome> outcomes,
        AccessSnapshot before,
        AccessSnapshot after,
        VerifiedCase? earlier = null,
        StepRegistry? registry = null
    ) => new Verification(plans, outcomes, before, after, earlier, registry ?? StepRegistry.Default).Compare();

    /// <summary>What the latest plan that has it leaves to a person about an access; null when no plan leaves it.</summary>
    public static ManualStep? FindManual(IReadOnlyList<ActionPlan> plans, Access access) =>
        plans.SelectMany(p => p.Manual).LastOrDefault(m => (m.Target.Type, m.Target.Id.ToLowerInvariant()) == ManualKey(access));

    private VerifiedCase Compare()
    {
        // What a later plan found outside the first snapshot belongs to the case as well; it is known by the plan that took it in.
        var accesses = _before
            .Accesses.DistinctBy(a => a.Key, StringComparer.Ordinal)
            .Select(Verified)
            .OrderBy(v => v.Access.Kind)
            .ThenByDescending(v => v.Access.Asset)
            .ThenBy(v => v.Access.Name, StringComparer.Ordinal)
            .ThenBy(v => v.Access.Id, StringComparer.Ordinal)
            .ToList();
        var outside = _after
            .Accesses.Where(a => !_steps.ContainsKey(a.Key) && !_manual.ContainsKey(ManualKey(a)))
            .DistinctBy(a => a.Key, StringComparer.Ordinal)
            .OrderBy(a => a.Key, StringComparer.Ordinal)
            .ToList();
        // What a further plan took in, though the first snapshot did not know it: still there, or seen before and not read now.
        var known = _before.Accesses.Select(a => a.Key).ToHashSet(StringComparer.Ordinal);
        var later = _after
            .Accesses.Concat(_unread)
            .Where(a => !known.Contains(a.Key) && (_steps.ContainsKey(a.Key) || _manual.ContainsKey(ManualKey(a))))
            .DistinctBy(a => a.Key, StringComparer.Ordinal)
            .Select(Verified);
        accesses.AddRange(later.OrderBy(v => v.Access.Key, StringComparer.Ordinal));
        var isClear =
            _after.Complete && outside.Count == 0 && accesses.TrueForAll(a => a.State is AccessState.Removed or AccessState.LeftToPerson);
        return new(
            _after.TakenAt,
            isClear,
            accesses,
            outside,
            [.. _after.Sources.Where(s => !s.Complete).OrderBy(s => s.Source, StringComparer.Ordinal)]
        );
    }

    private VerifiedAccess Verified(Access access)
    {
        // A secret that was read stays known when nothing leads to it any more.
        if (access.Kind == AccessKind.SharedSecret && _manual.TryGetValue(ManualKey(access), out var rotate))
            return LeftToPerson(access, rotate);
        if (!_now.Contains(access.Key))
            return NotSeen(access);
        if (_steps.TryGetValue(access.Key, out var step))
            return StillThere(access, step);
        return _manual.TryGetValue(ManualKey(access), out var byHand)
            ? LeftToPerson(access, byHand)
            : new(access, AccessState.StillThere, null, null, "no plan covers it", "a further plan is made");
    }

    private static VerifiedAccess LeftToPerson(Access access, ManualStep step) =>
        new(access, AccessState.LeftToPerson, null, null, step.Why, step.WhatToDo);

    private VerifiedAccess NotSeen(Access access)
    {
        var outcome = _steps.TryGetValue(access.Key, out var step) ? _outcomes.GetValueOrDefault(step.Id) : null;
        var removedAt = outcome is { InEffect: true } ? outcome.At : (DateTimeOffset?)null;
        var seenAt = _seenRemoved.GetValueOrDefault(access.Key);
        return WhyUnread(access) is { } unread
            ? new(access, AccessState.Unknown, removedAt, seenAt, unread, "read it again once its source can be read")
            : new(access, AccessState.Removed, removedAt, seenAt ?? _after.TakenAt, null, null);
    }

    private VerifiedAccess StillThere(Access access, PlanStep step) =>
        _outcomes.GetValueOrDefault(step.Id) switch
        {
            null => new(access, AccessState.StillThere, null, null, "its step was not carried out yet", "it is carried out"),
            // The service answered so, the read does not show it: it may lag, or somebody gave it back.
            { InEffect: true } done => new(
                access,
                AccessState.StillThere,
                done.At,
                null,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the service reported at {done.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC that it is removed, but it is still seen"
                ),
                "it is read again; if it stays, somebody or something gives it back"
            ),
            { } failed => new(access, AccessState.StillThere, null, null, failed.Reason, failed.Remedy),
        };

    // What is unknown because it was listed before and is not now: the subscription may have been closed, or this app may no longer see it.
    private static IEnumerable<SourceOutcome> NoLongerListed(AccessSnapshot before, AccessSnapshot after)
    {
        var listed = after.Sources.Select(s => s.Source).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var source in before.Sources.Where(s => !listed.Contains(s.Source)))
            if (source.Source.Split('/') is ["arm", "subscriptions", var id, _])
                yield return new(
                    source.Source,
                    Complete: false,
                    0,
                    new Subject(SubjectTypes.Source, source.Source, $"subscription {id}"),
                    $"the subscription {id} was shown to this app before and is not any more",
                    DeclaredCall.AzureRoles.Permission,
                    DeclaredCall.AzureRoles.Grant($"/subscriptions/{id}", null),
                    $"/subscriptions/{id}"
                );
    }

    // Why a read cannot show that an access is gone; null when it can.
    private string? WhyUnread(Access access)
    {
        var needed = (_registry.FindRemoval(access.Kind)?.Sources(access, _after) ?? AccessSources.Resources(access, _after)).ToList();
        if (needed.Count == 0)
            return "the source that would show it was not read";
        foreach (var source in needed)
            if (_after.Sources.FirstOrDefault(s => s.Source == source) is not { Complete: true } read)
                return _after.Sources.FirstOrDefault(s => s.Source == source)?.Reason is { } reason
                    ? $"{source} could not be read: {reason}"
                    : $"{source} was not read";
        return null;
    }

    private static (string Type, string Id) ManualKey(Access access) => (Steps.TypeOf(access.Kind), access.Id.ToLowerInvariant());
}
