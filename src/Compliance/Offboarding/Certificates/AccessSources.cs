using Compliance.Findings;
using Compliance.Offboarding.Directory;
using Compliance.Tenants;

namespace Compliance.Offboarding.Certificates;

/// <summary>Which sources of a read show an access.</summary>
internal static class AccessSources
{
    private const string DirectorySchedules = "roleEligibilityScheduleInstances";

    /// <summary>
    /// What is unknown because it was listed before and is not now: the subscription may have been closed, or this app may no longer see
    /// it.
    /// </summary>
    public static IEnumerable<SourceOutcome> NoLongerListed(AccessSnapshot before, AccessSnapshot after)
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

    /// <summary>Why a read cannot show that an access is gone; null when it can.</summary>
    public static string? WhyUnread(Access access, AccessSnapshot after)
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
