using Microsoft.Extensions.Configuration;

namespace Compliance.Offboarding.Policy;

/// <summary>The policy from a file.</summary>
/// <param name="path">The file.</param>
internal sealed class OffboardingPolicyFile(string path) : IOffboardingPolicySource
{
    /// <summary>Setting with the path of the policy file; the file shipped beside the app unless given.</summary>
    public const string Setting = "Policy:Offboarding";

    /// <summary>The file that the settings name. It is not read yet.</summary>
    public static OffboardingPolicyFile From(IConfiguration configuration) =>
        new(configuration[Setting] ?? Path.Combine(AppContext.BaseDirectory, "policy", "offboarding.yaml"));

    /// <inheritdoc/>
    public OffboardingPolicy Load() => OffboardingPolicyLoader.LoadFile(path);
}
