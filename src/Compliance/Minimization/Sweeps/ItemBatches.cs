using Azure;
using Compliance.Minimization.Deletion;
using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Manifests;

namespace Compliance.Minimization.Sweeps;

/// <summary>
/// Sends items in batches, as many at once as the gate lets through, and sends again what was throttled. A lost answer is cleared up by
/// reading the item: what is gone then was asked for by this app, and not known to be deleted by it.
/// </summary>
/// <param name="blobs">The blobs.</param>
/// <param name="judge">Decides whether an item still may be deleted.</param>
/// <param name="gate">How many calls may be in flight.</param>
/// <param name="time">The clock.</param>
internal sealed class ItemBatches(IBlobData blobs, ItemJudge judge, ConcurrencyGate gate, TimeProvider time)
{
    // An item without a clear answer is tried so often.
    private const int MaxUnclear = 4;

    // An item that was throttled so often waits for the next pass over the plan.
    private const int MaxThrottled = 60;

    private const string SnapshotsPresent = "SnapshotsPresent";

    // The last line of a body.
    private const int BodyEnd = 64;

    private readonly List<Item> _next = [];
    private readonly List<OutcomeRow> _kept = [];
    private readonly List<Task> _sent = [];
    private readonly HashSet<Task> _open = [];
    private int _bytes;

    /// <summary>One more item. Returns once there is room for its batch.</summary>
    public async Task AddAsync(OpenPart part, JoinedRow joined, CancellationToken cancellationToken)
    {
        // The listing did not show it at its place.
        var seen = joined.Seen ?? await blobs.FindAsync(Facts(joined.Planned), cancellationToken);
        var judged = seen is null ? default : judge.Judge(joined.Planned, seen);
        if (seen is null)
            _kept.Add(Row(joined, SweepResult.AlreadyGone, null, null));
        else if (judged.Target is { } target)
            await NextAsync(part, new(joined, target, VersionOf(seen)), cancellationToken);
        else
            _kept.Add(Row(joined, judged.Kept, null, judged.Reason));
        if (_kept.Count >= BatchRequest.MaxTargets)
            await KeepAsync(part, cancellationToken);
    }

    /// <summary>Sends what is left of a part.</summary>
    /// <returns>All that was sent of it: the part is at its end when these are.</returns>
    public async Task<IReadOnlyList<Task>> CloseAsync(OpenPart part, CancellationToken cancellationToken)
    {
        if (_next.Count > 0)
            await SendAsync(part, cancellationToken);
        await KeepAsync(part, cancellationToken);
        Task[] sent = [.. _sent];
        _sent.Clear();
        return sent;
    }

    /// <summary>Waits until nothing is under way, whatever it came to.</summary>
    public Task QuietAsync()
    {
        lock (_open)
            return Task.WhenAll(_open.Select(t => t.ContinueWith(_ => { }, TaskScheduler.Default)));
    }

    private async Task KeepAsync(OpenPart part, CancellationToken cancellationToken)
    {
        OutcomeRow[] kept = [.. _kept];
        _kept.Clear();
        await part.AppendAsync(kept, cancellationToken);
    }

    private async Task NextAsync(OpenPart part, Item item, CancellationToken cancellationToken)
    {
        var bytes = BatchRequest.MaxBytesFor(item.Target);
        if (_next.Count == BatchRequest.MaxTargets || (_next.Count > 0 && _bytes + bytes > BatchRequest.MaxBytes - BodyEnd))
            await SendAsync(part, cancellationToken);
        _next.Add(item);
        _bytes += bytes;
    }

    // Waits for the gate before it returns, so that no more than it lets through is held in memory.
    private async Task SendAsync(OpenPart part, CancellationToken cancellationToken)
    {
        Item[] items = [.. _next];
        _next.Clear();
        _bytes = 0;
        var pass = await gate.EnterAsync(cancellationToken);
        var sent = RunAsync(part, items, pass, cancellationToken);
        _sent.Add(sent);
        lock (_open)
            _open.Add(sent);
        _ = sent.ContinueWith(
            t =>
            {
                lock (_open)
                    _open.Remove(t);
            },
            TaskScheduler.Default
        );
    }

