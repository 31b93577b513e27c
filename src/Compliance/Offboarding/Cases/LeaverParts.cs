using Compliance.Changes.Approvals;
using Compliance.Ledger;
using Compliance.Ledger.Checkpoints;
using Compliance.Offboarding.Guards;
using Compliance.Offboarding.Policy;
using Compliance.Storage;

namespace Compliance.Offboarding.Cases;

/// <summary>What the steps of a leaver case work with.</summary>
internal sealed record LeaverParts(
    TenantId Tenant,
    IOffboardingPolicySource Policy,
    OwnIdentity Self,
    ILeaverCases Cases,
    ICaseDocuments Documents,
    ILeaverDirectory Directory,
    IPlanExecutor Executor,
    ICapLedger Caps,
    IPolicyActs PolicyActs,
    ApprovalBoard Approvals,
    CaseFindings Findings,
    IEvidenceLog Evidence,
    ICheckpoints Checkpoints,
    BlockingFirst Urgent,
    TimeProvider Time
);
