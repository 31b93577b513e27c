using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Ledger.Checkpoints;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.LedgerCheck;

/// <summary>Reads whether the ledger's storage is write-once.</summary>
internal sealed partial class WriteOnceCheck(
    TenantId tenant,
    EvidenceOptions options,
    EvidencePolicy policy,
    IWriteOnce writeOnce,
    ILogger<WriteOnceCheck> log
)
{
    /// <summary>Logs that storage on this machine cannot be write-once, where it is.</summary>
    public void WarnIfLocal()
    {
        if (options.Local)
            NotWriteOnceHere();
    }

    /// <summary>Reads and logs it.</summary>
    public async Task<WriteOnceVerdict> ReadAsync(CancellationToken cancellationToken)
    {
        var verdict = await JudgeAsync(cancellationToken);
        if (options.Local)
            return verdict;
        if (verdict.Claimed)
            WriteOnceClaimed(verdict.Reason);
        else
            WriteOnceNotClaimed(verdict.Reason);
        return verdict;
    }

    /// <summary>What is wrong, as a finding.</summary>
    public IReadOnlyCollection<Detection> Detections(WriteOnceVerdict verdict) =>
        verdict.Claimed || options.WriteOnce == WriteOnceMode.Reported
            ? []
            :
            [
                LedgerControls.Detect(
                    tenant.Value,
                    LedgerControls.NotWriteOnce,
                    LedgerControls.WriteOnceSource,
                    new("", verdict.Reason, verdict.NextStep ?? "")
                ) with
                {
                    Unknown = verdict.Unknown,
                },
            ];

    private async Task<WriteOnceVerdict> JudgeAsync(CancellationToken cancellationToken)
    {
        try
        {
            return WriteOnceRules.Judge(await writeOnce.ReadAsync(cancellationToken), policy.Longest);
        }
        catch (WriteOnceUnknownException e)
        {
            return WriteOnceRules.Judge(e);
        }
    }

    [LoggerMessage(
        1213,
        LogLevel.Warning,
        "The evidence storage is on this machine: it cannot be made write-once, and nothing here claims that it is"
    )]
    private partial void NotWriteOnceHere();

    [LoggerMessage(1214, LogLevel.Information, "{Reason}")]
    private partial void WriteOnceClaimed(string reason);

    [LoggerMessage(1215, LogLevel.Error, "The ledger is not called write-once. {Reason}")]
    private partial void WriteOnceNotClaimed(string reason);
}
