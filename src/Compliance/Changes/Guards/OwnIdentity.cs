using Microsoft.Extensions.Configuration;

namespace Compliance.Changes.Guards;

/// <summary>The ids this program itself goes by: it never cuts its own branch off.</summary>
/// <param name="Ids">Object ids and client ids of the app and of its managed identities, compared without case.</param>
internal sealed record OwnIdentity(IReadOnlySet<string> Ids)
{
    /// <summary>
    /// Setting with further ids (object or client ids), separated by commas: the object id of a managed identity is reported by no other
    /// setting.
    /// </summary>
    public const string Setting = "Guards:OwnIds";

    // Every setting that names an identity the app signs in with.
    private static readonly string[] ClientIds = ["Tenant:ClientId", "AzureWebJobsStorage:clientId", "EvidenceStorage:clientId"];

    /// <summary>The ids that the settings name.</summary>
    public static OwnIdentity Read(IConfiguration configuration) =>
        new(
            ClientIds
                .Select(key => configuration[key])
                .Concat((configuration[Setting] ?? "").Split(','))
                .Select(id => id?.Trim() ?? "")
                .Where(id => id.Length > 0)
                .ToHashSet(StringComparer.OrdinalIgnoreCase)
        );
}
