using System.Globalization;
using Compliance.Findings;

namespace Compliance.Runs;

/// <summary>Finds the messages that were not processed and the events that were not delivered. Pure.</summary>
internal static class UnprocessedMessages
{
    /// <summary>The control: every message is processed, and every event delivered.</summary>
    public const string Left = "RUN-002";

    /// <summary>Part of a finding about a place that could not be read.</summary>
    public const string UnreadPart = "unread";

    /// <summary>What is wrong now. The texts hold dates and not ages, so that they stay the same from one watch to the next.</summary>
    /// <param name="read">Each place that is watched.</param>
    /// <param name="known">The findings that are kept. A message that is kept from expiring is a new one to storage, so since when the
    /// oldest lies there is known from here.</param>
    /// <param name="account">Address of the queue service, which the commands name; on this machine they need none.</param>
    public static IReadOnlyList<Detection> Evaluate(
        IReadOnlyCollection<LeftMessages> read,
        IReadOnlyDictionary<string, StoredFinding> known,
        Uri account
    )
    {
        var found = new List<Detection>();
        foreach (var left in read)
        {
            if (left.Unread is { } reason)
                found.Add(Unread(left.Place, reason, left.Remedy!));
            else if (left.Count > 0)
            {
                var since = Earlier(left.Since, Before(left.Place, known));
                found.Add(Lying(left with { Since = since }, account) with { Since = since });
            }
        }
        return found;
    }

    /// <summary>What was read, for the reconciliation: a place that was not read resolves nothing.</summary>
    public static IEnumerable<SourceOutcome> Outcomes(IEnumerable<LeftMessages> read) =>
        read.Select(l => new SourceOutcome(SourceOf(l.Place), l.Unread is null, l.Count));

    private static Detection Unread(LeftPlace place, string reason, string remedy)
    {
        var kind = place.Queue is null ? "Container" : "Queue";
        return Found(place, $"{kind} {place.Name} could not be read ({reason}), so what lies there is not known", remedy) with
        {
            Part = UnreadPart,
            Unknown = true,
        };
    }

    private static Detection Lying(LeftMessages left, Uri account)
    {
        var (place, one) = (left.Place, left is { Count: 1, IsMore: false });
        var number = string.Create(CultureInfo.InvariantCulture, $"{(left.IsMore ? "More than " : "")}{left.Count}");
        var since = left.Since is { } at ? $"{(one ? "" : ", the oldest")} since {Text(at)}" : ", since when is not known";
        var expires = left.Expires is { } end ? $". Storage deletes the first on {Text(end)}" : "";
        var option = account.IsLoopback ? "" : $" --account {account.GetLeftPart(UriPartial.Authority)}";
        var lie = one ? "lies" : "lie";
        if (place.Queue is not { } queue)
        {
            var deliver = $"./scripts/compliance queue put-back-dead-letters {place.Name}{option}";
            return Found(
                place,
                $"{number} {(one ? "file" : "files")} of events that Event Grid could not deliver {lie} in container {place.Name}{since}",
                "Correct the event subscription (its queue, and the role of its identity at the queue); "
                    + $"list the events with `{deliver}`, then put them on their queues with `{deliver} --confirm`"
            );
        }
        var putBack = $"./scripts/compliance queue put-back {queue}{option}";
        return Found(
            place,
            $"{number} {(one ? "message" : "messages")} of queue {queue} could not be processed and {lie} in queue {place.Name}"
                + since
                + expires,
            $"Correct what the app's log names for queue {queue}; list the messages with `{putBack}`, "
                + $"then put them back with `{putBack} --confirm`. One that was sent again corrected will fail again: delete it with "
                + $"`./scripts/compliance queue discard {queue} MESSAGE{option} --confirm`"
        );
    }

    private static Detection Found(LeftPlace place, string reason, string next) =>
        new()
        {
            ControlId = Left,
            Severity = RunControls.Catalogue.Get(Left).Severity,
            Subject = SubjectOf(place),
            Source = SourceOf(place),
            Reason = reason,
            NextStep = next,
        };

    private static DateTimeOffset? Before(LeftPlace place, IReadOnlyDictionary<string, StoredFinding> known) =>
        known
            .Values.Select(f => f.Finding)
            .Where(f => f is { Status: not FindingStatus.Resolved, Detection: { ControlId: Left, Part: "" } })
            .FirstOrDefault(f => f.Detection.Subject == SubjectOf(place))
            ?.Detection.Since;

    private static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b ?? a : a;

    private static Subject SubjectOf(LeftPlace place) =>
        new(place.Queue is null ? SubjectTypes.Container : SubjectTypes.Queue, place.Name, place.Name);

    private static string SourceOf(LeftPlace place) => place.Queue is null ? Sources.DeadLetters(place.Name) : Sources.Queue(place.Name);

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
