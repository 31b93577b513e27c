using Azure;
using Azure.Identity;
using Compliance.Findings;
using Compliance.Ledger.Checkpoints;
using Compliance.Observability;
using Compliance.Storage;

namespace Compliance.LedgerCheck;

/// <summary>Checks the whole ledger against its latest checkpoint, and against that of the last check.</summary>
internal sealed class WholeLedgerCheck(
    TenantId tenant,
    EvidenceOptions options,
    LedgerSigning signing,
    LedgerSelfCheck selfCheck,
    LedgerMemory memory
)
{
    /// <summary>Digest of the settings that it is checked by.</summary>
    public string Sha256 => options.Sha256;

    /// <summary>Signs what is new, and checks. What keeps it from being checked is a finding.</summary>
    public async Task<(SelfCheckResult? Result, IReadOnlyList<Detection> Detections, bool Complete)> CheckAsync(
        CancellationToken cancellationToken
    )
    {
        var detections = new List<Detection>();
        var before = await memory.CheckedAsync(tenant.Value, cancellationToken);
        var (result, complete) = ((SelfCheckResult?)null, true);
        try
        {
            var (outcome, unsigned) = await signing.TryCheckpointAsync(cancellationToken);
            if (unsigned is not null)
                detections.Add(unsigned);
            var signer = unsigned is null ? await signing.SignerAsync(cancellationToken) : null;
            result = await selfCheck.CheckAsync(tenant.Value, signer, before, cancellationToken);
            // A ledger that cannot be signed was not checked either: the key of its latest checkpoint may be the one that is missing.
            complete = unsigned is null;
            var problems = complete ? result.Problems.Concat(new[] { outcome?.Problem }.OfType<CheckpointProblem>()) : [];
            detections.AddRange(problems.DistinctBy(p => p.Part).Select(p => LedgerControls.Wrong(tenant.Value, p)));
        }
        catch (Exception e) when (IsFailure(e) && !cancellationToken.IsCancellationRequested)
        {
            complete = false;
            detections.Add(
                LedgerControls.Undecided(
                    tenant.Value,
                    LedgerControls.CheckSource,
                    CheckpointProblem.In(
                        CheckpointProblem.Check,
                        $"The ledger could not be checked: {SecretScrubber.FirstLine(e.Message)}",
                        $"Correct what the reason names; then fire {LedgerKeeper.SelfCheckName} by hand: "
                            + $"POST /admin/functions/{LedgerKeeper.SelfCheckName}"
                    )
                )
            );
        }
        return (result, detections, complete);
    }

    /// <summary>Keeps what was found right: only that is the measure of the next check.</summary>
    public Task KeepAsync(TrustedCheckpoint head, CancellationToken cancellationToken) =>
        memory.SaveCheckedAsync(tenant.Value, head.Note, cancellationToken);

    private static bool IsFailure(Exception e) =>
        e
            is IOException
                or RequestFailedException
                or AggregateException
                or AuthenticationFailedException
                or HttpRequestException
                or OperationCanceledException
                or CheckpointKeyException;
}
