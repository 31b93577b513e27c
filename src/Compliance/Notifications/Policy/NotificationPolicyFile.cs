using Compliance.Policies;
using Microsoft.Extensions.Configuration;

namespace Compliance.Notifications.Policy;

/// <summary>The policy from a file, read afresh for every run.</summary>
/// <param name="path">The file.</param>
internal sealed class NotificationPolicyFile(string path)
{
    /// <summary>Setting with the path of the policy file; the file shipped beside the app unless given.</summary>
    public const string Setting = "Policy:Notifications";

    /// <summary>The file that the settings name. It is not read yet.</summary>
    public static NotificationPolicyFile From(IConfiguration configuration) =>
        new(
            configuration[Setting] is { Length: > 0 } given ? given : Path.Combine(AppContext.BaseDirectory, "policy", "notifications.yaml")
        );

    /// <summary>Reads the policy.</summary>
    /// <exception cref="PolicyException">It cannot be used; every problem is listed.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public NotificationPolicy Load() => NotificationPolicyLoader.LoadFile(path);
}
