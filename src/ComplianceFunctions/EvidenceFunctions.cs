using Compliance.LedgerCheck;

namespace ComplianceFunctions;

/// <summary>Timers that keep the evidence ledger signed, copied and checked.</summary>
public sealed class EvidenceFunctions(LedgerKeeper keeper)
{
    /// <summary>Signs a checkpoint when something was appended, and delivers the copies that wait; by default every hour.</summary>
    [Function(LedgerKeeper.CheckpointName)]
    public Task Checkpoint([TimerTrigger("%LedgerCheckpointSchedule%")] TimerInfo timer, CancellationToken cancellationToken) =>
        keeper.CheckpointAsync(cancellationToken);

    /// <summary>Checks the whole ledger, and whether it is write-once; by default every day.</summary>
    [Function(LedgerKeeper.SelfCheckName)]
    public Task SelfCheck([TimerTrigger("%LedgerSelfCheckSchedule%")] TimerInfo timer, CancellationToken cancellationToken) =>
        keeper.SelfCheckAsync(cancellationToken);
}

/// <summary>Looks at the start whether the ledger is write-once; the start does not wait for it.</summary>
internal sealed class EvidenceStart(LedgerKeeper keeper) : BackgroundService
{
    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => keeper.StartedAsync(stoppingToken);
}
