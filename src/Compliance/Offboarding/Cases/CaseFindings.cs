using Azure;
using Compliance.Controls;
using Compliance.Findings;

namespace Compliance.Offboarding.Cases;

/// <summary>The findings of one leaver case. A case tells all that is wrong with it at once; what it no longer tells is resolved.</summary>
internal sealed class CaseFindings(IFindingStore findings)
{
    private readonly SourceFindings _findings = new(findings);

    /// <summary>Controls a case reports on.</summary>
    public static IReadOnlyList<string> Controls { get; } = [.. ControlCatalogue.All.Select(c => c.Id).Where(id => id.StartsWith("LEAVE-01", StringComparison.Ordinal)), LeaverControls.NoMatch];

    /// <summary>The subject of a case's findings. The case's id stands for the person: a finding outlives the right to know who it was.</summary>
    public static Subject SubjectOf(string caseId) => new(SubjectType, caseId, caseId);

    /// <summary>Kind of subject.</summary>
    public const string SubjectType = "leaverCase";

    /// <summary>The source of a case's findings.</summary>
    public static string SourceOf(string caseId) => $"leaver/{caseId}";

    /// <summary>Makes the case's open findings be these.</summary>
    /// <exception cref="RequestFailedException">Storage failed, or others changed the findings in every attempt.</exception>
    public Task SetAsync(string tenantId, string caseId, IReadOnlyCollection<Detection> detections, DateTimeOffset now, CancellationToken stop) =>
        _findings.SetAsync(tenantId, Controls, SourceOf(caseId), caseId, detections, now, stop);
}
