using System.Text.Json.Nodes;
using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Names another owner in the tag of a resource, or leaves it to the others that the tag names.</summary>
internal sealed class HandOverResource : IRemovalStep
{
    /// <summary>The action.</summary>
    public const string Id = "resource.handOver";

    /// <summary>Changing a resource's tags.</summary>
    public static readonly DeclaredCall Call = DeclaredCall.Arm(
        "PATCH",
        "/subscriptions/{*id}/providers/Microsoft.Resources/tags/default",
        "Tag Contributor",
        "hands over resources whose owner tag names a leaver"
    );

    private const string Version = "api-version=2021-04-01";

    private static readonly char[] BetweenOwners = [';', ',', ' ', '|'];
    private static readonly (char Mark, string Between)[] Separators = [(';', "; "), (',', ", "), ('|', "|")];

    public string Action => Id;
    public string Title => "Hand a resource over";
    public IReadOnlyList<DeclaredCall> Calls => [Call];
    public IReadOnlyList<AccessKind> Kinds => [AccessKind.OwnedResource];
    public StepEffect Effect => StepEffect.Changes;

    public PlannedAccess Plan(Access access, RemovalContext context)
    {
        var tag = access.Details.GetValueOrDefault("tag") ?? context.Policy.OwnerTag;
        var value = access.Details.GetValueOrDefault("value") ?? context.Facts.PrincipalName;
        var others = Others(value, context.Facts);
        if (others.Count > 0)
            return PlannedAccess.Do(
                Create(access, context, "its other owners keep it", "ownerTag", (tag, string.Join(Between(value), others), null))
            );
        if (context.Handover.Name is not { } name)
            return PlannedAccess.LeaveToPerson(
                access,
                context.Handover.WhyNone,
                $"set the tag {tag} of {access.Id} to who answers for it from now on"
            );
        var rule = context.Handover.IsFallback ? "owners/fallback" : "ownerTag";
        return PlannedAccess.Do(Create(access, context, $"handed over to {name}", rule, (tag, name, context.Handover.Id)));
    }

    public StepRequest Request(PlanStep step, string graph) => RequestOf(step);

    /// <summary>The request that sets the tag.</summary>
    public static StepRequest RequestOf(PlanStep step) =>
        new(
            Call,
            $"{StepValues.AzurePath(step.Target.Id)}/providers/Microsoft.Resources/tags/default?{Version}",
            new JsonObject
            {
                ["operation"] = "Merge",
                ["properties"] = new JsonObject
                {
                    ["tags"] = new JsonObject { [step.Needed(StepArguments.Tag)] = step.Needed(StepArguments.Value) },
                },
            },
            step.Target.Id
        );

    public PlannedAccess Undo(Access access, UndoContext context) =>
        UndoContext.Has(access, "tag", "value")
            ? PlannedAccess.Do(TakeBackResource.Create(access, context))
            : UndoContext.NotEnough(access);

    public IEnumerable<string> Sources(Access access, AccessSnapshot after) => AccessSources.Resources(access, after);

    private static PlanStep Create(
        Access access,
        RemovalContext context,
        string reason,
        string rule,
        (string Tag, string Value, string? OwnerId) now
    ) =>
        Steps
            .Create(
                Id,
                Steps.TargetOf(access),
                0,
                reason,
                rule,
                context.User,
                (StepArguments.Tag, now.Tag),
                (StepArguments.Value, now.Value),
                (StepArguments.OwnerId, now.OwnerId),
                (StepArguments.Access, access.Key)
            )
            .To(now.Value);

    private static List<string> Others(string value, LeaverFacts facts) =>
        [
            .. value
                .Split(BetweenOwners, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Where(o => !Same(o, facts.PrincipalName) && !Same(o, facts.UserId))
                .Distinct(StringComparer.OrdinalIgnoreCase),
        ];

    // As the tag had it.
    private static string Between(string value)
    {
        foreach (var (mark, between) in Separators)
            if (value.Contains(mark, StringComparison.Ordinal))
                return between;
        return " ";
    }

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
