using Compliance.Storage;
using Microsoft.Extensions.Configuration;

namespace Compliance.Callers;

/// <summary>For whom a caller's token has to be issued, and at whose request.</summary>
/// <param name="Audiences">Values of <c>aud</c> that are taken: the app registration's client id, and its id URI.</param>
/// <param name="Clients">Client ids of the programs that may ask for a token (<c>azp</c>); none takes any of the tenant.</param>
internal sealed record CallerOptions(IReadOnlyList<string> Audiences, IReadOnlyList<string> Clients)
{
    /// <summary>The setting that names the app registration.</summary>
    public const string AudienceSetting = "Approvals:Audience";

    /// <summary>The setting that lists the programs.</summary>
    public const string ClientsSetting = "Callers:AllowedClientApplications";

    private const string Uri = "api://";

    /// <summary>
    /// Reads the settings: a client id, or the id URI <c>api://</c> with the client id; and client ids separated by commas.
    /// </summary>
    /// <exception cref="StateSettingException">The first is missing or neither of the two, or the list has what is no client id. An id URI
    /// of another form is refused: v2.0 tokens carry the client id, so that no one could ever call.</exception>
    public static CallerOptions Read(IConfiguration configuration) => new(Audience(configuration), ClientList(configuration));

    private static string[] Audience(IConfiguration configuration)
    {
        var value = configuration[AudienceSetting]?.Trim();
        if (string.IsNullOrEmpty(value))
            throw new StateSettingException(
                AudienceSetting,
                "is missing: give the client id of the app registration whose roles, such as Compliance.Approver, callers hold"
            );
        // A v2.0 token carries the client id whichever way it was asked for; a token for api://<client id> is for the same app.
        return Guid.TryParseExact(value.StartsWith(Uri, StringComparison.Ordinal) ? value[Uri.Length..] : value, "D", out var id)
            ? [id.ToString("D"), $"{Uri}{id:D}"]
            : throw new StateSettingException(
                AudienceSetting,
                $"is '{value}': give the app registration's client id (a GUID), also as api://11111111-2222-3333-4444-555555555555; "
                    + "another id URI does not show it, and tokens carry the client id"
            );
    }

    // A list with a mistake must not become an empty one, which lets every program in.
    private static string[] ClientList(IConfiguration configuration)
    {
        if (configuration[ClientsSetting] is not { } value || string.IsNullOrWhiteSpace(value))
            return [];
        return
        [
            .. value
                .Split(',', StringSplitOptions.TrimEntries)
                .Select(entry =>
                    Guid.TryParseExact(entry, "D", out var id)
                        ? id.ToString("D")
                        : throw new StateSettingException(
                            ClientsSetting,
                            $"has the entry '{entry}': give client ids (GUIDs) separated by commas, or leave it out to take any program"
                        )
                ),
        ];
    }
}
