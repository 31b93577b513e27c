using Compliance.Controls;
using Compliance.Notifications;
using Compliance.Notifications.Messages;
using Compliance.Notifications.Policy;
using static Compliance.Tests.Notifications.Some;

namespace Compliance.Tests.Notifications;

public sealed class DeliveryPlannerTests
{
    private static readonly Recipient Admin = Mail("ada@b.example", "ada", NotificationRole.Admin);

    [Fact]
    public void What_is_urgent_is_sent_once_and_the_digest_once_a_day_in_the_hours()
    {
        NotificationItem[] items = [Item("a"), Item("b", isUrgent: false)];
        var due = DeliveryPlanner.Due(Admin, new(), items, Monday);

        Assert.Equal(["Title of a", "Compliance digest of 2027-01-04: 2 open"], due.Select(d => d.Message.Subject));
        var state = due.Aggregate(new DeliveryState(), (s, d) => s.Delivered(d.Sent, d.DigestDay, Monday));
        Assert.Empty(DeliveryPlanner.Due(Admin, state, items, Monday.AddHours(6)));
        Assert.Equal(["Title of c"], Subjects(state, [.. items, Item("c")], Monday.AddHours(6)));
        Assert.Equal(["Compliance digest of 2027-01-05: 2 open"], Subjects(state, items, Monday.AddDays(1)));
    }

    [Theory]
    [InlineData("2027-01-04T07:59:59Z", false)]
    [InlineData("2027-01-04T08:00:00Z", true)]
    [InlineData("2027-01-04T16:59:59Z", true)]
    [InlineData("2027-01-04T17:00:00Z", false)]
    [InlineData("2027-01-09T10:00:00Z", false)] // Saturday
    public void A_digest_comes_in_the_hours_and_what_is_urgent_at_any(string now, bool isDigest)
    {
        var at = DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture);

        var due = DeliveryPlanner.Due(Admin, new(), [Item("a")], at);

