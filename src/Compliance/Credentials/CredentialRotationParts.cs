using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Runs;
using Compliance.Storage;

namespace Compliance.Credentials;

/// <summary>Everything the credential check talks to.</summary>
internal sealed record CredentialRotationParts(
    ICredentialPolicySource Policy,
    ITenantIdentity Tenant,
    ICredentialInventory Inventory,
    IOwnerDirectory Owners,
    IRotationPolicies Rotation,
    IResourceLookup Resources,
    IFindingStore Findings,
    IKnownSubscriptions Subscriptions,
    IKnownResources KnownResources,
    IRunLog Runs,
    IRunDocuments Documents,
    IEvidenceLog Evidence,
    TimeProvider Time
);

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
