using System.Globalization;
using Compliance.Minimization.Policy;
using CsCheck;

namespace Compliance.Tests.Minimization;

public sealed class RetentionPeriodTests
{
    [Theory]
    [InlineData("P1M", "2027-01-31T10:00:00Z", "2027-02-28T10:00:00Z")]
    [InlineData("P1M", "2028-01-31T10:00:00Z", "2028-02-29T10:00:00Z")]
    [InlineData("P1Y", "2028-02-29T00:00:00Z", "2029-02-28T00:00:00Z")]
    [InlineData("P4Y", "2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z")]
    [InlineData("P1M1D", "2027-01-31T00:00:00Z", "2027-03-01T00:00:00Z")]
    [InlineData("P90D", "2027-01-01T12:00:00Z", "2027-04-01T12:00:00Z")]
    [InlineData("P2W", "2027-12-25T00:00:00Z", "2028-01-08T00:00:00Z")]
    [InlineData("P1Y6M", "2027-08-31T00:00:00+05:30", "2029-02-28T18:30:00Z")] // 30 August in UTC
    [InlineData("P100Y", "9950-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z")]
    public void A_period_ends_by_the_calendar(string period, string begin, string end) =>
        Assert.Equal(Time(end), RetentionPeriod.Parse(period)!.Value.EndFrom(Time(begin)));

    [Theory]
    [InlineData("P")]
    [InlineData("P0D")]
    [InlineData("PT1H")]
    [InlineData("P1DT1H")]
    [InlineData("1M")]
    [InlineData("P1M1Y")]
    [InlineData("P-1D")]
    [InlineData("P1.5Y")]
    [InlineData("p1d")]
    [InlineData("P101Y")]
    [InlineData("P999999D")]
    [InlineData("P1D\n")]
    [InlineData("P\u0663D")]
    public void What_is_no_period_is_none(string text) => Assert.Null(RetentionPeriod.Parse(text));

    [Fact]
    public void What_begins_later_never_ends_earlier() =>
        Gen.Select(Gen.Int[0, 1200], Gen.Int[0, 1000], Gen.DateTime, Gen.Long[0, TimeSpan.TicksPerDay * 400])
            .Where((months, days, _, _) => months + days > 0)
            .Sample(
                (months, days, begin, more) =>
                {
                    var period = new RetentionPeriod(months, days);
                    var first = new DateTimeOffset(DateTime.SpecifyKind(new DateTime(begin.Ticks / 3, DateTimeKind.Utc), DateTimeKind.Utc));
                    return period.EndFrom(first) <= period.EndFrom(first.AddTicks(more)) && period.EndFrom(first) > first;
                }
            );

    [Theory]
    [InlineData("logs/{yyyy}/{MM}/{dd}/*", "logs/2027/02/28/a.json", "2027-03-01T00:00:00Z")]
    [InlineData("*-{yyyy}{MM}{dd}.csv", "a/b-20280229.csv", "2028-03-01T00:00:00Z")]
    [InlineData("{yyyy}/{MM}/*", "2027/12/x", "2028-01-01T00:00:00Z")]
    [InlineData("{yyyy}/*", "2027/x", "2028-01-01T00:00:00Z")]
    [InlineData("logs/{yyyy}/{MM}/{dd}/*", "logs/2027/02/29/a.json", null)]
    [InlineData("logs/{yyyy}/{MM}/{dd}/*", "logs/2027/13/01/a.json", null)]
    [InlineData("logs/{yyyy}/{MM}/{dd}/*", "log/2027/01/01/a.json", null)]
    [InlineData("{yyyy}.(x)+/*", "2027.(x)+/a", "2028-01-01T00:00:00Z")]
    [InlineData("{yyyy}/*", "0000/x", null)]
    [InlineData("{yyyy}/*", "2027/x\ny", "2028-01-01T00:00:00Z")]
    [InlineData("*{yyyy}-{MM}-{dd}*", "run-2027-03-01-model-2020-01-01.json", null)]
    [InlineData("*{yyyy}-{MM}-{dd}*", "run-2027-03-01-of-2027-03-01.json", "2027-03-02T00:00:00Z")]
    [InlineData("*{yyyy}-{MM}-{dd}*", "run-2027-03-01.json", "2027-03-02T00:00:00Z")]
    public void A_date_in_a_name_is_the_end_of_the_day_month_or_year_that_it_states(string template, string name, string? end) =>
        Assert.Equal(end is null ? null : Time(end), NameTemplate.Parse(template, out _)!.Find(name));

    [Theory]
    [InlineData("logs/*")]
    [InlineData("{yyyy}/{dd}")]
    [InlineData("{yyyy}/{yyyy}")]
    [InlineData("{YYYY}")]
    [InlineData("{yyyy")]
    public void A_template_without_a_whole_date_is_none(string text)
    {
        Assert.Null(NameTemplate.Parse(text, out var problem));
        Texts.Minimization.Expect("template", text, problem);
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
