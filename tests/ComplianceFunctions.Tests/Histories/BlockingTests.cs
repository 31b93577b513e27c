namespace ComplianceFunctions.Tests.Histories;

/// <summary>What lies between an HR event and the block.</summary>
public sealed class BlockingTests
{
    [Fact]
    public async Task A_leaver_is_looked_up_in_one_round_trip_to_Graph_and_blocked_within_two_more()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        world.Sandbox.ClearRequests();

        await world.HappenAsync(new HrSends(TimeSpan.Zero, "terminated", 1, TimeSpan.Zero, ForCause: true));

        var log = world.Sandbox.Requests;
        var trips = log.Where(r => r is { Host: "graph", Batch: null })
            .Select(trip => log.Where(r => r.Batch == trip.RequestId).DefaultIfEmpty(trip))
            .Select(trip => trip.Select(r => $"{r.Method} {r.Path.Split('?')[0]}").ToList())
            .ToList();
        var revoked = trips.FindIndex(t => t.Exists(r => r.EndsWith("/revokeSignInSessions", StringComparison.Ordinal)));
        Assert.NotNull((await world.CaseAsync(Person.Lea, "1"))!.BlockedAt);
        var lea = $"/v1.0/users/{SmallTenant.IdOf(Person.Lea)}";
        string[] expected = ["GET", $"PATCH {lea}", $"POST {lea}/revokeSignInSessions"];
        Assert.Equal(
            expected,
            trips
                .Take(revoked + 1)
                .Select(t => t.TrueForAll(r => r.StartsWith("GET ", StringComparison.Ordinal)) ? "GET" : string.Join(", ", t))
        );
    }
}
