using Compliance.Findings;
using Compliance.Ledger.Checkpoints;
using Compliance.Observability;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.LedgerCheck;

/// <summary>Signs what was appended to the ledger, one checkpoint at a time.</summary>
internal sealed partial class LedgerSigning(
    TenantId tenant,
    CheckpointKeys keys,
    LedgerCheckpointer checkpointer,
    ILogger<LedgerSigning> log
)
{
    // Two at once would be right as well, but would do everything twice.
    private readonly SingleFlight<CheckpointOutcome> _checkpoint = new(cancellationToken =>
        checkpointer.CheckpointAsync(tenant.Value, cancellationToken)
    );

    /// <summary>Signs, or joins whoever does.</summary>
    public Task<CheckpointOutcome> CheckpointAsync(CancellationToken cancellationToken) => _checkpoint.RunAsync(cancellationToken);

    /// <summary>The key that signs.</summary>
    /// <exception cref="CheckpointKeyException">There is none that can.</exception>
    public Task<CheckpointSigner> SignerAsync(CancellationToken cancellationToken) => keys.SignerAsync(tenant.Value, cancellationToken);

    /// <summary>Signs; where no key can, that is a finding.</summary>
    public async Task<(CheckpointOutcome? Outcome, Detection? Unsigned)> TryCheckpointAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await _checkpoint.RunAsync(cancellationToken), null);
        }
        catch (CheckpointKeyException e)
        {
            Unsigned(e.Message);
            return (
                null,
                LedgerControls.Undecided(
                    tenant.Value,
                    LedgerControls.SigningSource,
                    CheckpointProblem.In(
                        CheckpointProblem.Key,
                        $"No checkpoint can be signed: {SecretScrubber.FirstLine(e.Message)}",
                        e.NextStep
                    )
                )
            );
        }
    }

    [LoggerMessage(1218, LogLevel.Error, "No checkpoint can be signed: {Reason}")]
    private partial void Unsigned(string reason);
}
