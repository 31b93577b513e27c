using System.Globalization;
using System.Text.RegularExpressions;

namespace Compliance.Minimization.Policy;

/// <summary>
/// A time of keeping by the calendar: ISO 8601 with years, months, weeks and days, such as <c>P1Y6M</c>. Years and months are counted
/// first, and a day that the month does not have is its last one (31 January and a month is 28 or 29 February); then days of 24 hours. All
/// in UTC.
/// </summary>
internal readonly partial record struct RetentionPeriod(int Months, int Days)
{
    private const int MaxYears = 100;

    /// <summary>Reads a period.</summary>
    /// <returns>Null for what is none: another form, nothing, or more than 100 years.</returns>
    public static RetentionPeriod? Parse(string text)
    {
        if (Form().Match(text) is not { Success: true } match)
            return null;
        long Number(string group) => match.Groups[group] is { Success: true } g ? long.Parse(g.Value, CultureInfo.InvariantCulture) : 0;
        var months = (Number("y") * 12) + Number("m");
        var days = (Number("w") * 7) + Number("d");
        return (months, days) is (0, 0) || months > MaxYears * 12 || days > MaxYears * 366 ? null : new((int)months, (int)days);
    }

    /// <summary>When what began at a time is old enough (UTC). Later beginnings are never old enough earlier.</summary>
    public DateTimeOffset EndFrom(DateTimeOffset begin)
    {
        var utc = begin.ToUniversalTime();
        try
        {
            return utc.AddMonths(Months).AddDays(Days);
        }
        catch (ArgumentOutOfRangeException)
        {
            // Year 9999 and later: never.
            return DateTimeOffset.MaxValue;
        }
    }

    /// <summary>As a policy writes it.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"P{(Months > 0 ? $"{Months}M" : "")}{(Days > 0 ? $"{Days}D" : "")}");

    [GeneratedRegex(
        @"^P(?:(?<y>[0-9]{1,4})Y)?(?:(?<m>[0-9]{1,5})M)?(?:(?<w>[0-9]{1,5})W)?(?:(?<d>[0-9]{1,6})D)?\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Form();
}
