using Compliance.Changes.Approvals;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Notifications.Messages;
using Compliance.Notifications.Sources;
using static Compliance.Tests.Notifications.Some;

namespace Compliance.Tests.Notifications;

public sealed class SourceTests
{
    [Fact]
    public void A_request_concerns_approvers_but_not_whom_it_is_about_who_asked_and_who_has_agreed()
    {
        var request = Request(new ApprovalAnswer("Ada", true, Monday, null));

        var item = Assert.Single(RequestNotifications.Items(request, Monday.AddHours(24)));

        Assert.Equal(NotificationRole.Approver, item.Audience.Role);
        Assert.Equal(["ada", "lea", "rita"], item.Audience.Except.Select(e => e.ToLowerInvariant()).Order(StringComparer.Ordinal));
        Assert.Equal(1, item.Audience.PeopleNeeded);
        Assert.True(item.IsUrgent);
    }

    [Fact]
    public void A_yes_that_lapsed_or_whose_approver_was_ended_is_asked_for_again()
    {
        var lapsed = Request(new ApprovalAnswer("ada", true, Monday.AddHours(-73), null));
        var ended = Request(new ApprovalAnswer("ada", true, Monday, null)) with { Ended = ["ADA"] };

        Assert.All([lapsed, ended], r => Assert.DoesNotContain("ada", RequestNotifications.Items(r, Monday).Single().Audience.Except));
    }

    [Fact]
    public void Past_its_deadline_a_request_is_notified_again_to_admins_too()
    {
        var items = RequestNotifications.Items(Request(), Monday.AddHours(24).AddTicks(1)).ToList();

        Assert.Equal(
            [
                (Severity.High, NotificationRole.Approver),
                (Severity.Critical, NotificationRole.Approver),
                (Severity.Critical, NotificationRole.Admin),
            ],
            items.Select(i => (i.Severity, i.Audience.Role!.Value))
        );
        Assert.Equal(3, items.Select(i => i.Key).Distinct().Count());
        // Too few who may answer are one finding, not two.
        Assert.Equal([2, 0, 1], items.Select(i => i.Audience.PeopleNeeded));
    }

    [Fact]
    public void A_request_that_is_asked_again_is_another_occasion() =>
        Assert.NotEqual(
            RequestNotifications.Items(Request(), Monday).Single().Key,
            RequestNotifications.Items(Request() with { AskedAt = Monday.AddTicks(1) }, Monday).Single().Key
        );

    [Fact]
    public void A_request_is_another_occasion_once_a_yes_counts_no_more()
    {
        string Key(ApprovalRequest request, double hours) => RequestNotifications.Items(request, Monday.AddHours(hours)).First().Key;
        var agreed = Request(new ApprovalAnswer("ada", true, Monday, null));

        Assert.Equal(Key(Request(), 72), Key(agreed, 72));
        Assert.NotEqual(Key(agreed, 72), Key(agreed, 72.1));
        Assert.NotEqual(Key(agreed, 1), Key(agreed with { Ended = ["ADA"] }, 1));
        // Given again, it is none.
        var again = agreed with { Answers = [.. agreed.Answers, new ApprovalAnswer("ada", true, Monday.AddHours(73), null)] };
        Assert.Equal(Key(agreed, 73), Key(again, 73));
    }

    [Fact]
    public void An_address_that_only_a_tag_gives_gets_no_mail_and_the_admins_do()
    {
        var finding = Finding(Severity.High);
        Finding Owned(Person owner) => finding with { Detection = finding.Detection with { Owner = owner } };
        string To(Person owner) =>
            string.Join(", ", FindingNotifications.Items(Owned(owner), "T").Select(i => $"{i.Audience.Address}{i.Audience.Role}"));

        Assert.Equal("Admin", To(new(null, "eve@evil.example", "eve@evil.example", "tag")));
        Assert.Equal("eve@evil.example", To(new("e", "Eve", "eve@evil.example", "tag")));
        Assert.Equal("ops@b.example", To(new(null, "ops@b.example", "ops@b.example", "policy")));
        Assert.Equal("Admin", To(new("e", "Eve", "", "owner")));
    }

    [Fact]
    public void No_message_about_a_request_names_a_person()
    {
        var texts = RequestNotifications.Items(Request(), Monday.AddDays(2)).SelectMany(i => new[] { i.Title, i.Detail, i.Next });

        Assert.All(texts, t => Assert.DoesNotContain("lea ", t, StringComparison.OrdinalIgnoreCase));
        Texts.Notifications.Expect("request", RequestNotifications.Items(Request(), Monday.AddDays(2)).SelectMany(Lines));
    }

    [Fact]
    public void A_finding_is_its_owners_and_the_admins_where_it_has_none_or_is_critical()
    {
        var owned = Finding(Severity.High);
        var critical = Finding(Severity.Critical);
        var unowned = Finding(Severity.Low) with { Detection = Finding(Severity.Low).Detection with { Owner = null } };

        Assert.Equal(
            ["ada@contoso.example False", "ada@contoso.example True, Admin True", "Admin False"],
            new[] { owned, critical, unowned }.Select(f =>
                string.Join(", ", FindingNotifications.Items(f, "T").Select(i => $"{i.Audience.Address}{i.Audience.Role} {i.IsUrgent}"))
            )
        );
    }

    [Fact]
    public void A_finding_that_came_back_is_another_occasion_and_one_that_changed_is_not()
    {
        var finding = Finding(Severity.Critical);
        string Key(Finding f) => FindingNotifications.Items(f, "T").First().Key;

        Assert.Equal(Key(finding), Key(finding with { ChangedAt = Monday.AddDays(3), RunId = "other" }));
        Assert.NotEqual(Key(finding), Key(finding with { Reopened = 1 }));
    }

    [Fact]
    public void What_a_finding_is_about_is_named_unless_it_may_be_a_person()
    {
        var secret = Finding(Severity.High);
        var user = secret with { Detection = secret.Detection with { Subject = new("user", "lea", "Lea Lambert") } };

        Texts.Notifications.Expect(
            "finding",
            new[] { secret, user }.SelectMany(f => FindingNotifications.Items(f, "Title")).SelectMany(Lines)
        );
        Assert.DoesNotContain("Lambert", FindingNotifications.Items(user, "Title").Single().Detail, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Lines(NotificationItem item) => [item.Title, item.Detail, item.Next];

    private static Finding Finding(Severity severity) =>
        new()
        {
            Id = "CRED-001-0123456789abcdef",
            TenantId = Tenant,
            Status = FindingStatus.Open,
            Detection = Findings.Samples.App(severity: severity),
            OpenedAt = Monday,
            ChangedAt = Monday,
            RunId = "run",
        };
}
