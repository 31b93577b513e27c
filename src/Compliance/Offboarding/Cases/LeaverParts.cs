using Compliance.Changes.Approvals;
using Compliance.Changes.Caps;
using Compliance.Changes.Execution;
using Compliance.Changes.Guards;
using Compliance.Changes.Pauses;
using Compliance.Ledger;
using Compliance.Ledger.Checkpoints;
using Compliance.Offboarding.Policy;
using Compliance.Storage;

namespace Compliance.Offboarding.Cases;

/// <summary>What the steps of a leaver case work with.</summary>
internal sealed record LeaverParts(
    TenantId Tenant,
    IOffboardingPolicySource Policy,
    OwnIdentity Self,
    ILeaverCases Cases,
    IDocumentStore Documents,
    ILeaverDirectory Directory,
    IPlanExecutor Executor,
    IPause Pause,
    ICapLedger Caps,
    IPolicyActs PolicyActs,
    ApprovalBoard Approvals,
    CaseFindings Findings,
    IEvidenceLog Evidence,
    ICheckpoints Checkpoints,
    BlockingFirst Urgent,
    TimeProvider Time
);
