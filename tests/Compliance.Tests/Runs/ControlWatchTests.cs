using System.Net;
using System.Text.Json;
using Azure;
using Compliance.Evidence;
using Compliance.Findings;
using Compliance.Runs;
using Compliance.State;
using Compliance.Tests.State;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace Compliance.Tests.Runs;

public sealed class ControlWatchOnAzuriteTests(AzuriteFixture accounts) : ControlWatchTests(accounts)
{
    // In memory a watch ends before the next begins: requests are answered at once.
    [Fact]
    public async Task Two_watches_at_once_do_no_harm()
    {
        var storage = Faults.Storage(Accounts);
        await Watch(storage, "watch-two").RunAsync(Stop);
        Time.Advance(TimeSpan.FromDays(3));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Watch(Faults.Storage(Accounts), "watch-two").RunAsync(Stop)));

        Assert.Equal([("ControlWatch", "overdue", FindingStatus.Open), ("CredentialRotationCheck", "overdue", FindingStatus.Open)],
            await FindingsAsync(storage, "watch-two"));
    }
}

public sealed class ControlWatchInMemoryTests(MemoryStorageFixture accounts) : ControlWatchTests(accounts);

public abstract class ControlWatchTests(StorageFixture accounts)
{
    private static readonly DateTimeOffset Start = new(2026, 12, 31, 23, 0, 0, TimeSpan.Zero);
    private static readonly ScheduledControl Daily = new("CredentialRotationCheck", TimeSpan.FromDays(1), TimeSpan.FromHours(2));

    protected StorageFixture Accounts => accounts;

    protected FakeTimeProvider Time { get; } = new(Start);

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_control_that_stops_running_opens_a_finding_and_its_next_run_resolves_it()
    {
        var (storage, faults) = Faults.On(accounts);
        var watch = Watch(storage, "watch-daily");
        var log = new TableRunLog(storage);

        await HourlyAsync(watch, 26);
        Assert.Empty(await FindingsAsync(storage, "watch-daily"));
        await HourlyAsync(watch, 2);
        Assert.Equal([("CredentialRotationCheck", "overdue", FindingStatus.Open)], await FindingsAsync(storage, "watch-daily"));
        await log.CompletedAsync("watch-daily", Daily.Name, new("r", Time.GetUtcNow()), complete: true, Stop);
        await HourlyAsync(watch, 2);

        Assert.Equal([("CredentialRotationCheck", "overdue", FindingStatus.Resolved)], await FindingsAsync(storage, "watch-daily"));
        Assert.Equal([(1L, 0L), (0L, 1L)], await EvidenceAsync("watch-daily/log/2027-01-0001.jsonl"));
        Assert.Equal(2, faults.Requests.Count(r => r.Contains("comp=appendblock", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_watch_that_stood_still_says_so_itself()
    {
        var storage = Faults.Storage(accounts);
        var watch = Watch(storage, "watch-self");

        await HourlyAsync(watch, 1);
        Time.Advance(TimeSpan.FromHours(3));
        await watch.RunAsync(Stop);
        Assert.Contains(("ControlWatch", "overdue", FindingStatus.Open), await FindingsAsync(storage, "watch-self"));
        Time.Advance(TimeSpan.FromHours(1));
        await watch.RunAsync(Stop);

        Assert.Contains(("ControlWatch", "overdue", FindingStatus.Resolved), await FindingsAsync(storage, "watch-self"));
    }

    [Fact]
    public async Task Evidence_that_could_not_be_written_is_written_by_the_next_watch()
    {
        var (storage, faults) = Faults.On(accounts);
        var watch = Watch(storage, "watch-owed");
        await HourlyAsync(watch, 27);
        faults.Before = (request, _) => request.RequestUri!.Query.Contains("comp=appendblock", StringComparison.Ordinal) ? Faults.Answer(HttpStatusCode.ServiceUnavailable) : null;

        await Assert.ThrowsAsync<RequestFailedException>(() => watch.RunAsync(Stop));
        faults.Before = (_, _) => null;
        Time.Advance(TimeSpan.FromHours(1));
        await HourlyAsync(watch, 2);

        Assert.Single(await EvidenceAsync("watch-owed/log/2027-01-0001.jsonl"));
        Assert.Equal([("CredentialRotationCheck", "overdue", FindingStatus.Open)], await FindingsAsync(storage, "watch-owed"));
    }

    [Fact]
    public async Task Runs_are_remembered_per_tenant_and_expecting_again_changes_nothing()
    {
        var log = new TableRunLog(Faults.Storage(accounts));
        await log.ExpectAsync("runs-a", "Check", Start, Stop);
        await log.ExpectAsync("runs-a", "Check", Start.AddDays(1), Stop);
        await log.CompletedAsync("runs-b", "Check", new("r9", Start), complete: true, Stop);

        await log.CompletedAsync("runs-a", "Check", new("r1", Start.AddTicks(1)), complete: false, Stop);

        Assert.Equal([new ControlRuns("Check", Start, new("r1", Start.AddTicks(1)), null)], (await log.LoadAsync("runs-a", Stop)).Values);
        Assert.Equal([new ControlRuns("Check", Start, new("r9", Start), Start)], (await log.LoadAsync("runs-b", Stop)).Values);
    }

    [Fact]
    public async Task Runs_that_end_at_once_leave_the_newest()
    {
        var log = new TableRunLog(Faults.Storage(accounts));

        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => log.CompletedAsync("runs-many", "Check", new($"r{i}", Start.AddMinutes(i)), complete: i % 2 == 0, Stop)));

        var known = (await log.LoadAsync("runs-many", Stop))["Check"];
        Assert.Equal((new RunStamp("r11", Start.AddMinutes(11)), Start.AddMinutes(10)), (known.LastRun, known.LastComplete));
    }

    private async Task HourlyAsync(ControlWatchHandler watch, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await watch.RunAsync(Stop);
            Time.Advance(TimeSpan.FromHours(1));
        }
    }

    private protected ControlWatchHandler Watch(StateStorage storage, string tenant) => new(
        new(tenant), [Daily], new TableRunLog(storage), new TableFindingStore(storage),
        new AppendBlobEvidenceLog(storage, Time, NullLogger<AppendBlobEvidenceLog>.Instance), Time,
        NullLogger<ControlWatchHandler>.Instance);

    private protected static async Task<List<(string Control, string Part, FindingStatus Status)>> FindingsAsync(
        StateStorage storage, string tenant) =>
        [.. (await new TableFindingStore(storage).LoadAsync(tenant, [RunWatch.Missed], Stop)).Values
            .Select(f => (f.Finding.Detection.Subject.Id, f.Finding.Detection.Part, f.Finding.Status)).Order()];

    private async Task<List<(long Opened, long Resolved)>> EvidenceAsync(string blob)
    {
        var log = accounts.EvidenceBlobs.GetBlobContainerClient(AppendBlobEvidenceLog.Container).GetBlobClient(blob);
        var text = (await log.DownloadContentAsync(Stop)).Value.Content.ToString();
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => JsonDocument.Parse(l).RootElement.GetProperty("counts"))
            .Select(c => (c.GetProperty("opened").GetInt64(), c.GetProperty("resolved").GetInt64()))];
    }
}
