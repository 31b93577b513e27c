using System.Globalization;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;
using Compliance.Storage;

namespace Compliance.Ledger.Checkpoints;

/// <summary>What a check of the ledger found.</summary>
/// <param name="Head">The latest checkpoint; null when there is none, or it cannot be trusted.</param>
/// <param name="Records">Records of the log that were read and hashed.</param>
/// <param name="Problems">What is wrong; one a part at most.</param>
internal sealed record SelfCheckResult(TrustedCheckpoint? Head, long Records, IReadOnlyList<CheckpointProblem> Problems);

/// <summary>
/// Checks the ledger against itself and against what was remembered of it elsewhere: the latest checkpoint's signature, its numbered twin,
/// that it goes on from the checkpoint found right before (by a consistency proof from the tiles, and again over the log), its tiles, and
/// the whole log. The auditor's own check is <c>compliance evidence verify</c>; this one is there so that nobody has to wait for him.
/// </summary>
/// <param name="storage">The evidence account.</param>
/// <param name="keys">Which keys are trusted.</param>
internal sealed class LedgerSelfCheck(StateStorage storage, CheckpointKeys keys)
{
    /// <summary>Reads all and checks it. Changes nothing.</summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="signer">The key that signs now; null when it cannot be had.</param>
    /// <param name="before">The checkpoint that the last check found right; null for the first check.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="Azure.RequestFailedException">Storage failed.</exception>
    public async Task<SelfCheckResult> CheckAsync(
        string tenantId,
        CheckpointSigner? signer,
        byte[]? before,
        CancellationToken cancellationToken
    )
    {
        var tenant = StateKeys.Safe(tenantId, "a tenant id");
        var (trusted, problems) = (keys.Trusted(tenant, signer), new List<CheckpointProblem>());
        var (store, source) = (new LedgerStore(storage, tenant), new BlobLedgerSource(storage.Evidence, tenant));
        var (head, old) = ((TrustedCheckpoint?)null, (TrustedCheckpoint?)null);

        await TryAsync(async () =>
        {
            if (before is not null)
                old = CheckpointKeys.Trust(
                    before,
                    tenant,
                    trusted,
                    CheckpointProblem.History,
                    "The checkpoint that was found right before"
                );
            head = await store.HeadAsync(cancellationToken) is { } stored
                ? CheckpointKeys.Trust(stored.Bytes, tenant, trusted, CheckpointProblem.Head, "The latest checkpoint")
                : null;
            if (head is null && old is not null)
                throw Problem(
                    CheckpointProblem.Head,
                    string.Create(CultureInfo.InvariantCulture, $"The latest checkpoint is gone; there was one of {old.Size} records")
                );
        });
        if (head is null)
            return new(null, 0, problems);
        await TryAsync(() => NumberedAsync(source, head, cancellationToken));
        await TryAsync(() => TilesAsync(source, head, cancellationToken));
        if (old is not null)
            await TryAsync(() => HistoryAsync(source, old, head, cancellationToken));
        long records = 0;
        await TryAsync(async () => records = await LogAsync(source, old, head, cancellationToken));
        return new(head, records, [.. problems.DistinctBy(p => p.Part)]);

        async Task TryAsync(Func<Task> check)
        {
            try
            {
                await check();
            }
            catch (CheckpointProblemException e)
            {
                problems.Add(e.Problem);
            }
            catch (LedgerFormatException e)
            {
                problems.Add(CheckpointProblem.In(CheckpointProblem.Tiles, e.Message));
            }
        }
    }

    private static async Task NumberedAsync(BlobLedgerSource source, TrustedCheckpoint head, CancellationToken cancellationToken)
    {
        var path = LedgerLayout.Checkpoint(head.Size);
        if (await source.FindAsync(path, SignedNote.MaxBytes, cancellationToken) is not { } numbered)
            throw Problem(CheckpointProblem.Checkpoints, $"{path} is missing");
        if (!numbered.AsSpan().SequenceEqual(head.Note))
            throw Problem(CheckpointProblem.Checkpoints, $"{path} is not the latest checkpoint, although that has its size");
    }

    private static async Task TilesAsync(ITileSource source, TrustedCheckpoint head, CancellationToken cancellationToken)
    {
        if (!(await TileBuilder.ResumeAsync(source, head.Size, cancellationToken)).Root().AsSpan().SequenceEqual(head.Checkpoint.Root))
            throw Problem(
                CheckpointProblem.Tiles,
                string.Create(CultureInfo.InvariantCulture, $"The tiles of {head.Size} records do not give the root that was signed")
            );
    }

    private static async Task HistoryAsync(
        ITileSource source,
        TrustedCheckpoint old,
        TrustedCheckpoint head,
        CancellationToken cancellationToken
    )
    {
        if (head.Size < old.Size)
            throw Problem(
                CheckpointProblem.History,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The latest checkpoint is of {head.Size} records, but one of {old.Size} was here before: the ledger was put back"
                )
            );
        var proof = await MerkleProof.ConsistencyAsync(source, old.Size, head.Size, cancellationToken);
        if (!MerkleProof.Consistency(old.Size, head.Size, old.Checkpoint.Root, head.Checkpoint.Root, proof))
            throw Problem(
                CheckpointProblem.History,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The checkpoint of {head.Size} records does not continue the one of {old.Size} that was here before: the ledger "
                        + $"was rewritten"
                )
            );
    }

    private static async Task<long> LogAsync(
        BlobLedgerSource source,
        TrustedCheckpoint? old,
        TrustedCheckpoint head,
        CancellationToken cancellationToken
    )
    {
        var logs = await source.LogsAsync(cancellationToken);
        var before = old is null ? null : new SignedRoot(old.Checkpoint, Trusted: true);
        var now = new SignedRoot(head.Checkpoint, Trusted: true);
        SignedRoot[] signed = before?.Size <= now.Size ? [before, now] : [now];
        var pass = new LogPass(source, logs, signed, new OwnLines(logs)) { StopsEarly = true };
        await pass.ReadAsync(cancellationToken);
        if (before?.Agrees == false)
            throw Problem(CheckpointProblem.Log, LedgerCheckpointer.LogDiffers(before.Size));
        if (pass.Records < now.Size)
            throw Problem(CheckpointProblem.Log, LedgerCheckpointer.LogShorter(pass.Records, now.Size));
        return now.Agrees == true ? pass.Records : throw Problem(CheckpointProblem.Log, LedgerCheckpointer.LogDiffers(now.Size));
    }

    private static CheckpointProblemException Problem(string part, string reason) => new(CheckpointProblem.In(part, reason));
}
