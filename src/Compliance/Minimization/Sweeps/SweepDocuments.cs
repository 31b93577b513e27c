using Compliance.Storage;

namespace Compliance.Minimization.Sweeps;

/// <summary>What a sweep planned and came to, as documents beside its files.</summary>
internal sealed class SweepDocuments(BlobDocumentStore documents)
{
    /// <summary>The plan of a container; null while there is none.</summary>
    public Task<ContainerPlan?> FindPlanAsync(string sweepId, string account, string container, CancellationToken cancellationToken) =>
        documents.LoadAsync<ContainerPlan>(PlanName(sweepId, account, container), cancellationToken);

    /// <summary>Keeps the plan of a container, unless there is one.</summary>
    /// <returns>The plan that is kept: of two at once the first.</returns>
    public Task<ContainerPlan> KeepPlanAsync(string sweepId, ContainerPlan plan, CancellationToken cancellationToken) =>
        documents.ChangeAsync<ContainerPlan>(PlanName(sweepId, plan.Account, plan.Container), known => known ?? plan, cancellationToken);

    /// <summary>How far the act on a slice came.</summary>
    public async Task<SliceProgress> ProgressAsync(Slice slice, CancellationToken cancellationToken) =>
        await documents.LoadAsync<SliceProgress>(ProgressName(slice), cancellationToken) ?? SliceProgress.None;

    /// <summary>Changes how far it came.</summary>
    public Task<SliceProgress> ChangeProgressAsync(
        Slice slice,
        Func<SliceProgress, SliceProgress> change,
        CancellationToken cancellationToken
    ) => documents.ChangeAsync<SliceProgress>(ProgressName(slice), p => change(p ?? SliceProgress.None), cancellationToken);

    private static string PlanName(string sweepId, string account, string container) =>
        $"{SweepFiles.Folder(sweepId, account, container)}/plan.json";

    private static string ProgressName(Slice slice) => $"{slice.Manifest}.progress.json";
}
