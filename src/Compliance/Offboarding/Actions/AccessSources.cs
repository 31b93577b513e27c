using Compliance.Offboarding.Directory;

namespace Compliance.Offboarding.Actions;

/// <summary>Which sources a fresh read needs before it shows that an access is gone.</summary>
internal static class AccessSources
{
    /// <summary>A part of the user in Graph; empty for the user itself.</summary>
    public static IEnumerable<string> Graph(AccessSnapshot after, string part) => [LeaverSources.Graph(after.UserId, part)];

    /// <summary>A list of Azure roles: an assignment within a subscription shows in that one; one above shows in all of them.</summary>
    public static IEnumerable<string> Azure(Access access, AccessSnapshot after, string list)
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

    /// <summary>
    /// Resource Graph, which leaves out what it may not show: a subscription counts as read when its roles were.
    /// </summary>
    public static IEnumerable<string> Resources(Access access, AccessSnapshot after) =>
        [LeaverSources.Resources, .. Azure(access, after, "roleAssignments")];
}
