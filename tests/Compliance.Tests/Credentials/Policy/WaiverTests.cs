namespace Compliance.Tests.Credentials.Policy;

/// <summary>The clock stands at 2028-02-29T00:00Z.</summary>
public sealed class WaiverTests
{
    private static string Waiver(
        string approvedOn = "2028-01-10",
        string expires = "2028-12-31",
        string id = "w-1",
        string control = "CRED-001",
        string subject = "id: o-1",
        string rest = "",
        string approvedBy = "    approvedBy: cy@contoso.com\n"
    ) =>
        $"  - id: {id}\n    control: {control}\n    subject: {{ {subject} }}\n    reason: moves in May\n{approvedBy}    approvedOn: "
        + $"{approvedOn}\n    expires: {expires}\n{rest}";

    private static (string? Id, string[] Warnings) Load(
        string waivers,
        string control = "CRED-001",
        string subject = "o-1",
        string? appId = Given.AppId,
        string part = "k-1"
    )
    {
        var policy = Given.Policy("waivers:\n" + waivers);
        return (policy.WaiverFor(control, subject, appId, part, Given.Now)?.Id, [.. policy.Warnings.Select(w => w.ToString())]);
    }

    private static void Same((string? Id, string[] Warnings) expected, (string? Id, string[] Warnings) actual) =>
        Assert.Equal((expected.Id, string.Join('\n', expected.Warnings)), (actual.Id, string.Join('\n', actual.Warnings)));

    [Theory]
    [InlineData("2028-12-31", "w-1", 0)]
    [InlineData("2028-03-14", "w-1", 0)] // 15 days left
    [InlineData("2028-03-13", "w-1", 0)] // 14 days left to the instant
    [InlineData("2028-03-12", "w-1", 1)]
    [InlineData("2028-02-29", "w-1", 1)] // its last day still counts
    [InlineData("2028-02-28", null, 1)]
    public void A_waiver_holds_through_its_last_day_and_its_end_is_announced(string expires, string? holds, int warned)
    {
        var (id, warnings) = Load(Waiver(expires: expires));

        Assert.Equal((holds, warned), (id, warnings.Length));
        Texts.Credentials.Expect("the end of a waiver on 2028-02-29", expires, warnings);
    }

    [Fact]
    public void A_waiver_ends_at_midnight_after_its_last_day()
    {
        var policy = Given.Policy("waivers:\n" + Waiver());
        var end = new DateTimeOffset(2029, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(
            ("w-1", null),
            (policy.WaiverFor("CRED-001", "o-1", null, "", end.AddTicks(-1))?.Id, policy.WaiverFor("CRED-001", "o-1", null, "", end)?.Id)
        );
    }

    [Theory]
    [InlineData("2028-02-29", "2029-02-28", false)] // a year from a leap day
    [InlineData("2028-02-29", "2029-03-01", true)]
    [InlineData("2028-01-10", "2029-01-10", false)]
    [InlineData("2028-01-10", "2029-01-11", true)]
    [InlineData("2028-03-01", "2028-12-31", true)]
    [InlineData("2028-01-10", "2028-01-09", true)]
    [InlineData("2028-01-10", "2029-02-29", true)]
    [InlineData("2028-01-10", "31.12.2028", true)]
    public void A_waiver_lasts_a_year_at_most_and_has_real_dates(string approvedOn, string expires, bool refused)
    {
        var waiver = "waivers:\n" + Waiver(approvedOn, expires);

        Texts.Credentials.Expect(
            "the dates of a waiver on 2028-02-29",
            [approvedOn, expires],
            refused ? Assert.Single(Given.Problems(waiver)) : string.Concat(Given.Policy(waiver).Warnings)
        );
    }

    [Fact]
    public void A_waiver_without_an_approver_is_refused() =>
        Texts.Credentials.Expect("a waiver without an approver", Given.Problems("waivers:\n" + Waiver(approvedBy: "")));

    [Theory]
    [InlineData("CRED-001", "o-1", Given.AppId, "k-1", "w-1")]
    [InlineData("CRED-001", "O-1", null, "k-2", "w-1")]
    [InlineData("CRED-002", "o-1", Given.AppId, "k-1", null)]
    [InlineData("CRED-001", "o-2", Given.AppId, "k-1", null)]
    public void A_waiver_covers_one_control_of_one_subject(string control, string subject, string? appId, string part, string? expected) =>
        Same((expected, []), Load(Waiver(), control, subject, appId, part));

    [Theory]
    [InlineData("k-1", "K-1", "w-1")]
    [InlineData("k-1", "k-2", null)]
    [InlineData("k-1", "", null)]
    public void A_waiver_for_a_part_covers_that_part_only(string waived, string part, string? expected) =>
        Same((expected, []), Load(Waiver(rest: $"    part: {waived}\n"), part: part));

    [Theory]
    [InlineData(Given.AppId, "w-1")]
    [InlineData("11111111-2222-3333-4444-555555555556", null)]
    [InlineData(null, null)]
    public void A_waiver_by_app_id_covers_whatever_object_carries_it(string? appId, string? expected) =>
        Same((expected, []), Load(Waiver(subject: $"appId: {Given.AppId.ToUpperInvariant()}"), subject: "any", appId: appId));

    [Fact]
    public void Of_several_waivers_the_one_that_lasts_longest_is_named() =>
        Same(
            ("w-2", []),
            Load(Waiver(expires: "2028-06-30") + Waiver(id: "w-2", expires: "2028-12-31") + Waiver(id: "w-3", expires: "2028-08-31"))
        );

    [Fact]
    public void Two_waivers_of_one_id_are_an_error() =>
        Texts.Credentials.Expect(
            "two waivers of one id",
            Given.Problems("waivers:\n" + Waiver() + Waiver(id: "W-1", control: "CRED-002"))
        );
}
