using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Ledger.Append;
using Compliance.Runs;
using Compliance.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Compliance.Tests.Credentials;

/// <summary>The credential check over a tenant in memory.</summary>
internal static class CheckOver
{
    public static CredentialRotationCheck Tenant(
        FakeTenant tenant,
        ICredentialPolicySource policy,
        StateStorage storage,
        TimeProvider time
    ) =>
        new(
            new CredentialPipeline(
                policy,
                tenant,
                new CredentialObserver(tenant, tenant, tenant),
                new RunFindings(new TableFindingStore(storage), NullLogger<CredentialRotationCheck>.Instance),
                new AppendBlobEvidenceLog(storage, time, NullLogger<AppendBlobEvidenceLog>.Instance)
            ),
            new EarlierListings(new TableKnownSubscriptions(storage), new TableKnownResources(storage), tenant),
            new TableRunLog(storage),
            new BlobRunDocuments(storage.Blobs.GetBlobContainerClient(BlobRunDocuments.Container)),
            time,
            NullLogger<CredentialRotationCheck>.Instance
        );
}
