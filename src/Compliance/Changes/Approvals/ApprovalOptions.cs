using Compliance.Storage;
using Microsoft.Extensions.Configuration;

namespace Compliance.Changes.Approvals;

/// <summary>For whom an approver's token has to be issued.</summary>
/// <param name="Audiences">Values of <c>aud</c> that are taken: the app registration's client id, and its id URI.</param>
internal sealed record ApprovalOptions(IReadOnlyList<string> Audiences)
{
    /// <summary>The setting.</summary>
    public const string Setting = "Approvals:Audience";

    private const string Uri = "api://";

    /// <summary>Reads the setting: a client id, or the id URI <c>api://</c> with the client id.</summary>
    /// <exception cref="StateSettingException">It is missing or neither of the two. An id URI of another form is refused: v2.0 tokens carry
    /// the client id, so that nobody could ever approve.</exception>
    public static ApprovalOptions Read(IConfiguration configuration)
    {
        var value = configuration[Setting]?.Trim();
        if (string.IsNullOrEmpty(value))
            throw new StateSettingException(
                Setting,
                "is missing: give the client id of the app registration whose role Compliance.Approver approvers hold"
            );
        // A v2.0 token carries the client id whichever way it was asked for; a token for api://<client id> is for the same app.
        return Guid.TryParseExact(value.StartsWith(Uri, StringComparison.Ordinal) ? value[Uri.Length..] : value, "D", out var id)
            ? new([id.ToString("D"), $"{Uri}{id:D}"])
            : throw new StateSettingException(
                Setting,
                $"is '{value}': give the app registration's client id (a GUID), also as api://11111111-2222-3333-4444-555555555555; "
                    + "another id URI does not show it, and tokens carry the client id"
            );
    }
}
