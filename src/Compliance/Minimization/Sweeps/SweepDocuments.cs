using System.Security.Cryptography;
using System.Text.Json;
using Compliance.Changes.Flow;
using Compliance.Storage;
using Compliance.Text;

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

    /// <summary>Keeps the plan of a data set under the id of its case, unless there is one.</summary>
    public Task<DataSetPlan> KeepCaseAsync(DataSetPlan plan, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return documents.ChangeAsync<DataSetPlan>(CaseName(plan.CaseId), known => known ?? plan, cancellationToken);
    }

    /// <summary>The plan of a data set.</summary>
    /// <exception cref="InvalidOperationException">There is none of that case.</exception>
    public async Task<DataSetPlan> CaseAsync(string caseId, CancellationToken cancellationToken) =>
        await documents.LoadAsync<DataSetPlan>(CaseName(caseId), cancellationToken)
        ?? throw new InvalidOperationException($"the plan of case {caseId} is not there");

    /// <summary>Keeps the containers of a sweep, read once.</summary>
    public async Task<SweepPlaces> KeepPlacesAsync(string sweepId, Func<Task<SweepPlaces>> readAsync, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(readAsync);
        if (await documents.LoadAsync<SweepPlaces>(PlacesName(sweepId), cancellationToken) is { } known)
            return known;
        var read = await readAsync();
        return await documents.ChangeAsync<SweepPlaces>(PlacesName(sweepId), there => there ?? read, cancellationToken);
    }

    /// <summary>The containers of a sweep.</summary>
    /// <exception cref="InvalidOperationException">They were not listed yet.</exception>
    public async Task<SweepPlaces> PlacesAsync(string sweepId, CancellationToken cancellationToken) =>
        await documents.LoadAsync<SweepPlaces>(PlacesName(sweepId), cancellationToken)
        ?? throw new InvalidOperationException($"the containers of sweep {sweepId} were not listed");

    /// <summary>What was planned in every container of a sweep, as far as it is known.</summary>
    public async Task<IReadOnlyList<ContainerPlan>> PlansAsync(string sweepId, CancellationToken cancellationToken)
    {
        var plans = new List<ContainerPlan>();
        foreach (var place in (await PlacesAsync(sweepId, cancellationToken)).Places)
            if (await FindPlanAsync(sweepId, place.Account, place.Container, cancellationToken) is { } plan)
                plans.Add(plan);
        return plans;
    }

    /// <summary>Keeps the report of a sweep, made once.</summary>
    public async Task<SweepReport> KeepReportAsync(string sweepId, Func<Task<SweepReport>> makeAsync, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(makeAsync);
        if (await ReportAsync(sweepId, cancellationToken) is { } known)
            return known;
        var report = await makeAsync();
        return await documents.ChangeAsync<SweepReport>(ReportName(sweepId), there => there ?? report, cancellationToken);
    }

    /// <summary>The report of a sweep; null while it is not done.</summary>
    public Task<SweepReport?> ReportAsync(string sweepId, CancellationToken cancellationToken) =>
        documents.LoadAsync<SweepReport>(ReportName(sweepId), cancellationToken);

    /// <summary>SHA-256 of the report's document, lower-case hex.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public async Task<string> ReportSha256Async(string sweepId, CancellationToken cancellationToken) =>
        await documents.LoadBytesAsync(ReportName(sweepId), cancellationToken) is { } bytes
            ? Convert.ToHexStringLower(SHA256.HashData(bytes))
            : throw new InvalidOperationException($"sweep {sweepId} has no report");

    /// <summary>The certificate of a case; null where it has none.</summary>
    public async Task<KeptCertificate?> CertificateAsync(string caseId, CancellationToken cancellationToken)
    {
        if (
            await documents.LoadBytesAsync($"{StateKeys.Safe(caseId, "a case's id")}/1/certificate.json", cancellationToken)
            is not { } bytes
        )
            return null;
        var certificate = JsonSerializer.Deserialize<ChangeCertificate>(bytes, ComplianceJson.Compact)!;
        return new(certificate, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    private static string ReportName(string sweepId) => $"{StateKeys.Safe(sweepId, "a sweep's id")}/report.json";

    private static string PlacesName(string sweepId) => $"{StateKeys.Safe(sweepId, "a sweep's id")}/places.json";

    private static string CaseName(string caseId) => $"{StateKeys.Safe(caseId, "a case's id")}/data-set.json";

    private static string PlanName(string sweepId, string account, string container) =>
        $"{SweepFiles.Folder(sweepId, account, container)}/plan.json";

    private static string ProgressName(Slice slice) => $"{slice.Manifest}.progress.json";
}

/// <summary>A certificate as it is kept.</summary>
/// <param name="Certificate">The certificate.</param>
/// <param name="Sha256">SHA-256 of its document, lower-case hex.</param>
internal sealed record KeptCertificate(ChangeCertificate Certificate, string Sha256);
