using System.Security.Cryptography;
using Azure;
using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Manifests;
using Compliance.Minimization.Policy;

namespace Compliance.Minimization.Sweeps;

/// <summary>Which sweep, and by which policy and at which time it decides.</summary>
/// <param name="TenantId">Entra tenant id.</param>
/// <param name="SweepId">The sweep.</param>
/// <param name="At">The time it decides by (UTC): the same however often a step is repeated.</param>
public sealed record SweepRun(string TenantId, string SweepId, DateTimeOffset At);

/// <summary>
/// Plans a container: lists it, decides of each item, and writes a manifest for each data set that has something in it. Made once: what a
/// crash cut off is made afresh, what is complete is kept. Memory is a part of each manifest, however many items there are.
/// </summary>
/// <param name="blobs">The blobs.</param>
/// <param name="files">Keeps manifests.</param>
/// <param name="documents">Keeps what was planned.</param>
/// <param name="own">Names of this app's own accounts.</param>
internal sealed class ContainerPlanner(IBlobData blobs, SweepFiles files, SweepDocuments documents, OwnAccounts own)
{
    /// <summary>Plans.</summary>
    /// <param name="run">The sweep.</param>
    /// <param name="policy">The policy it is planned by.</param>
    /// <param name="account">Storage account.</param>
    /// <param name="container">Container.</param>
    /// <param name="cancellationToken">Stops between pages; call again.</param>
    public async Task<ContainerPlan> PlanAsync(
        SweepRun run,
        RetentionPolicy policy,
        string account,
        string container,
        CancellationToken cancellationToken
    )
    {
        if (await documents.FindPlanAsync(run.SweepId, account, container, cancellationToken) is { } known)
            return known;
        ContainerPlan plan;
        try
        {
            var evaluator = new RetentionEvaluator(policy, own.Names);
            var newest = await ContainerNewest.ReadAsync(blobs, policy, evaluator, (account, container), cancellationToken);
            plan = new(account, container, await WriteAsync(run, policy, evaluator, newest, (account, container), cancellationToken), null);
        }
        catch (UnreadException e)
        {
            plan = new(account, container, [], e.Message);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            plan = new(
                account,
                container,
                [],
                $"Container {account}/{container} was listed and is not there any more: it was not planned."
            );
        }
        return await documents.KeepPlanAsync(run.SweepId, plan, cancellationToken);
    }

    private async Task<IReadOnlyList<Slice>> WriteAsync(
        SweepRun run,
        RetentionPolicy policy,
        RetentionEvaluator evaluator,
        NewestBlobs newest,
        (string Account, string Container) at,
        CancellationToken cancellationToken
    )
    {
        // A name of its own: what an earlier try left is never taken for this one.
        var folder =
            $"{SweepFiles.Folder(run.SweepId, at.Account, at.Container)}/{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        var open = new Dictionary<string, OpenSlice>(StringComparer.Ordinal);
        await foreach (var blob in blobs.ListAsync(at.Account, at.Container, cancellationToken))
        {
            var decision = evaluator.Decide(blob, newest, run.At);
            var set = decision.DataSet?.Id;
            if (!open.TryGetValue(set ?? "", out var slice))
            {
                var place = new SlicePlace(set, at.Account, at.Container, $"{folder}/{SweepFiles.SafeName(set)}.jsonl");
                var file = await files.CreateAsync(place.Manifest, cancellationToken);
                open[set ?? ""] = slice = new(place, new ManifestWriter(Header(run, policy), file.AppendAsync), new SliceTally());
            }
            var row = ManifestRow.From(blob, decision);
            await slice.Writer.AddAsync(row, cancellationToken);
            slice.Tally.Add(row, blob.LastModified);
        }
        var slices = new List<Slice>(open.Count);
        foreach (var slice in open.Values.OrderBy(s => s.Place.DataSet, StringComparer.Ordinal))
        {
            var (planId, parts) = await slice.Writer.CompleteAsync(cancellationToken);
            slices.Add(slice.Tally.ToSlice(slice.Place, planId, parts));
        }
        return slices;
    }

    private static ManifestHeader Header(SweepRun run, RetentionPolicy policy) =>
        new(
            ManifestHeader.Name,
            ManifestHeader.Current,
            run.TenantId,
            run.SweepId,
            policy.Sha256,
            run.At,
            Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))
        );

    private sealed record OpenSlice(SlicePlace Place, ManifestWriter Writer, SliceTally Tally);
}
