using System.Globalization;
using Compliance.Minimization.Policy;

namespace Compliance.Minimization.Evaluation;

/// <summary>A rule with what is the same for everything it decides on, worked out once.</summary>
internal sealed class PreparedRule
{
    private readonly string _due;
    private readonly string _next;
    private readonly string _source;

    /// <summary>Prepares a rule of a data set.</summary>
    public PreparedRule(RetentionRule rule, DataSet set)
    {
        Rule = rule;
        KeepNewest = rule.KeepNewest ?? set.KeepNewest;
        _due = $"Rule {rule.Id} keeps it {rule.After} from ";
        _next = $"Rule {rule.Id} is due on ";
        _source = $" ({Source(rule)}).";
        Undated = $"Rule {rule.Id} needs {Source(rule)}, which is not known of it.";
        Newest = $"It is among the {KeepNewest} newest, which rule {rule.Id} keeps.";
    }

    /// <summary>The rule.</summary>
    public RetentionRule Rule { get; }

    /// <summary>So many of the newest stay from it; 0 for none.</summary>
    public int KeepNewest { get; }

    /// <summary>Why it decides nothing without its date.</summary>
    public string Undated { get; }

    /// <summary>Why it leaves one of the newest.</summary>
    public string Newest { get; }

    /// <summary>Why it is due for what began at a time.</summary>
    public string Due(DateTimeOffset begin) => RetentionText.Around(_due, begin, _source);

    /// <summary>When it is due.</summary>
    public string Next(DateTimeOffset at) => RetentionText.Around(_next, at, ".");

    private static string Source(RetentionRule rule) =>
        rule.From switch
        {
            DateSource.Created => "the time it was made",
            DateSource.LastModified or DateSource.Timestamp => "the time it was last written",
            DateSource.LastAccessed => "the day after it was last read",
            DateSource.Name => "the date in its name",
            DateSource.Metadata => $"the date in metadata {rule.Key}",
            DateSource.Property => $"the date in property {rule.Key}",
            _ => $"the date in tag {rule.Key}",
        };
}

/// <summary>Dates, in reasons and in what is decided on.</summary>
internal static class RetentionText
{
    private const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;

    private static readonly string[] Forms = ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:sszzz"];

    /// <summary>A time between two texts, to the minute (UTC).</summary>
    public static string Around(string before, DateTimeOffset time, string after) =>
        string.Create(CultureInfo.InvariantCulture, stackalloc char[256], $"{before}{time.UtcDateTime:yyyy-MM-dd HH:mm'Z'}{after}");

    /// <summary>
    /// The time that a text states (UTC); null where it states none. A day counts from its end, as in a name: what it states may be of its
    /// last second.
    /// </summary>
    public static DateTimeOffset? Parse(string? text)
    {
        if (DateTimeOffset.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, Utc, out var day))
            return day < DateTimeOffset.MaxValue.AddDays(-1) ? day.AddDays(1) : null;
        return DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, Utc, out var time) ? time : null;
    }
}
