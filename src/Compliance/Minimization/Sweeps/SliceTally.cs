using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Manifests;
using Compliance.Minimization.Policy;

namespace Compliance.Minimization.Sweeps;

/// <summary>Counts what a manifest has while it is written. Memory does not grow with it.</summary>
internal sealed class SliceTally
{
    private const int MaxSamples = 10;

    private readonly Dictionary<string, SliceTotal> _due = new(StringComparer.Ordinal);
    private readonly List<string> _samples = [];
    private SliceTotals _totals = SliceTotals.None;
    private DateTimeOffset? _oldest;
    private DateTimeOffset? _newest;
    private long _samplesEach = 1;

    /// <summary>One more row.</summary>
    public void Add(ManifestRow row, DateTimeOffset? lastModified)
    {
        var one = new SliceTotal(1, row.Size);
        var totals = _totals with { All = _totals.All + one };
        _totals = (row.Verdict, row.Action) switch
        {
            (Verdict.Due, RetentionAction.Delete) => totals with { Due = totals.Due + one },
            (Verdict.Due, RetentionAction.Report) => totals with { Reported = totals.Reported + one },
            (Verdict.Due, _) => totals with { Moved = totals.Moved + one },
            (Verdict.Held, _) => totals with { Held = totals.Held + one },
            (Verdict.Unknown, _) => totals with { Unknown = totals.Unknown + one },
            _ => totals,
        };
        if (row is { Verdict: Verdict.Due, Action: RetentionAction.Delete })
            AddDue(row, one, lastModified);
    }

    /// <summary>The slice of what was counted.</summary>
    public Slice ToSlice(SlicePlace place, string planId, IReadOnlyList<ManifestPart> parts) =>
        new()
        {
            DataSet = place.DataSet,
            Account = place.Account,
            Container = place.Container,
            Manifest = place.Manifest,
            PlanId = planId,
            Parts = parts,
            Totals = _totals,
            Due = _due,
            Oldest = _oldest,
            Newest = _newest,
            Samples = _samples,
        };

    private void AddDue(ManifestRow row, SliceTotal one, DateTimeOffset? lastModified)
    {
        _due[row.Rule!] = _due.GetValueOrDefault(row.Rule!, SliceTotal.None) + one;
        if (lastModified is { } at)
        {
            _oldest = _oldest is { } oldest && oldest < at ? oldest : at;
            _newest = _newest is { } newest && newest > at ? newest : at;
        }
        // Every n-th of them, with n doubled whenever there are twice as many as are kept.
        if ((_totals.Due.Items - 1) % _samplesEach != 0)
            return;
        _samples.Add(row.Name);
        if (_samples.Count <= MaxSamples)
            return;
        for (var i = _samples.Count - 1; i > 0; i--)
            if (i % 2 == 1)
                _samples.RemoveAt(i);
        _samplesEach *= 2;
    }
}

/// <summary>Where a slice is, and the name of its manifest.</summary>
/// <param name="DataSet">The data set; null for blobs that none has.</param>
/// <param name="Account">Storage account.</param>
/// <param name="Container">Container.</param>
/// <param name="Manifest">Name of the manifest.</param>
internal sealed record SlicePlace(string? DataSet, string Account, string Container, string Manifest);
