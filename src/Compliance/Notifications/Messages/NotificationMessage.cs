using System.Globalization;
using System.Text;
using Compliance.Text;

namespace Compliance.Notifications.Messages;

/// <summary>What one recipient gets at one time, before it is written for their channel. Every text is one line of plain text.</summary>
/// <param name="Subject">What it is about.</param>
/// <param name="Introduction">The first sentence.</param>
/// <param name="Entries">What is listed: requests, then the worst first.</param>
/// <param name="More">How many more there are than are listed.</param>
internal sealed record NotificationMessage(string Subject, string Introduction, IReadOnlyList<NotificationEntry> Entries, int More)
{
    /// <summary>
    /// Listed at most: with the longest texts a message stays below what Slack (13,000 characters) and Teams (28 KB) take.
    /// </summary>
    public const int MaxEntries = 12;

    /// <summary>The last sentence of every message: it has no link, since a link in a message can be forged.</summary>
    public const string Closing =
        "This message has no links. Sign in as you always do, and see everything with: compliance findings, "
        + "compliance approvals list";

    private const int MaxTitle = 120;
    private const int MaxDetail = 240;
    private const int MaxNext = 160;

    /// <summary>What cannot wait.</summary>
    public static NotificationMessage Urgent(IReadOnlyList<NotificationItem> items)
    {
        var listed = Distinct(items);
        var subject = listed is [var only] ? only.Title : $"{Count(listed)} items need you now";
        return Create(subject, "This cannot wait for your next digest.", listed);
    }

    /// <summary>What is open on a day.</summary>
    public static NotificationMessage Digest(DateOnly day, IReadOnlyList<NotificationItem> items)
    {
        var listed = Distinct(items);
        return Create(
            string.Create(CultureInfo.InvariantCulture, $"Compliance digest of {day:yyyy-MM-dd}: {listed.Count} open"),
            "This is what is open for you. You get one digest a day, on days on which something is.",
            listed
        );
    }

    /// <summary>Shows that messages arrive.</summary>
    public static NotificationMessage Test { get; } =
        new("Compliance test message", "An administrator checks that notifications reach you. There is nothing to do.", [], 0);

    /// <summary>The sentence about what is not listed; null when everything is.</summary>
    public string? Rest => More == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"And {More} more.");

    // A reader may be concerned as owner and as admin.
    private static List<NotificationItem> Distinct(IEnumerable<NotificationItem> items) =>
        [.. items.DistinctBy(i => (i.Title, i.Detail, i.Next))];

    // A request comes first: only its reader can answer it, and it would not be seen behind many findings.
    private static NotificationMessage Create(string subject, string introduction, List<NotificationItem> items)
    {
        var sorted = items
            .OrderByDescending(i => i.Audience.Role == NotificationRole.Approver)
            .ThenByDescending(i => i.Severity)
            .ThenBy(i => i.Key, StringComparer.Ordinal)
            .Take(MaxEntries);
        return new(Short(WithoutLinks(subject), MaxTitle), introduction, [.. sorted.Select(Entry)], Math.Max(0, items.Count - MaxEntries));
    }

    private static NotificationEntry Entry(NotificationItem item) =>
        new(
            item.Severity.ToString().ToLowerInvariant(),
            Short(WithoutLinks(item.Title), MaxTitle),
            Short(WithoutLinks(item.Detail), MaxDetail),
            Short(item.Next, MaxNext)
        );

    // A name in it may be a stranger's.
    private static string Short(string text, int max) => Plain.Text(Plain.Sentence(text), max);

    /// <summary>
    /// Mail programs make a link of whatever has the form of one, and a name may: an address is broken where its parts meet, as in
    /// <c>https[:]//evil[.]example</c>.
    /// </summary>
    private static string WithoutLinks(string text)
    {
        var broken = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length; i++)
            _ = text[i] switch
            {
                ':' when text.AsSpan(i).StartsWith("://") => broken.Append("[:]"),
                '.' when IsBetweenParts(text, i) => broken.Append("[.]"),
                var other => broken.Append(other),
            };
        return broken.ToString();
    }

    private static bool IsBetweenParts(string text, int dot) =>
        dot > 0 && dot + 1 < text.Length && char.IsLetterOrDigit(text[dot - 1]) && char.IsLetter(text[dot + 1]);

    private static string Count(List<NotificationItem> items) => items.Count.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One thing that a message lists.</summary>
/// <param name="Severity">How bad it is, in lower case.</param>
/// <param name="Title">What it is.</param>
/// <param name="Detail">More about it; may be empty.</param>
/// <param name="Next">The command or step with which its reader continues.</param>
internal sealed record NotificationEntry(string Severity, string Title, string Detail, string Next);
