namespace Compliance.Minimization.Policy;

/// <summary>Gives the retention policy in force.</summary>
internal interface IRetentionPolicySource
{
    /// <summary>Reads it.</summary>
    /// <exception cref="Policies.PolicyException">It cannot be used.</exception>
    RetentionPolicy Load();
}

/// <summary>The policy of a file, read afresh each time it changed.</summary>
/// <param name="path">The file.</param>
internal sealed class RetentionPolicyFile(string path) : IRetentionPolicySource
{
    /// <inheritdoc/>
    public RetentionPolicy Load() => RetentionPolicyLoader.LoadFile(path);
}
