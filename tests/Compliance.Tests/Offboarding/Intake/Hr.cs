using Compliance.Controls;
using Compliance.Evidence;
using Compliance.Findings;
using Compliance.Offboarding;
using Compliance.Offboarding.Intake;
using Compliance.Offboarding.Policy;
using Compliance.State;
using Compliance.Tests.State;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace Compliance.Tests.Offboarding.Intake;

/// <summary>HR events and the parts that take them in, on the real Azurite.</summary>
internal static class Hr
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public static readonly OffboardingPolicy Policy = new() { Sha256 = new string('a', 64), Contact = "it@northwynd.example" };

    public static HrEvent Event(
        HrEventKind kind, long sequence, string employee = "E-1", string employment = "1", string? id = null, DateTime? leaves = null, bool forCause = false) => new(
        "/hr", id ?? $"{employee}-{employment}-{sequence}", kind, Noon.AddHours(-1), employee, employment, sequence,
        kind is HrEventKind.Terminated or HrEventKind.Rescheduled ? new(leaves ?? new DateTime(2026, 11, 30, 17, 0, 0), "Europe/Berlin") : null, forCause, null, null);

    public sealed class Desk
    {
        private Desk(string tenant, StateStorage storage)
        {
            Tenant = new(tenant);
            Findings = new TableFindingStore(storage);
            Evidence = new Ledger(new AppendBlobEvidenceLog(storage, NullLogger<AppendBlobEvidenceLog>.Instance));
            Cases = new(storage);
            Events = new(storage);
            Policies = new FixedPolicy();
            Intake = new(Tenant, Cases, Events, Findings, Evidence, Policies, Time, NullLogger<LeaverIntake>.Instance);
        }

        public TenantId Tenant { get; }

        public FakeTimeProvider Time { get; } = new(Noon);

        public TableFindingStore Findings { get; }

        public Ledger Evidence { get; }

        public TableLeaverCases Cases { get; }

        public HrEventLog Events { get; }

        public FixedPolicy Policies { get; }

        public LeaverIntake Intake { get; }

        public static Desk Of(AzuriteFixture azurite, string tenant) => On(Faults.Storage(azurite), tenant);

        public static Desk On(StateStorage storage, string tenant) => new(tenant, storage);

        public Task<IntakeResult> TakeAsync(HrEvent @event) => Intake.AcceptAsync(@event, "test", "c-1", TestContext.Current.CancellationToken);

        public async Task<IReadOnlyList<Finding>> OpenAsync()
        {
            var open = new List<Finding>();
            await foreach (var finding in Findings.ListOpenAsync(Tenant.Value, TestContext.Current.CancellationToken))
                open.Add(finding);
            return open;
        }

        public async Task<IReadOnlyList<(string Control, Severity Severity, string Subject)>> OpenShortAsync() =>
            [.. (await OpenAsync()).Select(f => (f.Detection.ControlId, f.Detection.Severity, f.Detection.Subject.Id)).Order()];
    }

    /// <summary>The real ledger, with what was appended to read again.</summary>
    public sealed class Ledger(IEvidenceLog real) : IEvidenceLog
    {
        public List<EvidenceRecord> Records { get; } = [];

        public Func<EvidenceRecord, Exception?> Fails { get; set; } = _ => null;

        public async Task<EvidenceReceipt> AppendAsync(EvidenceRecord record, CancellationToken stop)
        {
            if (Fails(record) is { } failure)
                throw failure;
            lock (Records)
                Records.Add(record);
            return await real.AppendAsync(record, stop);
        }
    }

    public sealed class FixedPolicy : IOffboardingPolicySource
    {
        public OffboardingPolicy Policy { get; set; } = Hr.Policy;

        public OffboardingPolicy Load() => Policy;
    }
}
