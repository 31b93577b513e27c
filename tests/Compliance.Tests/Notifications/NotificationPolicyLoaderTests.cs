using Compliance.Notifications.Messages;
using Compliance.Notifications.Policy;
using Compliance.Policies;
using Local;

namespace Compliance.Tests.Notifications;

public sealed class NotificationPolicyLoaderTests
{
    private const string Ada = "3f0c0b0e-0000-4000-8000-000000000001";

    private static NotificationPolicy Load(string yaml) => NotificationPolicyLoader.Load(yaml, "notifications.yaml");

    [Fact]
    public void Hours_of_a_person_differ_from_those_of_all_where_they_say_so()
    {
        var policy = Load(
            $$"""
            version: 1
            hours: { timeZone: Europe/Berlin, from: "09:00", days: [monday, saturday] }
            people:
              - { id: {{Ada}}, address: ada@contoso.example, roles: [approver, admin], hours: { to: "12:30" } }
              - { address: bo@contoso.example }
            """
        );

        Assert.Equal([Ada, null], policy.People.Select(p => p.ObjectId));
        Assert.Equal([NotificationRole.Approver, NotificationRole.Admin], policy.People[0].Roles.Order());
        Assert.Empty(policy.People[1].Roles);
        Assert.Equal([new TimeOnly(12, 30), new TimeOnly(17, 0)], policy.People.Select(p => p.Hours.To));
        Assert.All(
            policy.People,
            p =>
            {
                Assert.Equal("Europe/Berlin", p.Hours.Zone.Id);
                Assert.Equal(new TimeOnly(9, 0), p.Hours.From);
                Assert.Equal([DayOfWeek.Monday, DayOfWeek.Saturday], p.Hours.Days.Order());
            }
        );
    }

    [Fact]
    public void The_policy_that_ships_names_no_one()
    {
        var policy = NotificationPolicyLoader.LoadFile(
            Path.Combine(RepositoryRoot.Find(), "src", "ComplianceFunctions", "policy", "notifications.yaml")
        );

        Assert.Empty(policy.People);
        Assert.Equal((new TimeOnly(8, 0), new TimeOnly(17, 0), 5), (policy.Hours.From, policy.Hours.To, policy.Hours.Days.Count));
    }

    [Theory]
    [InlineData("approver without id", "people: [{ address: a@b.example, roles: [approver] }]")]
    [InlineData("end before begin", "hours: { from: \"17:00\", to: \"08:00\" }\npeople: []")]
    [InlineData("no such time zone", "hours: { timeZone: Mars/Olympus }\npeople: []")]
    [InlineData("address twice", "people: [{ address: a@b.example }, { address: A@B.example }]")]
    [InlineData("id twice", $"people: [{{ id: {Ada}, address: a@b.example }}, {{ id: {Ada}, address: c@b.example }}]")]
    [InlineData("no address", "people: [{ address: ada }]")]
    [InlineData("no object id", "people: [{ id: ada, address: a@b.example }]")]
    [InlineData("no such role", "people: [{ address: a@b.example, roles: [owner] }]")]
    [InlineData("no time of day", "hours: { from: \"8:00\" }\npeople: []")]
    [InlineData("no such day", "hours: { days: [Mon] }\npeople: []")]
    public void A_policy_that_cannot_be_used_names_the_place_and_the_rule(string situation, string yaml)
    {
        var error = Assert.Throws<PolicyException>(() => Load("version: 1\n" + yaml));

        Texts.Notifications.Expect("policy", situation, error.Problems.Select(p => p.ToString()));
    }
}
