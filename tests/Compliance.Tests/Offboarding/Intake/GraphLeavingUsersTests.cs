using Compliance.Offboarding.Intake;
using Compliance.Tenants;
using Compliance.Tests.Tenants;
using Microsoft.Extensions.Logging.Testing;

namespace Compliance.Tests.Offboarding.Intake;

/// <summary>The real SDK against the sandbox's demo tenant.</summary>
public sealed class GraphLeavingUsersTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_enabled_members_that_HR_should_know_of_are_read_by_declared_requests()
    {
        await using var reader = await Reader.StartAsync();

        var read = await ReadAsync(reader);

        Assert.True(read.Outcome.Complete, read.Outcome.Reason);
        Assert.NotEmpty(read.Users);
        Assert.True(read.Outcome.Objects >= read.Users.Count);
        Assert.Equal(read.Users.Count, read.Users.DistinctBy(u => u.Id).Count());
        Assert.All(read.Users, u => Assert.True(u.EmployeeId is not null || u.LeavesAt is not null));
        var asked = reader.Sandbox.Requests.Where(r => r.Host == "graph").Select(r => $"{r.Method} {r.Path.Split('?')[0]}").Distinct();
        Assert.Equal([$"GET /v1.0{DeclaredCall.EmployedUsers.Path}"], asked);
    }

    [Theory]
    [InlineData("graph/users => status=403", "User-LifeCycleInfo.Read.All and User.Read.All")]
    [InlineData("graph/users => cut=200", null)]
    [InlineData("graph/users => status=500", null)]
    public async Task Users_that_are_not_read_to_their_end_are_told_as_such(string faults, string? permission)
    {
        await using var reader = await Reader.StartAsync(faults);

        var read = await ReadAsync(reader);

        Assert.False(read.Outcome.Complete);
        Assert.NotNull(read.Outcome.Reason);
        Assert.Equal(permission, read.Outcome.Permission);
    }

    private static Task<LeavingUsers> ReadAsync(Reader reader) =>
        new GraphLeavingUsers(reader.Get<TenantConnection>(), new FakeLogger<GraphLeavingUsers>()).ReadAsync(Stop);
}