    private async Task RunAsync(OpenPart part, IReadOnlyList<Item> items, ConcurrencyGate.Pass pass, CancellationToken cancellationToken)
    {
        // Off the caller's thread: building a body of 256 items is work.
        await Task.Yield();
        while (true)
        {
            CallResult result;
            var (outcomes, again) = (new List<OutcomeRow>(items.Count), new List<Item>());
            using (pass)
            {
                var answer = await blobs.DeleteAsync([.. items.Select(i => i.Target)], cancellationToken);
                result = ResultOf(answer);
                pass.Complete(result);
                for (var i = 0; i < items.Count; i++)
                    await TakeAsync(items[i], answer.Items[i], outcomes, again, cancellationToken);
            }
            await part.AppendAsync(outcomes, cancellationToken);
            if (again.Count == 0)
                return;
            if (again.Any(i => i.Throttled + i.Unclear + i.HadSnapshots > 0))
                await gate.WaitAsync(result, cancellationToken);
            pass = await gate.EnterAsync(cancellationToken);
            items = again;
        }
    }

    // What came of one item: an outcome, or another try.
    private async Task TakeAsync(
        Item item,
        ItemAnswer answer,
        List<OutcomeRow> outcomes,
        List<Item> again,
        CancellationToken cancellationToken
    )
    {
        switch (answer.Outcome)
        {
            case DeletionOutcome.Throttled when item.Throttled < MaxThrottled:
                again.Add(item with { Throttled = item.Throttled + 1 });
                break;
            // Its snapshots are of the plan too, and a batch has no order.
            case DeletionOutcome.Failed when answer.Code == SnapshotsPresent && item.HadSnapshots < MaxUnclear:
                again.Add(item with { HadSnapshots = item.HadSnapshots + 1 });
                break;
            // Where versions are kept, the current one has become a version by this, and that one goes next.
            case DeletionOutcome.Deleted when item.Version is { } version:
                again.Add(item with { Target = version, Version = null, IsDeleted = true });
                break;
            case DeletionOutcome.Unknown:
                await ClearUpAsync(item, answer, outcomes, again, cancellationToken);
                break;
            default:
                var (result, reason) = Meaning(answer);
                // A condition is not met either where there is nothing any more: some services answer that first.
                if (result == SweepResult.AlreadyGone || (result == SweepResult.Changed && await IsGoneAsync(item, cancellationToken)))
                    (result, reason) = (Gone(item), null);
                outcomes.Add(Row(item.Joined, result, answer, reason));
                break;
        }
    }

    private async Task<bool> IsGoneAsync(Item item, CancellationToken cancellationToken)
    {
        try
        {
            return await blobs.FindAsync(Facts(item.Joined.Planned), cancellationToken) is null;
        }
        catch (RequestFailedException)
        {
            // Changed, as the service answered: it stays, as far as is known.
            return false;
        }
    }

    private async Task ClearUpAsync(
        Item item,
        ItemAnswer answer,
        List<OutcomeRow> outcomes,
        List<Item> again,
        CancellationToken cancellationToken
    )
    {
        BlobFacts? seen;
        try
        {
            seen = await blobs.FindAsync(Facts(item.Joined.Planned), cancellationToken);
        }
        catch (RequestFailedException) when (item.Unclear < MaxUnclear)
        {
            again.Add(item with { Unclear = item.Unclear + 1 });
            return;
        }
        var judged = seen is null ? default : judge.Judge(item.Joined.Planned, seen);
        if (seen is null)
            outcomes.Add(Row(item.Joined, item.IsDeleted ? SweepResult.Deleted : SweepResult.GoneUnconfirmed, answer, null));
        else if (judged.Target is not { } target)
            outcomes.Add(Row(item.Joined, judged.Kept, answer, judged.Reason));
        else if (item.Unclear < MaxUnclear)
            again.Add(item with { Target = target, Version = VersionOf(seen), Unclear = item.Unclear + 1 });
        else
            outcomes.Add(Row(item.Joined, SweepResult.Failed, answer, "The service gave no clear answer, and it is still there."));
    }

