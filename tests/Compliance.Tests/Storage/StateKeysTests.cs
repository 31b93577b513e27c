using Azure.Data.Tables;
using Compliance.Findings;
using Compliance.Storage;
using Testing;

namespace Compliance.Tests.Storage;

public sealed class StateKeysTests(MemoryStorageFixture accounts)
{
    private const string Rule = "may hold letters, digits, '.', '-' and '_' only, 1 to 200 of them (Parameter 'key')";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("A", "a")]
    [InlineData("CRED-001", "cred-001")]
    [InlineData(".a_b.", ".a_b.")]
    public void A_key_is_kept_in_lower_case(string key, string kept) => Assert.Equal(kept, StateKeys.Safe(key, "a key"));

    [Fact]
    public void A_key_may_have_200_characters() => Assert.Equal(200, StateKeys.Safe(new string('a', 200), "a key").Length);

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("...")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("a|b")]
    public void A_key_that_could_be_read_as_something_else_is_refused(string key) =>
        Assert.Equal($"a key {Rule}", Refusal(() => StateKeys.Safe(key, "a key")));

    [Fact]
    public void A_key_of_201_characters_is_refused() =>
        Assert.Equal($"a key {Rule}", Refusal(() => StateKeys.Safe(new string('a', 201), "a key")));

    [Fact]
    public void A_refused_part_of_a_findings_partition_is_named()
    {
        Assert.Equal($"a control id {Rule}", Refusal(() => FindingRow.Partition("t", "a|b")));
        Assert.Equal($"a tenant id {Rule}", Refusal(() => FindingRow.Prefix("a|b")));
        Assert.Equal($"a tenant id {Rule}", Refusal(() => FindingRow.PrefixEnd("a|b")));
    }

    [Fact]
    public void A_tenants_partitions_lie_between_its_prefix_and_the_end() =>
        Assert.Equal(
            ("t-1|cred-001", "t-1|", "t-1}"),
            (FindingRow.Partition("T-1", "CRED-001"), FindingRow.Prefix("T-1"), FindingRow.PrefixEnd("T-1"))
        );

    [Fact]
    public async Task A_refused_part_of_a_known_subscriptions_key_is_named()
    {
        var known = new TableKnownSubscriptions(Faults.Storage(accounts));

        var seen = new Dictionary<string, string> { ["a/b"] = "x" };

        Assert.Equal($"a tenant id {Rule}", await RefusalAsync(() => known.LoadAsync("a|b", Stop)));
        Assert.Equal($"a tenant id {Rule}", await RefusalAsync(() => known.UpdateAsync("a|b", seen, [], Stop)));
        Assert.Equal($"a subscription id {Rule}", await RefusalAsync(() => known.UpdateAsync("keys", seen, [], Stop)));
    }

    [Fact]
    public async Task A_subscription_that_is_kept_without_a_name_has_an_empty_one()
    {
        var storage = Faults.Storage(accounts);
        var table = await storage.TableAsync(TableKnownSubscriptions.Table, Stop);
        await table.UpsertEntityAsync(new TableEntity("unnamed", "s1"), cancellationToken: Stop);

        Assert.Equal([new("s1", "")], await new TableKnownSubscriptions(storage).LoadAsync("unnamed", Stop));
    }

    private static async Task<string> RefusalAsync(Func<Task> use) => (await Assert.ThrowsAsync<ArgumentException>(use)).Message;

    private static string Refusal(Func<object?> use) => Assert.Throws<ArgumentException>(use).Message;
}
