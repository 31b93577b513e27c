using Simulation;

namespace ComplianceFunctions.Tests.Changes;

/// <summary>What goes wrong in a random life of a change.</summary>
internal static class ChangeFaults
{
    /// <summary>Everything, now and then.</summary>
    public static FaultPlan All { get; } =
        new()
        {
            Rates = new Dictionary<FaultKind, double>
            {
                [FaultKind.CrashBeforeCommit] = 0.02,
                [FaultKind.CrashAfterCommit] = 0.02,
                [FaultKind.TornCommit] = 0.02,
                [FaultKind.StaleCommit] = 0.02,
                [FaultKind.CrashInside] = 0.01,
                [FaultKind.LostAnswer] = 0.02,
                [FaultKind.Redelivery] = 0.02,
                [FaultKind.ReportedFailed] = 0.02,
                [FaultKind.LateTimer] = 0.05,
                [FaultKind.EarlyTimer] = 0.1,
            },
            LongestDelay = TimeSpan.FromMinutes(20),
        };
}
