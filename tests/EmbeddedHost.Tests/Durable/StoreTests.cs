using EmbeddedHost.Durable;
using Testing;

namespace EmbeddedHost.Tests.Durable;

public sealed class StoreTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 6, 0, 0, TimeSpan.Zero);

    private readonly string _hub = DurableHost.NewHub();

    [Fact]
    public async Task What_does_not_fit_into_one_transaction_counts_only_once_the_instances_row_says_so()
    {
        var store = await StoreAsync();
        var first = await store.CommitAsync(New("a"), New("a"), [Event("1")], TestHost.Stop);
        // As if the process had ended between the rows and the instance's own: they are there and do not count.
        var big = new string('x', HistoryRows.InProperty * HistoryRows.Properties * 2);
        await Assert.ThrowsAsync<HubLostException>(() => store.CommitAsync(first with { ETag = new Azure.ETag("W/\"stale\"") }, first with { Commit = "2" }, [Event(big)], TestHost.Stop));
        Assert.Equal([Event("1")], (await store.LoadAsync("a", TestHost.Stop))!.History);
        // What comes then overwrites them.
        await store.CommitAsync(first, first with { Commit = "3" }, [Event("2"), Event("3")], TestHost.Stop);
        Assert.Equal([Event("1"), Event("2"), Event("3")], (await store.LoadAsync("a", TestHost.Stop))!.History);
    }

    [Fact]
    public async Task A_commit_whose_answer_got_lost_is_known_as_ones_own()
    {
        var store = await StoreAsync();
        var first = await store.CommitAsync(New("b"), New("b"), [Event("1")], TestHost.Stop);
        var again = await store.CommitAsync(New("b"), New("b"), [Event("1")], TestHost.Stop);
        var second = await store.CommitAsync(first, first with { Commit = "2" }, [Event("2")], TestHost.Stop);
        var repeated = await store.CommitAsync(first, first with { Commit = "2" }, [Event("2")], TestHost.Stop);
        Assert.Equal((first, second), (again, repeated));
        Assert.Equal([Event("1"), Event("2")], (await store.LoadAsync("b", TestHost.Stop))!.History);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(HubStore.MostRows + 20)]
    public async Task Beginning_anew_leaves_nothing_of_the_old_behind(int rows)
    {
        var store = await StoreAsync();
        var record = New("c");
        record = await store.CommitAsync(record, record, [Event("0")], TestHost.Stop);
        for (var n = 1; n < rows; n++)
            record = await store.CommitAsync(record, record with { Commit = $"{n}" }, [Event($"{n}")], TestHost.Stop);
        record = await store.CommitAsync(record, record with { Generation = 1, Commit = "anew" }, [Event("new")], TestHost.Stop);
        Assert.Equal([Event("new")], (await store.LoadAsync("c", TestHost.Stop))!.History);
        var left = new List<string>();
        await foreach (var row in azurite.Tables.GetTableClient(_hub + "EmbeddedHistory").QueryAsync<Azure.Data.Tables.TableEntity>(cancellationToken: TestHost.Stop))
            left.Add(row.RowKey);
        Assert.Equal(["00000001.00000000", Keys.InstanceRow], left);
    }

    [Fact]
    public async Task An_instance_that_is_there_already_is_told()
    {
        var store = await StoreAsync();
        await store.CommitAsync(New("d"), New("d"), [Event("1")], TestHost.Stop);
        var conflict = await Assert.ThrowsAsync<InstanceConflictException>(() => store.CommitAsync(New("d"), New("d") with { Commit = "other" }, [Event("2")], TestHost.Stop));
        Assert.Equal("1", conflict.Existing.Commit);
    }

    [Theory]
    [InlineData("plain-1_2.3:4@5~6", "plain-1_2.3:4@5~6")]
    [InlineData("ü%'=", "=00FC=0025=0027=003D")]
    public void Keys_escape_what_a_table_might_misread(string id, string key) => Assert.Equal(key, Keys.Escape(id));

    [Fact]
    public async Task Odd_ids_are_found_again()
    {
        var store = await StoreAsync();
        await store.CommitAsync(New("it's 100% ü"), New("it's 100% ü"), [Event("1")], TestHost.Stop);
        Assert.Equal("it's 100% ü", (await store.LoadAsync("it's 100% ü", TestHost.Stop))!.Record.Id);
    }

    private static InstanceRecord New(string id) => new() { Id = id, Name = "O", Execution = "e", Created = Now, Updated = Now, Commit = "1" };

    private static HistoryEvent Event(string data) => new(EventKind.EventRaised) { Name = "E", Data = data };

    private async Task<HubStore> StoreAsync()
    {
        var store = new HubStore(azurite.Tables, _hub);
        await store.PrepareAsync(TestHost.Stop);
        return store;
    }
}
