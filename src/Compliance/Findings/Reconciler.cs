using System.Text.Json;
using Compliance.Text;

namespace Compliance.Findings;

/// <summary>
/// Decides what a run makes of the findings kept so far. Pure. Absence is believed only where it was really seen: a refused, cut-off or
/// unread source resolves nothing.
/// </summary>
internal static class Reconciler
{
    /// <summary>The changes that bring the kept findings in line with this run.</summary>
    /// <param name="tenantId">The tenant looked at. Findings of another are left alone.</param>
    /// <param name="known">The kept findings this run is about. A run over one object gives that object's findings only: what is given and
    /// not detected may be resolved.</param>
    /// <param name="detections">What this run found, in any order. Of several with one id the most severe counts.</param>
    /// <param name="coverage">What this run has read to its end.</param>
    /// <param name="run">This run. What changed after it started is newer than what it saw, and stays.</param>
    /// <param name="now">The instant of the change; waivers are judged by it.</param>
    public static Reconciliation Reconcile(
        string tenantId,
        IReadOnlyDictionary<string, StoredFinding> known,
        IReadOnlyCollection<Detection> detections,
        Coverage coverage,
        RunStamp run,
        DateTimeOffset now
    )
    {
        now = now.ToUniversalTime();
        var seen = ById(tenantId, detections);
        var read = CompleteSources(coverage);
        var changes = new List<FindingChange>();
        var after = new List<Finding>(seen.Count);

        foreach (var (id, detection) in seen)
        {
            var change = known.TryGetValue(id, out var stored)
                ? Again(stored, detection, run, now)
                : New(id, tenantId, detection, run, now);
            if (change is not null)
                changes.Add(change);
            if ((change?.Finding ?? stored!).Finding is { Status: not FindingStatus.Resolved } finding)
                after.Add(finding);
        }
        foreach (var (id, stored) in known)
        {
            var finding = stored.Finding;
            if (seen.ContainsKey(id) || finding.Status == FindingStatus.Resolved || !IsOf(tenantId, finding))
                continue;
            if (run.StartedAt >= finding.ChangedAt && IsGone(finding.Detection, read, coverage))
            {
                finding = finding with { Status = FindingStatus.Resolved, ChangedAt = now, ResolvedAt = now, RunId = run.Id };
                changes.Add(new(stored with { Finding = finding }, ChangeKind.Resolved));
            }
            after.Add(finding);
        }
        return new(
            [.. changes.OrderBy(c => c.Finding.Finding.Id, StringComparer.Ordinal)],
            [.. after.OrderBy(f => f.Id, StringComparer.Ordinal)]
        );
    }

