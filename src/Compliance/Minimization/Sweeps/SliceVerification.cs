using Azure;
using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Policy;

namespace Compliance.Minimization.Sweeps;

/// <summary>
/// Lists a container again after the act and compares it with manifest and outcomes. What was answered as deleted and is there counts as
/// there.
/// </summary>
internal sealed class SliceVerification(IBlobData blobs, SweepFiles files)
{
    /// <summary>Verifies a slice. Memory is one part of its outcomes.</summary>
    public async Task<SliceLeft> VerifyAsync(Slice slice, CancellationToken cancellationToken)
    {
        try
        {
            return await CompareAsync(slice, blobs.ListAsync(slice.Account, slice.Container, cancellationToken), cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 404 && e.ErrorCode == "ContainerNotFound")
        {
            return await CompareAsync(slice, AsyncEnumerable.Empty<BlobFacts>(), cancellationToken);
        }
        catch (UnreadException e)
        {
            return new(0, 0, 0, 0, e.Message);
        }
    }

    private async Task<SliceLeft> CompareAsync(Slice slice, IAsyncEnumerable<BlobFacts> listed, CancellationToken cancellationToken)
    {
        var range = new PartRange(slice.Parts);
        var (part, outcomes) = (-1, new Dictionary<long, SweepResult>());
        var left = new SliceLeft(0, 0, 0, 0);
        await foreach (var joined in SliceJoin.JoinAsync(files.RowsAsync(slice, cancellationToken), listed, cancellationToken))
        {
            if (joined.Planned is not { Verdict: Verdict.Due, Action: RetentionAction.Delete })
                continue;
            if (range.PartOf(joined.Number) is var number && number != part)
                (part, outcomes) = (number, await OutcomesAsync(slice, number, cancellationToken));
            left = With(left, outcomes.TryGetValue(joined.Number, out var result) ? result : null, IsThere(joined));
        }
        return left;
    }

    private static SliceLeft With(SliceLeft left, SweepResult? result, bool isThere) =>
        result switch
        {
            null => left with { Untried = left.Untried + 1 },
            SweepResult.Changed or SweepResult.Held or SweepResult.Leased => left with { Kept = left.Kept + 1 },
            SweepResult.Refused or SweepResult.Failed => isThere ? left with { NotDeleted = left.NotDeleted + 1 } : left,
            _ => isThere ? left with { StillThere = left.StillThere + 1 } : left,
        };

    // Of the same name and another content is another one.
    private static bool IsThere(JoinedRow joined) => joined.Seen is { } seen && seen.ETag?.Trim('"') == joined.Planned.ETag?.Trim('"');

    private async Task<Dictionary<long, SweepResult>> OutcomesAsync(Slice slice, int part, CancellationToken cancellationToken)
    {
        var known = new Dictionary<long, SweepResult>();
        if (await files.LoadAsync(OpenPart.FileName(slice, part), cancellationToken) is { } content)
            foreach (var row in OutcomeFile.Rows(content))
                known[row.Row] = row.Result;
        return known;
    }
}
