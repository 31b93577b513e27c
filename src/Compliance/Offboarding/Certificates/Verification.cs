using System.Globalization;
using Compliance.Changes.Plans;
using Compliance.Findings;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Directory;
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
internal static class Verification
{
    private const string DirectorySchedules = "roleEligibilityScheduleInstances";

    /// <summary>Compares.</summary>
    /// <param name="plans">All plans of the case that were carried out, the oldest first.</param>
    /// <param name="outcomes">The outcomes of their steps so far; of several for one step the last counts.</param>
    /// <param name="before">The access before anything was removed.</param>
    /// <param name="after">The access read afresh.</param>
    /// <param name="earlier">The comparison before this one, so that the first time something was seen removed is kept; null when this is
    /// the first.</param>
    public static VerifiedCase Compare(
        IReadOnlyList<ActionPlan> plans,
        IReadOnlyList<StepOutcome> outcomes,
        AccessSnapshot before,
        AccessSnapshot after,
        VerifiedCase? earlier = null
    )
    {
        after = after with { Sources = [.. after.Sources, .. NoLongerListed(before, after)] };
        var now = after.Accesses.Select(a => a.Key).ToHashSet(StringComparer.Ordinal);
        var last = outcomes.GroupBy(o => o.StepId, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
        var steps = plans
            .SelectMany(p => p.Steps)
            .Where(s => s.Arguments.ContainsKey(StepArguments.Access))
            .GroupBy(s => s.Arguments[StepArguments.Access], StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
        var manual = plans
            .SelectMany(p => p.Manual)
            .GroupBy(m => (m.Target.Type, Id: m.Target.Id.ToLowerInvariant()))
            .ToDictionary(g => g.Key, g => g.Last());
        var seen = earlier
            ?.Accesses.Where(a => a.State == AccessState.Removed)
            .ToDictionary(a => a.Access.Key, a => a.SeenRemovedAt, StringComparer.Ordinal);

        // What a later plan found outside the first snapshot belongs to the case as well; it is known by the plan that took it in.
        var accesses = before
            .Accesses.DistinctBy(a => a.Key, StringComparer.Ordinal)
            .Select(Verified)
            .OrderBy(v => v.Access.Kind)
            .ThenByDescending(v => v.Access.Asset)
            .ThenBy(v => v.Access.Name, StringComparer.Ordinal)
            .ThenBy(v => v.Access.Id, StringComparer.Ordinal)
            .ToList();
        var outside = after
            .Accesses.Where(a => !steps.ContainsKey(a.Key) && !manual.ContainsKey(ManualKey(a)))
            .DistinctBy(a => a.Key, StringComparer.Ordinal)
            .OrderBy(a => a.Key, StringComparer.Ordinal)
            .ToList();
        // What a further plan is to remove and is still there, though the first snapshot did not know it.
        var known = before.Accesses.Select(a => a.Key).ToHashSet(StringComparer.Ordinal);
        var later = after.Accesses.Where(a => !known.Contains(a.Key) && steps.ContainsKey(a.Key)).Select(a => StillThere(a, steps[a.Key]));
        accesses.AddRange(later.OrderBy(v => v.Access.Key, StringComparer.Ordinal));
        var clear =
            after.Complete && outside.Count == 0 && accesses.TrueForAll(a => a.State is AccessState.Removed or AccessState.LeftToPerson);
        return new(
            after.TakenAt,
            clear,
            accesses,
            outside,
            [.. after.Sources.Where(s => !s.Complete).OrderBy(s => s.Source, StringComparer.Ordinal)]
        );

        VerifiedAccess Verified(Access access)
        {
            var step = steps.GetValueOrDefault(access.Key);
            var outcome = step is null ? null : last.GetValueOrDefault(step.Id);
            // A secret that was read stays known when nothing leads to it any more.
            if (access.Kind == AccessKind.SharedSecret && manual.TryGetValue(ManualKey(access), out var rotate))
                return new(access, AccessState.LeftToPerson, null, null, rotate.Why, rotate.WhatToDo);
            if (!now.Contains(access.Key))
                return Unread(access, after) is { } unread
                    ? new(
                        access,
                        AccessState.Unknown,
                        outcome is { InEffect: true } ? outcome.At : null,
                        null,
                        unread,
                        "read it again once its source can be read"
                    )
                    : new(
                        access,
                        AccessState.Removed,
                        outcome is { InEffect: true } ? outcome.At : null,
                        seen?.GetValueOrDefault(access.Key) ?? after.TakenAt,
                        null,
                        null
                    );
            if (step is not null)
                return StillThere(access, step);
            return manual.TryGetValue(ManualKey(access), out var byHand)
                ? new(access, AccessState.LeftToPerson, null, null, byHand.Why, byHand.WhatToDo)
                : new(access, AccessState.StillThere, null, null, "no plan covers it", "a further plan is made");
        }

        VerifiedAccess StillThere(Access access, PlanStep step)
        {
            var outcome = last.GetValueOrDefault(step.Id);
            return outcome switch
            {
                null => new(access, AccessState.StillThere, null, null, "its step was not carried out yet", "it is carried out"),
                // The service said so, the read does not: it may lag, or somebody gave it back.
                { InEffect: true } => new(
                    access,
                    AccessState.StillThere,
                    outcome.At,
                    null,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"the service said at {outcome.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC that it is removed, but it is still seen"
                    ),
                    "it is read again; if it stays, somebody or something gives it back"
                ),
                _ => new(access, AccessState.StillThere, null, null, outcome.Reason, outcome.Remedy),
            };
        }
    }

    // A subscription that was listed before and is not now may have been closed, or this app may no longer see it: what is there is
    // unknown.
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

    private static (string Type, string Id) ManualKey(Access access) => (Steps.TypeOf(access.Kind), access.Id.ToLowerInvariant());

    // Why a read cannot show that an access is gone; null when it can.
    private static string? Unread(Access access, AccessSnapshot after)
    {
        var needed = SourcesOf(access, after).ToList();
        if (needed.Count == 0)
            return "the source that would show it was not read";
        foreach (var source in needed)
            if (after.Sources.FirstOrDefault(s => s.Source == source) is not { Complete: true } read)
                return after.Sources.FirstOrDefault(s => s.Source == source)?.Reason is { } reason
                    ? $"{source} could not be read: {reason}"
                    : $"{source} was not read";
        return null;
    }

    private static IEnumerable<string> SourcesOf(Access access, AccessSnapshot after)
    {
        string Graph(string part) => LeaverSources.Graph(after.UserId, part);
        return access.Kind switch
        {
            AccessKind.Account or AccessKind.Licence => [Graph("")],
            AccessKind.GroupMember => [Graph("memberOf")],
            AccessKind.SignInMethod => [Graph("authentication/methods")],
            AccessKind.AppRole => [Graph("appRoleAssignments")],
            AccessKind.DelegatedGrant => [Graph("oauth2PermissionGrants")],
            AccessKind.DirectoryRole => [Graph("roleAssignments")],
            AccessKind.EligibleDirectoryRole => [Graph(DirectorySchedules)],
            AccessKind.OwnedApplication or AccessKind.OwnedServicePrincipal or AccessKind.OwnedGroup => [Graph("ownedObjects")],
            AccessKind.Device => [Graph("registeredDevices")],
            AccessKind.ManagedDevice => [Graph("managedDevices")],
            AccessKind.AzureRole => Azure(access, after, "roleAssignments"),
            AccessKind.EligibleAzureRole => Azure(access, after, "roleEligibilityScheduleInstances"),
            AccessKind.SharedSecret => [LeaverSources.Resources, .. Azure(access, after, "roleAssignments")],
            // Resource Graph leaves out what it may not show: a subscription counts as read when its roles were.
            _ => [LeaverSources.Resources, .. Azure(access, after, "roleAssignments")],
        };
    }

    // An assignment within a subscription shows in that one; one above shows in all of them.
    private static IEnumerable<string> Azure(Access access, AccessSnapshot after, string list)
    {
        yield return Findings.Sources.Subscriptions;
        if (
            access.Scope.Split('/', StringSplitOptions.RemoveEmptyEntries) is [var first, var id, ..]
            && first.Equals("subscriptions", StringComparison.OrdinalIgnoreCase)
        )
            yield return after
                .Sources.FirstOrDefault(s => s.Source.Equals($"arm/subscriptions/{id}/{list}", StringComparison.OrdinalIgnoreCase))
                ?.Source
                ?? $"arm/subscriptions/{id}/{list}";
        else
            foreach (
                var source in after.Sources.Where(s =>
                    s.Source.StartsWith("arm/subscriptions/", StringComparison.Ordinal)
                    && s.Source.EndsWith('/' + list, StringComparison.Ordinal)
                )
            )
                yield return source.Source;
    }
}
