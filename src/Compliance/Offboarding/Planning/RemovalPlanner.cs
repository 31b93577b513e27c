using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;
using Compliance.Text;

namespace Compliance.Offboarding.Planning;

/// <summary>
/// What is taken away from a leaver, and what a person has to do instead. Each access of the snapshot is in exactly one of the two; nothing
/// that was owned is left without an owner. Pure. What is done about one kind of access is in the class of its step.
/// </summary>
internal static class RemovalPlanner
{
    /// <summary>The plan to take everything away.</summary>
    /// <param name="caseId">The case.</param>
    /// <param name="facts">The person.</param>
    /// <param name="snapshot">All access.</param>
    /// <param name="newOwner">
    /// Who gets what is owned; null when there is nobody: the policy's <c>owners.fallback</c> does, if there is one. While it is not known
    /// who that is (<see cref="NewOwner.Unread"/>), nothing is handed over at all.
    /// </param>
    /// <param name="policy">In force.</param>
    /// <param name="registry">The steps there are; null for those of the app.</param>
    public static ActionPlan Plan(
        string caseId,
        LeaverFacts facts,
        AccessSnapshot snapshot,
        NewOwner? newOwner,
        OffboardingPolicy policy,
        StepRegistry? registry = null
    )
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(policy);
        registry ??= StepRegistry.Default;
        var context = new RemovalContext(caseId, facts, policy, new Handover(newOwner, facts.UserId, policy));
        var planned = EachOnce(snapshot).Select(access => (access.Asset, Planned: PlanFor(access, context, registry))).ToList();
        return new()
        {
            Kind = Steps.Remove,
            TenantId = snapshot.TenantId,
            CaseId = caseId,
            SubjectId = facts.UserId,
            PolicySha256 = policy.Sha256,
            Steps = registry.Sort(planned.SelectMany(p => p.Planned.Steps, (p, step) => (step, p.Asset))),
            Manual = Steps.Sort(planned.SelectMany(p => p.Planned.Manual).Concat(MailAndFiles(context))),
        };
    }

    // A snapshot names each access once; if two reads of one differ, which is taken must not depend on their order.
    private static IEnumerable<Access> EachOnce(AccessSnapshot snapshot) =>
        snapshot
            .Accesses.GroupBy(a => a.Key, StringComparer.Ordinal)
            .Select(g => g.Skip(1).Any() ? g.MinBy(CanonicalJson.Sha256Of, StringComparer.Ordinal)! : g.First());

    private static PlannedAccess PlanFor(Access access, RemovalContext context, StepRegistry registry)
    {
        if (access.NotRemovable is { } why)
            return PlannedAccess.LeaveToPerson(access, why, access.WhatToDo ?? "remove it by hand");
        return registry.FindRemoval(access.Kind)?.Plan(access, context)
            ?? PlannedAccess.LeaveToPerson(
                access,
                "it names no person, so there is nothing to take away from one",
                access.WhatToDo ?? "rotate it"
            );
    }

    private static IEnumerable<ManualStep> MailAndFiles(RemovalContext context)
    {
        var facts = context.Facts;
        if (facts.Mail is null)
            return [];
        const string Why = "this program has no permission to read mail or files";
        var to = context.Handover.Name ?? "whoever takes the work over";
        return context.Policy.HandOverMailAndFiles
            ?
            [
                new(
                    new("mailbox", facts.UserId, facts.Mail),
                    Why,
                    $"hand the mailbox over to {to}: convert it to a shared one in Exchange Online (Set-Mailbox -Type Shared, then "
                        + "Add-MailboxPermission)"
                ),
                new(
                    new("files", facts.UserId, facts.PrincipalName),
                    Why,
                    $"hand the files over to {to}: OneDrive in the SharePoint admin center, before its retention ends (30 days after the "
                        + "user is deleted, unless set otherwise)"
                ),
            ]
            :
            [
                new(
                    new("mailbox", facts.UserId, facts.Mail),
                    Why,
                    "policy does not hand mail over (mailAndFiles): decide whether it is kept, and for how long, before the licence "
                        + "or the user is removed"
                ),
                new(
                    new("files", facts.UserId, facts.PrincipalName),
                    Why,
                    "policy does not hand files over (mailAndFiles): decide whether they are kept before the user is deleted"
                ),
            ];
    }
}
