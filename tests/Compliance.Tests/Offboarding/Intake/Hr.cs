using Compliance.Findings;
using Compliance.Offboarding;
using Compliance.Offboarding.Policy;

namespace Compliance.Tests.Offboarding.Intake;

/// <summary>Events as tests need them.</summary>
internal static class Hr
{
    public const string Source = "https://hr.northwynd.example/";

    public static readonly DateTimeOffset Now = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);

    public static readonly Leaving MonthEnd = new(new DateTime(2026, 11, 30, 17, 0, 0), "Europe/Berlin");

    public static HrEvent Terminated(
        long sequence = 1,
        string employee = "NW-1042",
        string employment = "2019-04",
        Leaving? leaves = null,
        bool forCause = false
    ) => Event(HrEventKind.Terminated, sequence, employee, employment, leaves ?? (forCause ? null : MonthEnd), forCause);

    public static HrEvent Rescheduled(long sequence, int days) =>
        Event(HrEventKind.Rescheduled, sequence, leaves: MonthEnd with { Local = MonthEnd.Local.AddDays(days) });

    public static HrEvent Cancelled(long sequence) => Event(HrEventKind.Cancelled, sequence);

    public static HrEvent Rehired(long sequence, string employment = "2019-04") =>
        Event(HrEventKind.Rehired, sequence, employment: employment);

    /// <summary>What is open now.</summary>
    public static async Task<IReadOnlyList<Finding>> OpenAsync(IFindingStore store, string tenant) =>
        await store.ListOpenAsync(tenant, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

    private static HrEvent Event(
        HrEventKind kind,
        long sequence,
        string employee = "NW-1042",
        string employment = "2019-04",
        Leaving? leaves = null,
        bool forCause = false
    ) =>
        new(
            Source,
            $"{employee}-{employment}-{sequence}",
            kind,
            Now.AddHours(-1),
            employee,
            employment,
            sequence,
            leaves,
            forCause,
            null,
            null
        );
}

/// <summary>A policy that stays the same.</summary>
internal sealed class FixedPolicy(OffboardingPolicy policy) : IOffboardingPolicySource
{
    public OffboardingPolicy Load() => policy;
}
