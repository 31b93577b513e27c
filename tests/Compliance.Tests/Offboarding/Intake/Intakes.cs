using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Intake;
using Compliance.Offboarding.Policy;
using Compliance.Storage;
using Microsoft.Extensions.Logging.Testing;

namespace Compliance.Tests.Offboarding.Intake;

/// <summary>The intake of HR events over tables, as the app puts it together.</summary>
internal static class Intakes
{
    public static LeaverIntake Create(
        StateStorage storage,
        TenantId tenant,
        IEvidenceLog evidence,
        IOffboardingPolicySource policy,
        TimeProvider time,
        FakeLogCollector log
    )
    {
        var (cases, events) = (new TableLeaverCases(storage), new HrEventLog(storage));
        var findings = new FindingWriter(new TableFindingStore(storage));
        var reports = new IntakeReports(tenant, findings, policy, time, new FakeLogger<IntakeReports>(log));
        var records = new IntakeRecords(tenant, cases, events, evidence, policy, new FakeLogger<IntakeRecords>(log));
        return new(tenant, events, new PersonCases(tenant, cases, reports), reports, records, time);
    }
}
