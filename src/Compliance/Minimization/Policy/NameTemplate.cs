using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Compliance.Minimization.Policy;

/// <summary>
/// Where a date is in a name: text with <c>{yyyy}</c>, <c>{MM}</c>, <c>{dd}</c> and <c>*</c> for any characters, such as
/// <c>logs/{yyyy}/{MM}/{dd}/*</c>. Without a day it is the month's last one, without a month the year's: never earlier than meant.
/// </summary>
internal sealed class NameTemplate
{
    private const string Any = ".*";

    // The first date that fits, and the last one: where they differ, which is meant is not known. Only a star before the end of the date
    // leaves more than one.
    private readonly Regex _first;
    private readonly Regex? _last;

    private NameTemplate(string text, string pattern)
    {
        Text = text;
        // Takes time in the length of the name, whatever the template.
        const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline;
        var hasChoice = text.AsSpan(0, text.LastIndexOf('}')).Contains('*');
        _last = hasChoice ? new Regex(pattern, Options) : null;
        _first = new Regex(pattern.Replace(Any, ".*?", StringComparison.Ordinal), Options);
    }

    /// <summary>As the policy writes it.</summary>
    public string Text { get; }

    /// <summary>Reads a template.</summary>
    /// <param name="text">The template.</param>
    /// <param name="problem">What is wrong with it; null when it is one.</param>
    public static NameTemplate? Parse(string text, out string? problem)
    {
        var pattern = new StringBuilder("^");
        var seen = new List<string>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '*')
                pattern.Append(Any);
            else if (text[i] == '{')
            {
                var end = text.IndexOf('}', i);
                var field = end < 0 ? "" : text[(i + 1)..end];
                if (field is not ("yyyy" or "MM" or "dd"))
                    return None($"'{text}' has a brace that is none of {{yyyy}}, {{MM}} and {{dd}}", out problem);
                if (seen.Contains(field))
                    return None($"'{text}' has {{{field}}} twice", out problem);
                seen.Add(field);
                pattern.Append(CultureInfo.InvariantCulture, $"(?<{field}>[0-9]{{{field.Length}}})");
                i = end;
            }
            else
            {
                pattern.Append(Regex.Escape(text[i].ToString()));
            }
        }
        if (!seen.Contains("yyyy") || (seen.Contains("dd") && !seen.Contains("MM")))
            return None($"'{text}' has no whole date: give {{yyyy}}, {{MM}} and {{dd}}, the last ones may be left out", out problem);
        problem = null;
        return new(text, pattern.Append("\\z").ToString());
    }

    /// <summary>The end of the day, month or year that a name states (UTC); null when it states none, or several that differ.</summary>
    public DateTimeOffset? Find(string name)
    {
        var first = Find(_first, name);
        return _last is null || first is null || first == Find(_last, name) ? first : null;
    }

    private static DateTimeOffset? Find(Regex regex, string name)
    {
        if (regex.Match(name) is not { Success: true } match)
            return null;
        int? Number(string group) => match.Groups[group] is { Success: true } g ? int.Parse(g.Value, CultureInfo.InvariantCulture) : null;
        var (year, month, day) = (Number("yyyy")!.Value, Number("MM"), Number("dd"));
        if (year is < 1 or > 9998 || month is < 1 or > 12)
            return null;
        var begin = new DateTimeOffset(year, month ?? 1, 1, 0, 0, 0, TimeSpan.Zero);
        if (month is null)
            return begin.AddYears(1);
        if (day is null)
            return begin.AddMonths(1);
        return day >= 1 && day <= DateTime.DaysInMonth(year, month.Value) ? begin.AddDays(day.Value) : null;
    }

    private static NameTemplate? None(string why, out string? problem)
    {
        problem = why;
        return null;
    }
}
