using Compliance.State;
using Microsoft.Extensions.Configuration;

namespace Compliance.Approvals;

/// <summary>For whom an approver's token has to be issued.</summary>
/// <param name="Audiences">Values of <c>aud</c> that are taken: the app registration's client id, and its id URI.</param>
internal sealed record ApprovalOptions(IReadOnlyList<string> Audiences)
{
    /// <summary>The setting.</summary>
    public const string Setting = "Approvals:Audience";

    private const string Uri = "api://";

    /// <summary>Reads the setting: a client id, or an id URI <c>api://…</c>.</summary>
    /// <exception cref="StateSettingException">It is missing or neither of the two.</exception>
    public static ApprovalOptions Read(IConfiguration configuration)
    {
        var value = configuration[Setting]?.Trim();
        if (string.IsNullOrEmpty(value))
            throw new StateSettingException(Setting, "is missing: give the client id of the app registration whose role Compliance.Approver approvers hold");
        // A v2 token carries the client id whichever way it was asked for; a token for api://<client id> is for the same app.
        if (Guid.TryParseExact(value, "D", out var id))
            return new([id.ToString("D"), $"{Uri}{id:D}"]);
        if (!value.StartsWith(Uri, StringComparison.Ordinal) || value.Length == Uri.Length)
            throw new StateSettingException(Setting, $"is '{value}': give a client id (a GUID) or an id URI such as api://11111111-2222-3333-4444-555555555555");
        return Guid.TryParseExact(value[Uri.Length..], "D", out var inUri) ? new([inUri.ToString("D"), $"{Uri}{inUri:D}"]) : new([value]);
    }
}
