using Compliance.Ledger;

namespace Compliance.Minimization.Sweeps;

/// <summary>The records of a sweep as a whole.</summary>
internal static class SweepRecords
{
    /// <summary>A record.</summary>
    /// <param name="run">The sweep.</param>
    /// <param name="what">What was done: the end of its action.</param>
    /// <param name="at">When (UTC): the same whenever it is sent again.</param>
    /// <param name="policySha256">The policy in force, lower-case hex.</param>
    public static EvidenceRecord Create(SweepRun run, string what, DateTimeOffset at, string policySha256) =>
        new()
        {
            Id = $"{run.SweepId}-{what}",
            Time = at,
            Actor = SweepControls.Actor,
            Action = $"{SweepControls.Actor}.{what}",
            TenantId = run.TenantId,
            PolicySha256 = policySha256,
            Controls = SweepControls.Evidenced,
            Outcome = "complete",
            Counts = new Dictionary<string, long>(),
            Subject = run.SweepId,
            CorrelationId = run.SweepId,
        };
}
