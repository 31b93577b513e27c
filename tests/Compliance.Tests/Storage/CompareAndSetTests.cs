using Azure;
using Compliance.Storage;

namespace Compliance.Tests.Storage;

public sealed class CompareAndSetTests
{
    [Theory]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(412)]
    public async Task A_lost_race_is_read_and_tried_again(int status)
    {
        var calls = await CallsAsync(maxRaces: 3, status, lost: 3);

        Assert.Equal(["read 0", "write", "read 1", "write", "read 2", "write", "read 3", "write"], calls);
    }

    [Fact]
    public async Task One_race_more_than_allowed_throws()
    {
        var calls = new List<string>();

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => RunAsync(calls, maxRaces: 3, 412, lost: 4));

        Assert.Equal((412, 8), (error.Status, calls.Count));
    }

    [Fact]
    public async Task A_failure_that_is_no_race_throws_at_once()
    {
        var calls = new List<string>();

        await Assert.ThrowsAsync<RequestFailedException>(() => RunAsync(calls, maxRaces: 3, 503, lost: 1));

        Assert.Equal(["read 0", "write"], calls);
    }

    [Fact]
    public async Task A_read_that_fails_is_no_lost_race()
    {
        var reads = 0;

        await Assert.ThrowsAsync<RequestFailedException>(() =>
            CompareAndSet.RunAsync(
                3,
                _ =>
                {
                    reads++;
                    throw new RequestFailedException(412, "the read failed");
                }
            )
        );

        Assert.Equal(1, reads);
    }

    [Fact]
    public async Task Nothing_is_written_where_nothing_is_left_to_write()
    {
        var reads = 0;

        await CompareAndSet.RunAsync(
            3,
            _ =>
            {
                reads++;
                return Task.FromResult<Func<Task>?>(null);
            }
        );

        Assert.Equal(1, reads);
    }

    private static async Task<IReadOnlyList<string>> CallsAsync(int maxRaces, int status, int lost)
    {
        var calls = new List<string>();
        await RunAsync(calls, maxRaces, status, lost);
        return calls;
    }

    private static Task RunAsync(List<string> calls, int maxRaces, int status, int lost) =>
        CompareAndSet.RunAsync(
            maxRaces,
            races =>
            {
                calls.Add($"read {races}");
                return Task.FromResult<Func<Task>?>(() =>
                {
                    calls.Add("write");
                    return lost-- > 0 ? throw new RequestFailedException(status, "another writer was faster") : Task.CompletedTask;
                });
            }
        );
}