    private static (SweepResult Result, string? Reason) Meaning(ItemAnswer answer) =>
        answer.Outcome switch
        {
            DeletionOutcome.Deleted => (SweepResult.Deleted, null),
            DeletionOutcome.AlreadyGone => (SweepResult.AlreadyGone, null),
            DeletionOutcome.Changed => (SweepResult.Changed, "It was written or tagged again after the plan was made."),
            DeletionOutcome.RefusedAsCurrent => (
                SweepResult.Changed,
                "It was a version when the plan was made and is the current one now."
            ),
            DeletionOutcome.Held => (SweepResult.Held, "The service keeps it: a legal hold or a policy of immutability."),
            DeletionOutcome.Leased => (SweepResult.Leased, "Somebody holds a lease of it."),
            DeletionOutcome.Refused => (SweepResult.Refused, "The service refused: the app may not delete it."),
            DeletionOutcome.Throttled => (SweepResult.Failed, "The service throttled it to the end."),
            DeletionOutcome.Failed when answer.Code == SnapshotsPresent => (SweepResult.Held, "It has snapshots that stay."),
            _ => (SweepResult.Failed, $"The service answered {answer.Status} {answer.Code}."),
        };

    private static CallResult ResultOf(BatchAnswer answer)
    {
        var throttled = answer.Items.Count(i => i.Outcome == DeletionOutcome.Throttled);
        var isLost = answer.Items.All(i => i.Status is null);
        return new(isLost ? 0 : answer.Items.Count - throttled, throttled, answer.Items.Max(i => i.RetryAfter));
    }

    private static BlobFacts Facts(ManifestRow row) =>
        new()
        {
            Account = row.Account,
            Container = row.Container,
            Name = row.Name,
            VersionId = row.VersionId,
            Snapshot = row.Snapshot,
            IsCurrent = row.IsCurrent,
            IsBlockBlob = true,
            ETag = row.ETag,
            Size = row.Size,
        };

    private OutcomeRow Row(JoinedRow joined, SweepResult result, ItemAnswer? answer, string? reason) =>
        new()
        {
            Row = joined.Number,
            Name = joined.Planned.Name,
            VersionId = joined.Planned.VersionId,
            Snapshot = joined.Planned.Snapshot,
            ETag = joined.Planned.ETag,
            Size = joined.Planned.Size,
            Rule = joined.Planned.Rule,
            Result = result,
            Status = answer?.Status,
            Code = answer?.Code,
            RequestId = answer?.RequestId,
            Reason = reason,
            At = time.GetUtcNow(),
        };

    // What was gone when this app asked: by itself, or perhaps by an earlier request whose answer was lost.
    private static SweepResult Gone(Item item)
    {
        if (item.IsDeleted)
            return SweepResult.Deleted;
        return item.Unclear > 0 ? SweepResult.GoneUnconfirmed : SweepResult.AlreadyGone;
    }

    // The version that a current one becomes when it is deleted; null where there are no versions.
    private static DeletionTarget? VersionOf(BlobFacts seen) =>
        seen is { IsCurrent: true, Snapshot: null, VersionId: not null }
            ? DeletionTarget.From(seen with { IsCurrent = false }, null, out _)
            : null;

    // Version: what has to be deleted after the target. IsDeleted: the service answered that it deleted the current one.
    private sealed record Item(
        JoinedRow Joined,
        DeletionTarget Target,
        DeletionTarget? Version,
        bool IsDeleted = false,
        int Throttled = 0,
        int Unclear = 0,
        int HadSnapshots = 0
    );
}
