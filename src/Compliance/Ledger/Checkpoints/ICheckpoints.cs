namespace Compliance.Ledger.Checkpoints;

/// <summary>Has the evidence signed.</summary>
public interface ICheckpoints
{
    /// <summary>
    /// Signs a checkpoint now: to be called after each plan that took something away, once its evidence is in the log. Never fails: what
    /// goes wrong is logged (and is a finding when the ledger itself is wrong), and the hourly checkpoint catches up.
    /// </summary>
    /// <param name="planId">The plan, for the log.</param>
    /// <param name="cancellationToken">Ends the waiting; the only thing that is thrown for.</param>
    /// <exception cref="OperationCanceledException">The caller stopped waiting.</exception>
    Task AfterPlanAsync(string planId, CancellationToken cancellationToken);
}
