using System.Net;
using Azure;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Tests.Storage;
using Testing;
using static Compliance.Tests.Findings.Samples;

namespace Compliance.Tests.Findings;

public sealed class TableFindingStoreOnAzuriteTests(AzuriteFixture accounts) : TableFindingStoreTests(accounts);

public sealed class TableFindingStoreInMemoryTests(MemoryStorageFixture accounts) : TableFindingStoreTests(accounts);

public abstract class TableFindingStoreTests(StorageFixture accounts)
{
    private static readonly string[] Controls = ["CRED-001", "GAP-001"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_finding_comes_back_as_it_was_saved()
    {
        var store = Store();
        StoredFinding[] saved =
        [
            .. New("store-whole", App() with { Waiver = Waiver(40), Reason = "Ünïcode 𝒳 'quoted' \"text\"\n" }),
            .. New(
                "store-whole",
                Secret() with
                {
                    Owner = null,
                    Since = null,
                    Expires = DateTimeOffset.MaxValue,
                    Unknown = true,
                    ControlId = "GAP-001",
                }
            ),
            .. New("store-whole", App("bare", "") with { Expires = null })
                .Select(f =>
                    f with
                    {
                        Finding = f.Finding with
                        {
                            Status = FindingStatus.Resolved,
                            ResolvedAt = Day1.AddTicks(1),
                            Reopened = 3,
                            ChangedAt = DateTimeOffset.MinValue,
                        },
                    }
                ),
        ];

        Assert.Empty(await store.SaveAsync("store-whole", saved, Stop));

        var loaded = await store.LoadAsync("store-whole", Controls, Stop);
        Assert.Equal(saved.Select(f => f.Finding).OrderBy(f => f.Id), loaded.Values.Select(f => f.Finding).OrderBy(f => f.Id));
        Assert.All(loaded.Values, f => Assert.NotNull(f.ETag));
    }

    [Fact]
    public async Task Only_the_controls_and_the_tenant_asked_for_are_loaded()
    {
        var store = Store();
        await store.SaveAsync(
            "store-one",
            [.. New("store-one", App("a")), .. New("store-one", App("b") with { ControlId = "CRED-0011" })],
            Stop
        );
        await store.SaveAsync("store-on", New("store-on", App("c")), Stop);
        await store.SaveAsync("store-one1", New("store-one1", App("d")), Stop);

        Assert.Equal(["a"], (await store.LoadAsync("store-one", ["CRED-001"], Stop)).Values.Select(f => f.Finding.Detection.Subject.Id));
        Assert.Equal(["a", "b"], (await OpenAsync(store, "store-one")).Select(f => f.Detection.Subject.Id).Order());
        Assert.Equal(["d"], (await OpenAsync(store, "store-one1")).Select(f => f.Detection.Subject.Id));
    }

    [Fact]
    public async Task Open_and_waived_findings_are_listed_by_severity()
    {
        var store = Store();
        var findings = new[] { Severity.Low, Severity.Critical, Severity.Info, Severity.High }
            .SelectMany(s =>
                New(
                    "store-list",
                    App($"app-{s}", severity: s) with
                    {
                        ControlId = s < Severity.High ? "CRED-002" : "CRED-001",
                        Waiver = s == Severity.Low ? Waiver(40) : null,
                    }
                )
            )
            .Append(
                New("store-list", App("gone"))
                    .Select(f => f with { Finding = f.Finding with { Status = FindingStatus.Resolved, ResolvedAt = Day1 } })
                    .Single()
            );
        await store.SaveAsync("store-list", [.. findings], Stop);

        Assert.Equal(
            [
                (Severity.Critical, FindingStatus.Open),
                (Severity.High, FindingStatus.Open),
                (Severity.Low, FindingStatus.Waived),
                (Severity.Info, FindingStatus.Open),
            ],
            (await OpenAsync(store, "store-list")).Select(f => (f.Detection.Severity, f.Status))
        );
    }

    [Fact]
    public async Task A_finding_somebody_changed_meanwhile_is_returned_and_left_as_it_is()
    {
        var store = Store();
        await store.SaveAsync("store-race", Many("store-race", 150), Stop);
        var mine = (await store.LoadAsync("store-race", Controls, Stop)).Values.OrderBy(f => f.Finding.Id).ToList();
        var theirs = new[] { mine[3], mine[120] };
        await store.SaveAsync("store-race", [.. theirs.Select(f => With(f, "theirs"))], Stop);
        var alsoNew = Many("store-race", 151).Where(f => mine.All(m => m.Finding.Id != f.Finding.Id));

        var lost = await store.SaveAsync("store-race", [.. mine.Select(f => With(f, "mine")), .. alsoNew], Stop);

        Assert.Equal(theirs.Select(f => f.Finding.Id), lost);
        var after = (await store.LoadAsync("store-race", Controls, Stop)).Values.ToLookup(f => f.Finding.RunId, f => f.Finding.Id);
        Assert.Equal((2, 148, 1), (after["theirs"].Count(), after["mine"].Count(), after["run-1"].Count()));
    }

    [Fact]
    public async Task Of_two_runs_that_open_the_same_finding_one_loses()
    {
        var store = Store();
        var a = Many("store-twins", 120).Select(f => With(f, "a")).ToList();
        var b = Many("store-twins", 120).Select(f => With(f, "b")).ToList();

        var lost = await Task.WhenAll(store.SaveAsync("store-twins", a, Stop), Store().SaveAsync("store-twins", b, Stop));

        Assert.Equal(120, lost.Sum(l => l.Count));
        var kept = (await store.LoadAsync("store-twins", Controls, Stop)).Values.ToLookup(f => f.Finding.RunId);
        Assert.Equal((lost[1].Count, lost[0].Count), (kept["a"].Count(), kept["b"].Count()));
    }

    [Fact]
    public async Task A_finding_deleted_meanwhile_is_a_loser_and_does_not_stop_the_others()
    {
        var store = Store();
        await store.SaveAsync("store-deleted", Many("store-deleted", 3), Stop);
        var loaded = (await store.LoadAsync("store-deleted", Controls, Stop)).Values.OrderBy(f => f.Finding.Id).ToList();
        await accounts
            .Tables.GetTableClient(TableFindingStore.Table)
            .DeleteEntityAsync("store-deleted|cred-001", loaded[1].Finding.Id, cancellationToken: Stop);

        Assert.Equal([loaded[1].Finding.Id], await store.SaveAsync("store-deleted", [.. loaded.Select(f => With(f, "again"))], Stop));
    }

    [Fact]
    public async Task A_transaction_whose_answer_was_lost_is_saved_and_not_a_loser()
    {
        var (storage, faults) = Faults.On(accounts);
        var store = new TableFindingStore(storage);
        var lostOnce = false;
        faults.After = (request, _, answer) =>
        {
            if (lostOnce || !request.RequestUri!.AbsolutePath.EndsWith("$batch", StringComparison.Ordinal))
                return answer;
            lostOnce = true;
            throw new HttpRequestException("connection reset");
        };

        Assert.Empty(await store.SaveAsync("store-lost", Many("store-lost", 40), Stop));

        Assert.True(lostOnce);
        Assert.Equal(40, (await store.LoadAsync("store-lost", Controls, Stop)).Count);
    }

    [Fact]
    public async Task Storage_that_fails_in_the_middle_of_a_save_throws_and_the_next_save_ends_it()
    {
        var (storage, faults) = Faults.On(accounts);
        var store = new TableFindingStore(storage);
        // Two transactions are done before the others get their answer: a failure cancels those that are on their way, and then nothing may
        // be stored.
        var (begun, done) = (0, 0);
        var twoAreDone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        faults.HoldUntil = request => IsTransaction(request) && Interlocked.Increment(ref begun) > 2 ? twoAreDone.Task : Task.CompletedTask;
        faults.Before = (request, _) =>
            IsTransaction(request) && twoAreDone.Task.IsCompleted ? Faults.Answer(HttpStatusCode.ServiceUnavailable) : null;
        faults.After = (request, _, answer) =>
        {
            if (IsTransaction(request) && Interlocked.Increment(ref done) == 2)
                twoAreDone.SetResult();
            return answer;
        };
        var findings = Many("store-middle", 500);

        var error = await Assert.ThrowsAnyAsync<RequestFailedException>(() => store.SaveAsync("store-middle", findings, Stop));
        faults.Before = (_, _) => null;
        var half = (await store.LoadAsync("store-middle", Controls, Stop)).Count;
        var lost = await store.SaveAsync("store-middle", findings, Stop);

        Assert.Equal(503, error.Status);
        Assert.Equal(200, half);
        Assert.Empty(lost);
        Assert.Equal(500, (await store.LoadAsync("store-middle", Controls, Stop)).Count);

        static bool IsTransaction(HttpRequestMessage request) =>
            request.RequestUri!.AbsolutePath.EndsWith("$batch", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_list_that_is_cut_off_throws_instead_of_looking_shorter(bool garbled)
    {
        var (storage, faults) = Faults.On(accounts);
        var store = new TableFindingStore(storage);
        var tenant = $"store-cut-{garbled}";
        await store.SaveAsync(tenant, Many(tenant, 1_100), Stop);
        Assert.Equal(1_100, (await store.LoadAsync(tenant, Controls, Stop)).Count);
        faults.After = (request, _, answer) =>
            !request.RequestUri!.Query.Contains("NextRowKey", StringComparison.Ordinal) ? answer
            : garbled ? Cut(answer)
            : Faults.Answer(HttpStatusCode.InternalServerError);

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => store.LoadAsync(tenant, Controls, Stop));
        Assert.Equal(garbled, error.Message.StartsWith("table findings gave a page that is not whole: ", StringComparison.Ordinal));

        static HttpResponseMessage Cut(HttpResponseMessage answer)
        {
            answer.Content = new StringContent("""{"value":[{"PartitionKey":"store""", System.Text.Encoding.UTF8, "application/json");
            return answer;
        }
    }

    [Fact]
    public async Task Texts_at_their_longest_fit_the_table_a_hundred_at_a_time()
    {
        var store = Store();
        var worst = new string('é', FindingText.LongestText + 1);
        var findings = Enumerable
            .Range(0, 60)
            .SelectMany(i =>
                New(
                    "store-long",
                    App($"app-{i}") with
                    {
                        Reason = worst,
                        NextStep = worst,
                        Part = worst,
                        Owner = new(worst, worst, worst, worst),
                        Waiver = new(worst, worst, worst, Day1.AddDays(90)),
                    }
                )
            )
            .ToList();

        Assert.Empty(await store.SaveAsync("store-long", findings, Stop));

        Assert.Equal(
            findings.Select(f => f.Finding).OrderBy(f => f.Id),
            (await store.LoadAsync("store-long", Controls, Stop)).Values.Select(f => f.Finding).OrderBy(f => f.Id)
        );
    }

    [Theory]
    [InlineData("Severity", "Terrible")]
    [InlineData("Severity", "77")]
    [InlineData("Status", "9")]
    public async Task A_row_that_is_not_ours_is_named_and_not_skipped(string column, string value)
    {
        var tenant = $"store-foreign-{value.ToLowerInvariant()}";
        var table = await Faults.Storage(accounts).TableAsync(TableFindingStore.Table, Stop);
        var row = FindingRow.ToRow(New(tenant, App())[0].Finding);
        row[column] = value;
        await table.AddEntityAsync(row, Stop);

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => Store().LoadAsync(tenant, Controls, Stop));

        Assert.Contains($"row {tenant}|cred-001 / {row.RowKey}: column {column}", error.Message);
    }

    [Fact]
    public async Task A_row_another_tenant_left_in_the_partition_is_never_returned()
    {
        var table = await Faults.Storage(accounts).TableAsync(TableFindingStore.Table, Stop);
        var row = FindingRow.ToRow(New("store-mine", App())[0].Finding);
        row["Tenant"] = "store-theirs";
        await table.AddEntityAsync(row, Stop);

        Assert.Empty(await Store().LoadAsync("store-mine", Controls, Stop));
        Assert.Empty(await OpenAsync(Store(), "store-mine"));
    }

    [Fact]
    public async Task Nothing_is_written_when_a_finding_is_of_another_tenant_or_given_twice()
    {
        var mine = New("store-refuse", App())[0];

        await Assert.ThrowsAsync<ArgumentException>(() => Store().SaveAsync("store-refuse", [mine, New("store-other", App())[0]], Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => Store().SaveAsync("store-refuse", [mine, mine], Stop));

        Assert.Empty(await Store().LoadAsync("store-refuse", Controls, Stop));
    }

    private static async Task<List<Finding>> OpenAsync(TableFindingStore store, string tenant)
    {
        var open = new List<Finding>();
        await foreach (var finding in store.ListOpenAsync(tenant, Stop))
            open.Add(finding);
        return open;
    }

    private static StoredFinding With(StoredFinding stored, string run) => stored with { Finding = stored.Finding with { RunId = run } };

    private static List<StoredFinding> Many(string tenant, int count) =>
        New(tenant, [.. Enumerable.Range(0, count).Select(i => App($"app-{i}"))]);

    private static List<StoredFinding> New(string tenant, params Detection[] detections) =>
        [
            .. Reconciler
                .Reconcile(tenant, new Dictionary<string, StoredFinding>(), detections, Read(), Run(), Day1)
                .Changes.Select(c => c.Finding),
        ];

    private TableFindingStore Store() => new(Faults.Storage(accounts));
}
