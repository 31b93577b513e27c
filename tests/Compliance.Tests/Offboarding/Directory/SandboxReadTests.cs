using Azure.Core;
using Compliance.Offboarding;
using Compliance.Offboarding.Directory;
using Compliance.Tenants;
using Compliance.Tests.Tenants;
using Microsoft.Extensions.Logging.Abstractions;

namespace Compliance.Tests.Offboarding.Directory;

/// <summary>The same reads against the demo tenant of the sandbox, through the official SDKs.</summary>
public sealed class SandboxReadTests
{
    private static readonly OffboardingPolicy Policy = new() { Sha256 = "00" };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_Azure_roles_of_a_person_are_found_in_every_subscription_with_their_names_and_scopes()
    {
        await using var reader = await Reader.StartAsync();
        var tenant = reader.Get<TenantConnection>();
        var people = await PeopleWithRolesAsync(reader, tenant);

        foreach (var (person, scope) in people)
        {
            var snapshot = await DirectoryOf(reader).ReadAccessAsync(person, "nobody@northwynd.example", Policy, Stop);

            var role = Assert.Single(snapshot.Accesses, a => a.Kind == AccessKind.AzureRole);
            Assert.Equal(("Contributor", scope), (role.Name, role.Scope));
            // A Contributor lists the keys of the accounts below.
            Assert.All(snapshot.Accesses.Where(a => a.Kind == AccessKind.SharedSecret), a => Assert.StartsWith(scope + "/", a.Scope, StringComparison.OrdinalIgnoreCase));
            Assert.All(snapshot.Sources.Where(s => s.Source.EndsWith("/roleAssignments", StringComparison.Ordinal) && s.Source.StartsWith("arm", StringComparison.Ordinal)), s => Assert.True(s.Complete, s.Reason));
            Assert.True(snapshot.Sources.Single(s => s.Source == LeaverSources.Resources).Complete);
        }
        Assert.Equal(2, people.Count);
    }

    [Fact]
    public async Task A_person_is_found_by_what_HR_knows_and_the_manager_inherits()
    {
        await using var reader = await Reader.StartAsync();
        var tenant = reader.Get<TenantConnection>();
        var users = (await new GraphReads(tenant, reader.Get<GraphBatch>()).ReadAsync(
            [new("all", "/users?$select=id,mail,userPrincipalName,accountEnabled&$expand=manager($select=id,accountEnabled)&$top=999", DeclaredCall.Users)], Stop))["all"].Items;
        var person = users.First(u => u.At("manager")?.Flag("accountEnabled") == true && u.At("manager")?.Text("id") != u.Text("id") && u.Text("mail") is not null);
        var latest = new HrEvent("hr", "1", HrEventKind.Terminated, DateTimeOffset.UnixEpoch, "nobody-has-it", "1", 1, null, false, person.Text("userPrincipalName"), person.Text("mail"));

        var lookup = await DirectoryOf(reader).LookUpAsync(latest, Policy, Stop);
        var heir = await DirectoryOf(reader).HeirAsync(person.Text("id")!, new HashSet<string>(), Stop);

        Assert.Equal((person.Text("id"), null), (lookup.Facts?.UserId, lookup.Problem));
        Assert.Equal(users.Count, lookup.Facts!.Staff);
        Assert.Equal((lookup.Facts.ManagerId, person.At("manager")?.Text("id")), (heir?.Id, heir?.Id));
    }

    private static LeaverDirectory DirectoryOf(Reader reader)
    {
        var tenant = reader.Get<TenantConnection>();
        return new(tenant, new GraphReads(tenant, reader.Get<GraphBatch>()), new AzureReads(tenant, reader.Get<ResourceManagerReader>()), reader.Time, NullLogger<LeaverDirectory>.Instance);
    }

    private static async Task<List<(string Id, string Scope)>> PeopleWithRolesAsync(Reader reader, TenantConnection tenant)
    {
        var found = new List<(string, string)>();
        await foreach (var (subscription, _) in reader.Get<ResourceManagerReader>().SubscriptionsAsync(Stop))
        {
            using var message = tenant.ResourceManagerPipeline.CreateMessage();
            message.Request.Method = RequestMethod.Get;
            message.Request.Uri.Reset(new Uri($"{tenant.ResourceManagerAddress}/subscriptions/{subscription}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01"));
            await tenant.ResourceManagerPipeline.SendAsync(message, Stop);
            using var page = System.Text.Json.JsonDocument.Parse(message.Response.Content);
            found.AddRange(page.RootElement.Items("value").Select(i => i.At("properties")!.Value).Where(p => p.Text("principalType") == "User").Select(p => (p.Text("principalId")!, p.Text("scope")!)));
        }
        return found;
    }
}
