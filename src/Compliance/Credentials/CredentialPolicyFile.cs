namespace Compliance.Credentials;

/// <summary>Gives the policy in force.</summary>
internal interface ICredentialPolicySource
{
    /// <summary>Reads and checks the policy file.</summary>
    /// <param name="now">The clock's time, by which waivers end.</param>
    /// <exception cref="Policies.PolicyException">The file has errors.</exception>
    CredentialPolicy Load(DateTimeOffset now);
}

/// <summary>The policy from a file, read afresh for every run.</summary>
internal sealed class CredentialPolicyFile(string path) : ICredentialPolicySource
{
    /// <inheritdoc/>
    public CredentialPolicy Load(DateTimeOffset now) => CredentialPolicyLoader.LoadFile(path, now);
}