        Assert.Equal(isDigest ? 2 : 1, due.Count);
        Assert.Null(due[0].DigestDay);
    }

    [Theory]
    [InlineData("2027-03-28T06:59:00Z", null)] // summer time begins that night: 08:59 there
    [InlineData("2027-03-28T07:00:00Z", "2027-03-28")]
    [InlineData("2027-10-31T07:59:00Z", null)] // and ends: 08:59
    [InlineData("2027-10-31T08:00:00Z", "2027-10-31")]
    public void Hours_are_those_of_the_place_in_summer_and_in_winter(string now, string? day)
    {
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var hours = new WorkingHours(berlin, new(9, 0), new(17, 0), Enum.GetValues<DayOfWeek>().ToHashSet());

        var found = hours.DayAt(DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture));

        Assert.Equal(day, found?.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("02:30", "03:00", "2027-03-28T00:59:00Z", false)] // 01:59 there; then it is 03:00
    [InlineData("02:30", "03:00", "2027-03-28T01:30:00Z", true)] // 03:30: the hours that the day lacks come as much later
    [InlineData("02:30", "03:00", "2027-03-28T02:00:00Z", false)]
    [InlineData("02:30", "17:00", "2027-03-28T01:00:00Z", true)] // 03:00: they have begun
    [InlineData("02:30", "03:00", "2027-10-31T00:30:00Z", true)] // 02:30 in summer time
    [InlineData("02:30", "03:00", "2027-10-31T01:30:00Z", true)] // and again in winter time, on the same day
    public void Hours_that_the_clock_leaves_out_or_repeats_are_on_their_day(string from, string to, string now, bool isWithin)
    {
        var invariant = System.Globalization.CultureInfo.InvariantCulture;
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var everyDay = Enum.GetValues<DayOfWeek>().ToHashSet();
        var hours = new WorkingHours(berlin, TimeOnly.Parse(from, invariant), TimeOnly.Parse(to, invariant), everyDay);
        var at = DateTimeOffset.Parse(now, invariant);

        Assert.Equal(isWithin ? DateOnly.FromDateTime(at.UtcDateTime) : null, hours.DayAt(at));
    }

    [Theory]
    [InlineData("America/Los_Angeles", "2027-01-05T07:59:00Z", "2027-01-04")]
    [InlineData("America/Los_Angeles", "2027-01-05T08:00:00Z", "2027-01-05")]
    [InlineData("Pacific/Kiritimati", "2027-01-04T10:00:00Z", "2027-01-05")]
    public void A_day_is_that_of_the_place(string zone, string now, string day)
    {
        var invariant = System.Globalization.CultureInfo.InvariantCulture;
        var hours = new WorkingHours(
            TimeZoneInfo.FindSystemTimeZoneById(zone),
            new(0, 0),
            new(23, 59, 59),
            Enum.GetValues<DayOfWeek>().ToHashSet()
        );

        Assert.Equal(DateOnly.Parse(day, invariant), hours.DayAt(DateTimeOffset.Parse(now, invariant)));
    }

    [Fact]
    public void Without_anything_open_there_is_no_digest() => Assert.Empty(DeliveryPlanner.Due(Admin, new(), [], Monday));

    [Fact]
    public void Who_is_excepted_gets_nothing_whatever_the_role_and_an_owner_only_their_own()
    {
        var forAll = Item("a") with { Audience = new(NotificationRole.Approver, null, new HashSet<string> { "eve" }) };
        var ofOwner = Item("b", role: null, address: "OWNER@b.example");
        Recipient[] people =
        [
            Mail("ada@b.example", "ada", NotificationRole.Approver),
            Mail("eve@b.example", "eve", NotificationRole.Approver, NotificationRole.Admin),
            Mail("owner@b.example"),
        ];

        var due = people.Select(p =>
            string.Join(",", DeliveryPlanner.Due(p, new(), [forAll, ofOwner], Monday).Select(d => d.Message.Subject))
        );

        Assert.Equal(["Title of a,Compliance digest of 2027-01-04: 1 open", "", "Title of b,Compliance digest of 2027-01-04: 1 open"], due);
    }

    [Fact]
    public void An_owner_needs_no_entry_and_has_one_where_the_policy_names_them()
    {
        var hours = WorkingHours.Default with { From = new(6, 0) };
        var policy = new NotificationPolicy(
            "sha",
            WorkingHours.Default,
            [new(null, "bo@b.example", new HashSet<NotificationRole>(), hours)]
        );
        NotificationItem[] items =
        [
            Item("a", address: "Bo@b.example"),
            Item("b", address: "cy@b.example"),
            Item("c", address: "CY@b.example"),
        ];

        var recipients = DeliveryPlanner.Recipients(policy, [ChannelKind.Mail, ChannelKind.Slack, ChannelKind.Teams], items);

        Assert.Equal(["teams:teams", "slack:slack", "mail:bo@b.example", "mail:cy@b.example"], recipients.Select(r => r.Key));
        Assert.Equal(new TimeOnly(6, 0), recipients[2].Hours.From);
        Assert.Equal([ChannelKind.Slack], DeliveryPlanner.Recipients(policy, [ChannelKind.Slack], items).Select(r => r.Channel));
    }

    [Fact]
    public void The_worst_are_listed_and_the_rest_is_counted()
    {
        var items = Enumerable.Range(0, 40).Select(i => Item($"{i:00}", severity: i == 39 ? Severity.Critical : Severity.Low)).ToList();

        var due = DeliveryPlanner.Due(Admin, new(), items, Monday)[0];

        Assert.Equal(NotificationMessage.MaxEntries, due.Message.Entries.Count);
        Assert.Equal("Title of 39", due.Message.Entries[0].Title);
        Assert.Equal("And 28 more.", due.Message.Rest);
        Assert.Equal(40, due.Sent.Count);
    }

    [Fact]
    public void What_is_over_is_forgotten_and_comes_again_under_another_key()
    {
        var sent = new DeliveryState().Delivered([DeliveryPlanner.DigestOf(Item("a")), DeliveryPlanner.DigestOf(Item("b"))], null, Monday);

        Assert.Equal([DeliveryPlanner.DigestOf(Item("b"))], DeliveryPlanner.Prune(sent, Read(1, Item("b")), Monday).Sent);
        Assert.Same(sent, DeliveryPlanner.Prune(sent, Read(1, Item("b"), Item("a")), Monday));
        // What was read before a message was sent shows nothing of what it is about, unless its time is of a clock that was ahead.
        Assert.Same(sent, DeliveryPlanner.Prune(sent, Read(0), Monday));
        Assert.Empty(DeliveryPlanner.Prune(sent, Read(-1), Monday.AddHours(-1)).Sent);

        static OpenItems Read(int hours, params NotificationItem[] items) => new(items, Monday.AddHours(hours), "sha");
    }

    private static IEnumerable<string> Subjects(DeliveryState state, NotificationItem[] items, DateTimeOffset now) =>
        DeliveryPlanner.Due(Admin, state, items, now).Select(d => d.Message.Subject);
}
