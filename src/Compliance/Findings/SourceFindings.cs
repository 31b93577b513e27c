using System.Globalization;
using Azure;
using Compliance.Observability;
using Compliance.Runs;

namespace Compliance.Findings;

/// <summary>Makes the open findings of one source be what that source says now: what it no longer says is resolved.</summary>
internal sealed class SourceFindings(IFindingStore findings)
{
    // Each time someone else changed a finding between reading and writing.
    private const int MostRounds = 5;

    /// <summary>Saves the findings of a source that was read to its end.</summary>
    /// <param name="tenantId">Entra tenant id.</param>
    /// <param name="controls">The controls the source reports on.</param>
    /// <param name="source">The source, as every detection names it.</param>
    /// <param name="name">What the run is called: a case's id, a watch's name.</param>
    /// <param name="detections">Everything the source has to say.</param>
    /// <param name="now">When it was read.</param>
    /// <param name="stop">Stops between requests.</param>
    /// <exception cref="RequestFailedException">Storage failed, or others changed the findings in every attempt.</exception>
    public async Task SetAsync(
        string tenantId, IReadOnlyCollection<string> controls, string source, string name, IReadOnlyCollection<Detection> detections, DateTimeOffset now, CancellationToken stop)
    {
        var none = new HashSet<string>();
        var coverage = new Coverage([new SourceOutcome(source, Complete: true, 1)], none, none);
        var run = new RunStamp($"{name}-{now.UtcDateTime.ToString("yyyyMMdd'T'HHmmssfffffff'Z'", CultureInfo.InvariantCulture)}", now);
        for (var round = 1; ; round++)
        {
            var known = await findings.LoadAsync(tenantId, controls, stop);
            var own = known.Where(k => k.Value.Finding.Detection.Source == source).ToDictionary(k => k.Key, k => k.Value, StringComparer.Ordinal);
            var result = Reconciler.Reconcile(tenantId, own, detections, coverage, run, now);
            var lost = await findings.SaveAsync(tenantId, [.. result.Changes.Select(c => c.Finding)], stop);
            if (lost.Count == 0)
            {
                Telemetry.Saved(result.Changes);
                return;
            }
            if (round == MostRounds)
                throw new RequestFailedException(412, $"findings of {name} were changed by others in each of {MostRounds} attempts");
        }
    }
}
