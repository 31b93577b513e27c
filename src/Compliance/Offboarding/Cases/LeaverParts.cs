using Compliance.Approvals;
using Compliance.Evidence;
using Compliance.Evidence.Checkpoints;
using Compliance.Offboarding.Guards;
using Compliance.Offboarding.Policy;
using Compliance.State;

namespace Compliance.Offboarding.Cases;

/// <summary>What the steps of a leaver case work with.</summary>
internal sealed record LeaverParts(
    TenantId Tenant, IOffboardingPolicySource Policy, OwnIdentity Self, ILeaverCases Cases, ICaseDocuments Documents, ILeaverDirectory Directory,
    IPlanExecutor Executor, ICapLedger Caps, IPolicyActs PolicyActs, ApprovalBoard Approvals, CaseFindings Findings, IEvidenceLog Evidence, ICheckpoints Checkpoints, BlockingFirst Urgent, TimeProvider Time);
