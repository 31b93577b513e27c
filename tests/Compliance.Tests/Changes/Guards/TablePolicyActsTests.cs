using Azure.Data.Tables;
using Compliance.Changes.Guards;
using Compliance.Policies;
using Compliance.Storage;
using Testing;

namespace Compliance.Tests.Changes.Guards;

public sealed class TablePolicyActsOnAzuriteTests(AzuriteFixture accounts) : TablePolicyActsTests(accounts);

public sealed class TablePolicyActsInMemoryTests(MemoryStorageFixture accounts) : TablePolicyActsTests(accounts);

/// <summary>
/// Under which policy files something was done, on real tables: the first act of a new or changed policy asks two people, so forgetting or
/// inventing one matters.
/// </summary>
public abstract class TablePolicyActsTests(StorageFixture accounts)
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly string Policy = PolicyText.Sha256Of("version: 1\n");
    private static int _tenants;

    // A tenant of its own each test: they share the table.
    private readonly string _tenant = $"acts-{Environment.ProcessId}-{Interlocked.Increment(ref _tenants)}";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private StateStorage Storage => Tests.Storage.Faults.Storage(accounts);

    private TablePolicyActs Acts => new(Storage);

    [Fact]
    public async Task The_first_act_under_a_policy_is_the_first_until_something_was_done_under_it()
    {
        Assert.True(await Acts.IsFirstAsync(_tenant, Policy, Stop));
        // Asking is not doing.
        Assert.True(await Acts.IsFirstAsync(_tenant, Policy, Stop));

        await Acts.ActedAsync(_tenant, Policy, "case-1", At, Stop);

        Assert.False(await Acts.IsFirstAsync(_tenant, Policy, Stop));
    }

    [Fact]
    public async Task A_changed_policy_is_a_new_one_and_the_old_one_put_back_is_known()
    {
        var changed = PolicyText.Sha256Of("version: 1 \n");
        await Acts.ActedAsync(_tenant, Policy, "case-1", At, Stop);

        Assert.True(await Acts.IsFirstAsync(_tenant, changed, Stop));
        await Acts.ActedAsync(_tenant, changed, "case-2", At, Stop);
        Assert.False(await Acts.IsFirstAsync(_tenant, changed, Stop));
        Assert.False(await Acts.IsFirstAsync(_tenant, Policy, Stop));
    }

    [Fact]
    public async Task Another_tenant_has_done_nothing_under_it()
    {
        await Acts.ActedAsync(_tenant, Policy, "case-1", At, Stop);

        Assert.True(await Acts.IsFirstAsync($"{_tenant}-other", Policy, Stop));
    }

    [Fact]
    public async Task Told_again_the_first_case_and_its_time_stay()
    {
        await Acts.ActedAsync(_tenant, Policy, "case-1", At, Stop);
        await Acts.ActedAsync(_tenant, Policy, "case-1", At.AddMinutes(1), Stop);
        await Acts.ActedAsync(_tenant, Policy, "case-2", At.AddMinutes(2), Stop);

        Assert.Equal([("case-1", At)], await RowsAsync());
    }

    [Fact]
    public async Task Of_many_at_once_in_storages_of_their_own_one_is_kept_and_none_fails()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Acts.ActedAsync(_tenant, Policy, $"case-{i}", At.AddMinutes(i), Stop)));

        var (caseId, at) = Assert.Single(await RowsAsync());
        Assert.Equal($"case-{(at - At).TotalMinutes:0}", caseId);
        Assert.False(await Acts.IsFirstAsync(_tenant, Policy, Stop));
    }

    [Fact]
    public async Task Ids_count_without_regard_to_case()
    {
        await Acts.ActedAsync(_tenant.ToUpperInvariant(), Policy.ToUpperInvariant(), "case-1", At, Stop);

        Assert.False(await Acts.IsFirstAsync(_tenant, Policy, Stop));
    }

    [Theory]
    [InlineData("", "a")]
    [InlineData("t/other", "a")]
    [InlineData("t", "")]
    [InlineData("t", "a' or 'x' eq 'x")]
    public async Task What_is_no_id_is_refused(string tenant, string policy)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Acts.IsFirstAsync(tenant, policy, Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => Acts.ActedAsync(tenant, policy, "case-1", At, Stop));
    }

    private async Task<List<(string CaseId, DateTimeOffset At)>> RowsAsync()
    {
        var rows = new List<(string, DateTimeOffset)>();
        var table = await Storage.TableAsync(TablePolicyActs.Table, Stop);
        await foreach (
            var row in table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {_tenant}"), cancellationToken: Stop)
        )
            rows.Add((row.GetString("CaseId"), row.GetDateTimeOffset("At")!.Value));
        return rows;
    }
}
