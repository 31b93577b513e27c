using System.Text.Json;

namespace Local;

/// <summary>How to reach what runs on this machine: written for the command line <c>compliance</c>, readable by its owner alone.</summary>
/// <param name="App">The app's address.</param>
/// <param name="HrKey">The key HR events are signed with.</param>
/// <param name="EvidenceStorage">Connection string of the evidence account.</param>
/// <param name="ApproverAudience">Client id of the app's registration, whose roles callers hold.</param>
/// <param name="TenantSettings">The sandbox tenant's settings, as the app has them; empty for a real tenant.</param>
/// <param name="StateStorage">Connection string of the state account.</param>
internal sealed record Connection(
    string App,
    string HrKey,
    string EvidenceStorage,
    string ApproverAudience,
    IReadOnlyDictionary<string, string> TenantSettings,
    string StateStorage
)
{
    /// <summary>Environment variable that names the file for a command the launcher runs.</summary>
    public const string Variable = "COMPLIANCE_CONNECTION";

    /// <summary>Writes it in place of what an earlier start left.</summary>
    public void Write(string path) => OwnerOnlyFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(this, JsonSerializerOptions.Web));
}
