using Azure;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Observability;
using Compliance.Runs;

namespace Compliance.Offboarding.Cases;

/// <summary>The findings of one leaver case. A case tells all that is wrong with it at once; what it no longer tells is resolved.</summary>
internal sealed class CaseFindings(IFindingStore findings)
{
    // Each time someone else changed a finding between reading and writing.
    private const int MostRounds = 5;

    /// <summary>Controls a case reports on.</summary>
    public static IReadOnlyList<string> Controls { get; } = [.. ControlCatalogue.All.Select(c => c.Id).Where(id => id.StartsWith("LEAVE-01", StringComparison.Ordinal)), LeaverControls.NoMatch];

    /// <summary>The subject of a case's findings. The case's id stands for the person: a finding outlives the right to know who it was.</summary>
    public static Subject SubjectOf(string caseId) => new(SubjectType, caseId, caseId);

    /// <summary>Kind of subject.</summary>
    public const string SubjectType = "leaverCase";

    /// <summary>The source of a case's findings.</summary>
    public static string SourceOf(string caseId) => $"leaver/{caseId}";

    /// <summary>Opens findings, or brings them up to date; resolves none.</summary>
    public Task OpenAsync(string tenantId, string caseId, IReadOnlyList<string> controls, IReadOnlyCollection<Detection> detections, DateTimeOffset now, CancellationToken stop) =>
        SaveAsync(tenantId, caseId, controls, detections, new Coverage([], new HashSet<string>(), new HashSet<string>()), now, stop);

    /// <summary>Makes the case's open findings be these.</summary>
    /// <exception cref="RequestFailedException">Storage failed, or others changed the findings in every attempt.</exception>
    public async Task SetAsync(string tenantId, string caseId, IReadOnlyCollection<Detection> detections, DateTimeOffset now, CancellationToken stop)
    {
        var none = new HashSet<string>();
        await SaveAsync(tenantId, caseId, Controls, detections, new Coverage([new SourceOutcome(SourceOf(caseId), Complete: true, 1)], none, none), now, stop);
    }

    private async Task SaveAsync(
        string tenantId, string caseId, IReadOnlyList<string> controls, IReadOnlyCollection<Detection> detections, Coverage coverage, DateTimeOffset now, CancellationToken stop)
    {
        var source = SourceOf(caseId);
        var run = new RunStamp($"{caseId}-{now.UtcDateTime:yyyyMMddTHHmmssfffffffZ}", now);
        for (var round = 1; ; round++)
        {
            var known = await findings.LoadAsync(tenantId, controls, stop);
            var own = known.Where(k => k.Value.Finding.Detection.Source.StartsWith(source, StringComparison.Ordinal)).ToDictionary(k => k.Key, k => k.Value, StringComparer.Ordinal);
            var result = Reconciler.Reconcile(tenantId, own, detections, coverage, run, now);
            var lost = await findings.SaveAsync(tenantId, [.. result.Changes.Select(c => c.Finding)], stop);
            if (lost.Count == 0)
            {
                Telemetry.Saved(result.Changes);
                return;
            }
            if (round == MostRounds)
                throw new RequestFailedException(412, $"findings of case {caseId} were changed by others in each of {MostRounds} attempts");
        }
    }
}
