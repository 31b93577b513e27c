using System.Text.Json;
using Azure;
using Compliance.Changes.Pauses;
using Compliance.Ledger;
using Compliance.Minimization.Deletion;
using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Manifests;
using Compliance.Minimization.Policy;

namespace Compliance.Minimization.Sweeps;

/// <summary>A slice to carry out.</summary>
/// <param name="Run">The sweep.</param>
/// <param name="Policy">The policy it was planned by, which is the one in force.</param>
/// <param name="Slice">The slice.</param>
/// <param name="ActionPlanId">Id of the plan that was let begin.</param>
internal sealed record SliceAct(SweepRun Run, RetentionPolicy Policy, Slice Slice, string ActionPlanId);

/// <summary>
/// Deletes what a slice plans, as it was planned and not otherwise: each item only while it is what the plan saw. Safe to repeat after any
/// crash: an item whose outcome is kept is not tried again.
/// </summary>
/// <param name="blobs">The blobs.</param>
/// <param name="files">Manifests and outcomes.</param>
/// <param name="documents">How far it came.</param>
/// <param name="evidence">The ledger: what is going to be done before each part, and what came of it after.</param>
/// <param name="own">This app's own accounts.</param>
/// <param name="pause">Whether acts are paused.</param>
/// <param name="time">The clock.</param>
internal sealed class SliceDeletion(
    IBlobData blobs,
    SweepFiles files,
    SweepDocuments documents,
    IEvidenceLog evidence,
    OwnAccounts own,
    IPause pause,
    TimeProvider time
)
{
    /// <summary>Calls at once at first, and at most.</summary>
    public static readonly (int Initial, int Max) Calls = (8, 128);

    // Parts whose last outcomes are on their way while the next one is begun.
    private const int MaxOpenParts = 6;

    /// <summary>Carries the slice out as far as it comes in a time.</summary>
    /// <param name="act">The slice.</param>
    /// <param name="within">After this time no further part is begun.</param>
    /// <param name="cancellationToken">Stops between batches; call again.</param>
    /// <returns>True once every part was tried to its end.</returns>
    /// <exception cref="ManifestException">The manifest is not the one that was planned: nothing was deleted.</exception>
    /// <exception cref="RequestFailedException">Something could not be read or kept. Call again.</exception>
    public async Task<bool> RunAsync(SliceAct act, TimeSpan within, CancellationToken cancellationToken)
    {
        var slice = act.Slice;
        var progress = await documents.ProgressAsync(slice, cancellationToken);
        var done = progress.Parts.Where(p => !p.HasOpen).Select(p => p.Part).ToHashSet();
        if (done.Count == progress.Parts.Count && progress.Results().Values.Sum(r => r.Items) == slice.Totals.Due.Items)
            return true;
        // Read to its end first: only then it is known that its rows are those of the plan.
        await foreach (var _ in files.RowsAsync(slice, cancellationToken)) { }
        var evaluator = new RetentionEvaluator(act.Policy, own.Names);
        var newest = await ContainerNewest.ReadAsync(blobs, act.Policy, evaluator, (slice.Account, slice.Container), cancellationToken);
        var judge = new ItemJudge(evaluator, newest, act.Run.At);
        using var gate = new ConcurrencyGate(new AdaptiveLimit(Calls.Initial, Calls.Max), time);
        var batches = new ItemBatches(blobs, judge, gate, time);
        var parts = new PartQueue(MaxOpenParts);
        var until = time.GetUtcNow() + within;
        OpenPart? part = null;
        var isWhole = true;
        try
        {
            var range = new PartRange(slice.Parts);
            await foreach (
                var joined in SliceJoin.JoinAsync(
                    files.RowsAsync(slice, cancellationToken),
                    blobs.ListAsync(slice.Account, slice.Container, cancellationToken),
                    cancellationToken
                )
            )
            {
                // A part with nothing to delete is not begun.
                if (joined.Planned is not { Verdict: Verdict.Due, Action: RetentionAction.Delete })
                    continue;
                var number = range.PartOf(joined.Number);
                if (done.Contains(number))
                    continue;
                if (part?.Number != number)
                {
                    await FinishAsync(parts, act, part, batches, cancellationToken);
                    part = null;
                    if (time.GetUtcNow() >= until || await pause.HoldingAsync(isBlocking: false, cancellationToken) is not null)
                    {
                        isWhole = false;
                        break;
                    }
                    part = await BeginAsync(act, number, cancellationToken);
                }
                if (!part.IsKnown(joined.Number))
                    await batches.AddAsync(part, joined, cancellationToken);
            }
            await FinishAsync(parts, act, part, batches, cancellationToken);
            part = null;
        }
        finally
        {
            // What was sent is waited for, whatever failed meanwhile: its outcomes are kept.
            await batches.QuietAsync();
            await parts.QuietAsync();
            part?.Dispose();
        }
        await parts.AllAsync();
        return isWhole;
    }

    // Intent is on record before the first delete of a part.
    private async Task<OpenPart> BeginAsync(SliceAct act, int number, CancellationToken cancellationToken)
    {
        var part = await OpenPart.OpenAsync(files, act.Run.SweepId, act.Slice, number, cancellationToken);
        await evidence.AppendAsync(
            Record(act, number, "begun", act.Run.At) with
            {
                Counts = new Dictionary<string, long> { ["part"] = number, ["rows"] = act.Slice.Parts[number].Rows },
                DetailsSha256 = new Dictionary<string, string> { ["manifest-part"] = act.Slice.Parts[number].Sha256 },
            },
            cancellationToken
        );
        return part;
    }

    private async Task FinishAsync(PartQueue parts, SliceAct act, OpenPart? part, ItemBatches batches, CancellationToken cancellationToken)
    {
        if (part is null)
            return;
        var sent = await batches.CloseAsync(part, cancellationToken);
        await parts.AddAsync(CompleteAsync());

        async Task CompleteAsync()
        {
            using var closing = part;
            await Task.WhenAll(sent);
            var donePart = part.Finish();
            var counts = donePart.Results.ToDictionary(
                r => JsonNamingPolicy.CamelCase.ConvertName($"{r.Key}"),
                r => r.Value.Items,
                StringComparer.Ordinal
            );
            counts["part"] = part.Number;
            counts["bytesDeleted"] = donePart.Results.GetValueOrDefault(SweepResult.Deleted, SliceTotal.None).Bytes;
            await evidence.AppendAsync(
                Record(act, part.Number, $"done-{donePart.Sha256[..8]}", donePart.EndedAt ?? act.Run.At) with
                {
                    Outcome = donePart.HasOpen ? "incomplete" : "complete",
                    Counts = counts,
                    DetailsSha256 = new Dictionary<string, string> { ["outcomes"] = donePart.Sha256 },
                },
                cancellationToken
            );
            await documents.ChangeProgressAsync(act.Slice, p => p.With(donePart), cancellationToken);
        }
    }

    private static EvidenceRecord Record(SliceAct act, int part, string outcome, DateTimeOffset at) =>
        new()
        {
            Id = string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{act.Run.SweepId}-{act.Slice.PlanId[..16]}-{part:D6}-{outcome}"
            ),
            Time = at,
            Actor = SweepControls.Actor,
            Action = SweepControls.DeleteAction,
            TenantId = act.Run.TenantId,
            PolicySha256 = act.Policy.Sha256,
            Controls = SweepControls.Evidenced,
            Outcome = outcome,
            Counts = new Dictionary<string, long>(),
            Subject = act.Run.SweepId,
            PlanId = act.ActionPlanId,
            CorrelationId = act.Run.SweepId,
        };
}