    /// <summary>
    /// The resources (lower-case ids) that kept findings are about and that this run neither listed nor knows to be gone: ask the service
    /// whether they exist and put those that do not into <see cref="Coverage.GoneResources"/>. Where the subscription's own list could not
    /// be read, nothing is asked.
    /// </summary>
    public static IReadOnlyCollection<string> ResourcesToConfirm(
        string tenantId,
        IReadOnlyDictionary<string, StoredFinding> known,
        IReadOnlyCollection<Detection> detections,
        Coverage coverage
    )
    {
        var seen = ById(tenantId, detections);
        var unreadLists = coverage.Outcomes.Where(o => !o.Complete).Select(o => o.Source).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var ask = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (id, stored) in known)
            if (
                stored.Finding is { Status: not FindingStatus.Resolved, Detection.ResourceId: { } resource } finding
                && IsOf(tenantId, finding)
                && !seen.ContainsKey(id)
                && resource.ToLowerInvariant() is var key
                && !coverage.SeenResources.Contains(key)
                && !coverage.GoneResources.Contains(key)
                && !unreadLists.Contains(Sources.Resources(SubscriptionOf(key)))
            )
                ask.Add(key);
        return ask;
    }

    private static FindingChange New(string id, string tenantId, Detection detection, RunStamp run, DateTimeOffset now) =>
        new(
            new(
                new()
                {
                    Id = id,
                    TenantId = tenantId,
                    Status = StatusOf(detection, now),
                    Detection = detection,
                    OpenedAt = now,
                    ChangedAt = now,
                    RunId = run.Id,
                },
                ETag: null
            ),
            ChangeKind.Opened
        );

    private static ChangeKind KindOf(FindingStatus before, FindingStatus after)
    {
        if (before == FindingStatus.Resolved)
            return ChangeKind.Reopened;
        if (after == before)
            return ChangeKind.Updated;
        return after == FindingStatus.Waived ? ChangeKind.Waived : ChangeKind.Unwaived;
    }

    private static FindingChange? Again(StoredFinding stored, Detection detection, RunStamp run, DateTimeOffset now)
    {
        var before = stored.Finding;
        // Someone knows better since: an overlapping run that started later, or this very run in an earlier attempt.
        if (run.StartedAt < before.ChangedAt)
            return null;
        var status = StatusOf(detection, now);
        if (status == before.Status && detection == before.Detection)
            return null;
        var reopened = before.Status == FindingStatus.Resolved;
        var kind = KindOf(before.Status, status);
        var after = before with
        {
            Status = status,
            Detection = detection,
            ChangedAt = now,
            ResolvedAt = null,
            Reopened = before.Reopened + (reopened ? 1 : 0),
            RunId = run.Id,
        };
        return new(stored with { Finding = after }, kind);
    }

    private static FindingStatus StatusOf(Detection detection, DateTimeOffset now) =>
        detection.Waiver is { } waiver && now < waiver.Expires ? FindingStatus.Waived : FindingStatus.Open;

    // The 404 of a resource that no list shows any more is the whole truth about what was in it: a deleted vault has no source left to
    // read. A resource that is still listed is judged by its source alone.
    private static bool IsGone(Detection last, HashSet<string> read, Coverage coverage) =>
        last.ResourceId?.ToLowerInvariant() switch
        {
            { } resource when !coverage.SeenResources.Contains(resource) => coverage.GoneResources.Contains(resource),
            _ => read.Contains(last.Source),
        };

    // A source reported twice is complete only when both reports say so.
    private static HashSet<string> CompleteSources(Coverage coverage)
    {
        var read = coverage.Outcomes.Where(o => o.Complete).Select(o => o.Source).ToHashSet(StringComparer.OrdinalIgnoreCase);
        read.ExceptWith(coverage.Outcomes.Where(o => !o.Complete).Select(o => o.Source));
        return read;
    }

    private static Dictionary<string, Detection> ById(string tenantId, IReadOnlyCollection<Detection> detections)
    {
        var byId = new Dictionary<string, Detection>(detections.Count, StringComparer.Ordinal);
        foreach (var detection in detections)
        {
            var id = Finding.IdOf(tenantId, detection.ControlId, detection.Subject, detection.Part);
            var fit = FindingText.Fit(detection);
            byId[id] = byId.TryGetValue(id, out var other) ? Worse(other, fit) : fit;
        }
        return byId;
    }

    // A total order, so that the order in which pages arrive decides nothing.
    private static Detection Worse(Detection a, Detection b)
    {
        if (a == b)
            return a;
        if (a.Severity != b.Severity)
            return a.Severity > b.Severity ? a : b;
        return
            string.CompareOrdinal(JsonSerializer.Serialize(a, ComplianceJson.Compact), JsonSerializer.Serialize(b, ComplianceJson.Compact))
            <= 0
            ? a
            : b;
    }

    private static bool IsOf(string tenantId, Finding finding) =>
        string.Equals(finding.TenantId, tenantId, StringComparison.OrdinalIgnoreCase);

    // /subscriptions/{id}/resourcegroups/...
    private static string SubscriptionOf(string resourceId) => resourceId.Split('/') is ["", "subscriptions", var id, ..] ? id : "";
}
