using Compliance.Runs;

namespace Compliance.Tests.Runs;

public sealed class EachTests
{
    [Fact]
    public async Task What_fails_for_one_is_kept_until_the_others_were_done()
    {
        var done = new List<int>();

        var failed = await Assert.ThrowsAsync<AggregateException>(() =>
            Each.RunAsync(
                [1, 2, 3],
                n =>
                {
                    done.Add(n);
                    return n == 1 ? throw new InvalidOperationException("one") : Task.CompletedTask;
                },
                TestContext.Current.CancellationToken
            )
        );

        Assert.Equal([1, 2, 3], done);
        Assert.Equal(["one"], failed.InnerExceptions.Select(e => e.Message));
    }
}
