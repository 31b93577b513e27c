using System.Globalization;
using Compliance.Notifications.Messages;
using Compliance.Policies;

namespace Compliance.Notifications.Policy;

/// <summary>Reads the policy of notifications.</summary>
internal static class NotificationPolicyLoader
{
    private static readonly Lazy<PolicySchema> Schema = new(() => PolicySchema.Embedded("notifications.schema.json"));

    /// <summary>Reads a policy file. The hash is over its bytes.</summary>
    /// <exception cref="PolicyException">It cannot be used; every problem is listed.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static NotificationPolicy LoadFile(string path)
    {
        var file = PolicyText.Read(path);
        return Load(file.Text, file.Name, file.Sha256);
    }

    /// <summary>Reads a policy. The hash is over its text as UTF-8.</summary>
    /// <param name="yaml">The policy.</param>
    /// <param name="fileName">Name for messages.</param>
    /// <exception cref="PolicyException">It cannot be used; every problem is listed.</exception>
    public static NotificationPolicy Load(string yaml, string fileName) => Load(yaml, fileName, PolicyText.Sha256Of(yaml));

    private static NotificationPolicy Load(string yaml, string fileName, string sha256)
    {
        var root = YamlPolicyReader.Read(yaml, fileName, Schema.Value).Root;
        var problems = new List<PolicyProblem>();
        var hours = Hours(root["hours"], WorkingHours.Default, problems);
        var nodes = root["people"] is { } list ? list.Items().ToList() : [];
        List<NotifiedPerson> people = [.. nodes.Select(n => Person(n, hours, problems))];
        for (var i = 0; i < nodes.Count; i++)
            CheckIsNew(nodes[i], people[i], people.Take(i), problems);
        YamlPolicyReader.Throw(problems);
        return new(sha256, hours, people);
    }

    private static NotifiedPerson Person(PolicyNode node, WorkingHours hours, List<PolicyProblem> problems)
    {
        var person = new NotifiedPerson(
            node["id"]?.Text,
            node["address"]!.Value.Text,
            node["roles"] is { } roles
                ? roles.Items().Select(r => Enum.Parse<NotificationRole>(r.Text, ignoreCase: true)).ToHashSet()
                : new HashSet<NotificationRole>(),
            Hours(node["hours"], hours, problems)
        );
        // Whom a plan is about must not learn of it by its request, and who asked for it cannot answer.
        if (person.ObjectId is null && person.Roles.Contains(NotificationRole.Approver))
            problems.Add(
                node.Problem(
                    $"{person.Address} is notified as approver and has no id: give the Entra object id, so that no request reaches the "
                        + "person it is about"
                )
            );
        return person;
    }

    private static void CheckIsNew(PolicyNode node, NotifiedPerson one, IEnumerable<NotifiedPerson> earlier, List<PolicyProblem> problems)
    {
        foreach (var other in earlier)
        {
            if (string.Equals(one.Address, other.Address, StringComparison.OrdinalIgnoreCase))
                problems.Add(node["address"]!.Value.Problem($"{one.Address} is there twice: one entry a person"));
            else if (one.ObjectId is not null && string.Equals(one.ObjectId, other.ObjectId, StringComparison.OrdinalIgnoreCase))
                problems.Add(node["id"]!.Value.Problem($"{one.ObjectId} is there twice: one entry a person"));
        }
    }

    private static WorkingHours Hours(PolicyNode? node, WorkingHours otherwise, List<PolicyProblem> problems)
    {
        if (node is not { } given)
            return otherwise;
        var hours = new WorkingHours(
            given["timeZone"] is { } zone ? Zone(zone, problems) : otherwise.Zone,
            Time(given["from"]) ?? otherwise.From,
            Time(given["to"]) ?? otherwise.To,
            given["days"] is { } days
                ? days.Items().Select(d => Enum.Parse<DayOfWeek>(d.Text, ignoreCase: true)).ToHashSet()
                : otherwise.Days
        );
        if (hours.To <= hours.From)
            problems.Add(given.Problem($"the hours end at {hours.To:HH:mm} and begin at {hours.From:HH:mm}: give an end after the begin"));
        return hours;
    }

    private static TimeZoneInfo Zone(PolicyNode node, List<PolicyProblem> problems)
    {
        if (TimeZoneInfo.TryFindSystemTimeZoneById(node.Text, out var zone))
            return zone;
        problems.Add(node.Problem($"there is no time zone '{node.Text}': give a name of the IANA database, such as Europe/Berlin"));
        return TimeZoneInfo.Utc;
    }

    private static TimeOnly? Time(PolicyNode? node) =>
        node is { } given ? TimeOnly.ParseExact(given.Text, "HH:mm", CultureInfo.InvariantCulture) : null;
}
