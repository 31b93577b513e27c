using System.Net;
using System.Text.Json;
using Azure;
using Compliance.Findings;
using Compliance.Ledger.Append;
using Compliance.Policies;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Tests.Storage;
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

        Assert.Equal(
            [("ControlWatch", "overdue", FindingStatus.Open), ("CredentialRotationCheck", "overdue", FindingStatus.Open)],
            await FindingsAsync(storage, "watch-two")
        );
    }

    [Fact]
    public async Task A_poison_queue_that_cannot_be_read_is_unknown_resolves_nothing_and_hides_nothing_else()
    {
        var (storage, faults) = Faults.On(Accounts);
        var watch = Watch(storage, "watch-unread", "watch-unread");
        var poison = Accounts.Queues.GetQueueClient("watch-unread-poison");
        await poison.CreateAsync(cancellationToken: Stop);
        await poison.SendMessageAsync("first", Stop);
        await watch.RunAsync(Stop);
        Time.Advance(TimeSpan.FromDays(2));
        await poison.ClearMessagesAsync(Stop);
        faults.Before = (request, _) =>
            request.RequestUri!.AbsolutePath.Contains("watch-unread-poison", StringComparison.Ordinal)
                ? Faults.Answer(HttpStatusCode.Forbidden)
                : null;

        await HourlyAsync(watch, 3);

        var found = await LeftAsync(storage, "watch-unread");
        Assert.Equal(
            [("", false, FindingStatus.Open), ("unread", true, FindingStatus.Open)],
            found.Select(f => (f.Detection.Part, f.Detection.Unknown, f.Status))
        );
        Texts.Runs.Expect(
            "a poison queue that could not be read",
            [found[1].Detection.Reason, found[1].Detection.NextStep]
        );
        Assert.Contains(("CredentialRotationCheck", "overdue", FindingStatus.Open), await FindingsAsync(storage, "watch-unread"));
        // The watch stood still and then read too little, and says both; the third run has nothing new to say.
        Assert.Equal([(3L, 0L), (1L, 1L)], await EvidenceAsync("watch-unread/log/2027-01-0001.jsonl"));

        faults.Before = (_, _) => null;
        await watch.RunAsync(Stop);
        Assert.All(await LeftAsync(storage, "watch-unread"), f => Assert.Equal(FindingStatus.Resolved, f.Status));
    }

    [Fact]
    public async Task A_message_that_cannot_be_looked_at_or_kept_is_no_silence()
    {
        var (storage, faults) = Faults.On(Accounts);
        var watch = Watch(storage, "watch-keep", "watch-keep");
        var poison = Accounts.Queues.GetQueueClient("watch-keep-poison");
        await poison.CreateAsync(cancellationToken: Stop);
        var sent = (await poison.SendMessageAsync("first", Stop)).Value;
        bool IsPeek(HttpRequestMessage r) => r.RequestUri!.Query.Contains("peekonly", StringComparison.Ordinal);
        bool IsSend(HttpRequestMessage r) =>
            r.Method == HttpMethod.Post && r.RequestUri!.AbsolutePath.EndsWith("/watch-keep-poison/messages", StringComparison.Ordinal);
        faults.Before = (request, _) => IsPeek(request) ? Faults.Answer(HttpStatusCode.BadRequest) : null;

        await watch.RunAsync(Stop);
        Assert.Equal([("unread", true)], (await LeftAsync(storage, "watch-keep")).Select(f => (f.Detection.Part, f.Detection.Unknown)));

        faults.Before = (request, _) => IsSend(request) ? Faults.Answer(HttpStatusCode.Forbidden) : null;
        Time.Advance(TimeSpan.FromHours(1));
        await watch.RunAsync(Stop);
        Texts.Runs.Expect(
            "a message that will be deleted",
            Assert
                .Single(await LeftAsync(storage, "watch-keep"), f => f.Detection.Part.Length == 0)
                .Detection.Reason.Replace($" {Minute(sent.InsertionTime)}", " SENT", StringComparison.Ordinal)
                .Replace($" {Minute(sent.ExpirationTime)}", " DELETED", StringComparison.Ordinal)
        );
    }
}

public sealed class ControlWatchInMemoryTests(MemoryStorageFixture accounts) : ControlWatchTests(accounts);

public abstract class ControlWatchTests(StorageFixture accounts)
{
    private static readonly DateTimeOffset Start = new(2026, 12, 31, 23, 0, 0, TimeSpan.Zero);
    private static readonly ScheduledControl Daily = new("CredentialRotationCheck", TimeSpan.FromDays(1), TimeSpan.FromHours(2));

    protected StorageFixture Accounts => accounts;

    protected FakeTimeProvider Time { get; } = new(Start);

    // As a reason has it: these are times of the real clock.
    protected static string Minute(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", System.Globalization.CultureInfo.InvariantCulture);

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
    public async Task A_policy_that_cannot_be_used_any_more_is_a_finding_of_the_next_watch_until_it_can()
    {
        var storage = Faults.Storage(accounts);
        Exception? wrong = null;
        var watch = Watch(
            storage,
            "watch-policy",
            policies: [new("offboarding", _ => Load()), new("credential", _ => { })]
        );
        void Load()
        {
            if (wrong is not null)
                throw wrong;
        }

        await HourlyAsync(watch, 1);
        Assert.Empty(await FindingsAsync(storage, "watch-policy"));

        wrong = new PolicyException([new("offboarding.yaml", 7, 3, "caps: unknown setting")]);
        await HourlyAsync(watch, 1);
        Assert.Equal([("policy/offboarding", "policy", FindingStatus.Open)], await FindingsAsync(storage, "watch-policy"));
        wrong = new FileNotFoundException("the file is gone");
        await HourlyAsync(watch, 1);
        Assert.Equal([("policy/offboarding", "policy", FindingStatus.Open)], await FindingsAsync(storage, "watch-policy"));

        wrong = null;
        await HourlyAsync(watch, 1);
        Assert.Equal([("policy/offboarding", "policy", FindingStatus.Resolved)], await FindingsAsync(storage, "watch-policy"));
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
        faults.Before = (request, _) =>
            request.RequestUri!.Query.Contains("comp=appendblock", StringComparison.Ordinal)
                ? Faults.Answer(HttpStatusCode.ServiceUnavailable)
                : null;

        await Assert.ThrowsAsync<RequestFailedException>(() => watch.RunAsync(Stop));
        faults.Before = (_, _) => null;
        Time.Advance(TimeSpan.FromHours(1));
        await HourlyAsync(watch, 2);

        Assert.Single(await EvidenceAsync("watch-owed/log/2027-01-0001.jsonl"));
        Assert.Equal([("CredentialRotationCheck", "overdue", FindingStatus.Open)], await FindingsAsync(storage, "watch-owed"));
    }

    [Fact]
    public async Task What_lies_in_a_poison_queue_is_a_finding_until_it_is_put_back_and_storage_does_not_delete_it()
    {
        var storage = Faults.Storage(accounts);
        var watch = Watch(storage, "watch-poison", "watch-poison");
        var poison = accounts.Queues.GetQueueClient("watch-poison-poison");
        await watch.RunAsync(Stop);
        Assert.Empty(await LeftAsync(storage, "watch-poison"));
        await poison.CreateAsync(cancellationToken: Stop);
        // As the host puts it: it would be deleted after seven days.
        var since = (await poison.SendMessageAsync("first", Stop)).Value.InsertionTime;
        await poison.SendMessageAsync("second", Stop);

        await HourlyAsync(watch, 3);

        var open = Assert.Single(await LeftAsync(storage, "watch-poison"));
        Assert.Equal(
            (FindingStatus.Open, "RUN-002", new Subject("queue", "watch-poison-poison", "watch-poison-poison"), "", false, since, Start),
            (
                open.Status,
                open.Detection.ControlId,
                open.Detection.Subject,
                open.Detection.Part,
                open.Detection.Unknown,
                open.Detection.Since,
                open.ChangedAt
            )
        );
        Texts.Runs.Expect(
            "messages that could not be processed",
            open.Detection.Reason.Replace($" {Minute(since)}", " SENT", StringComparison.Ordinal)
        );
        var kept = (await poison.PeekMessagesAsync(10, Stop)).Value;
        Assert.Equal([("first", 9999), ("second", 9999)], kept.Select(m => (m.Body.ToString(), m.ExpiresOn!.Value.Year)).Order());
        Assert.Equal([(1L, 0L)], await EvidenceAsync("watch-poison/log/2026-12-0001.jsonl"));

        await poison.ClearMessagesAsync(Stop);
        await watch.RunAsync(Stop);
        Assert.Equal(FindingStatus.Resolved, Assert.Single(await LeftAsync(storage, "watch-poison")).Status);
    }

    [Fact]
    public async Task A_message_behind_many_that_stay_is_kept_too()
    {
        var poison = accounts.Queues.GetQueueClient("watch-behind-poison");
        await poison.CreateAsync(cancellationToken: Stop);
        for (var i = 0; i < 33; i++)
            await poison.SendMessageAsync("stays", timeToLive: QueueMove.NeverExpires, cancellationToken: Stop);
        await poison.SendMessageAsync("behind", Stop);

        await Watch(Faults.Storage(accounts), "watch-behind", "watch-behind").RunAsync(Stop);

        // The others are held while they are looked at.
        var seen = (await poison.PeekMessagesAsync(32, Stop)).Value;
        Assert.Equal(9999, Assert.Single(seen, m => m.Body.ToString() == "behind").ExpiresOn!.Value.Year);
        Assert.Equal(34, (await poison.GetPropertiesAsync(Stop)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task What_Event_Grid_could_not_deliver_is_a_finding_and_a_container_that_is_not_there_is_unknown()
    {
        var storage = Faults.Storage(accounts);
        var watch = Watch(storage, "watch-dead", deadLetters: "watch-dead-letters");
        var container = accounts.Blobs.GetBlobContainerClient("watch-dead-letters");
        await watch.RunAsync(Stop);
        var unread = Assert.Single(await LeftAsync(storage, "watch-dead"));
        Assert.True(unread.Detection.Unknown);
        Texts.Runs.Expect("a container of events that is not there", [unread.Detection.Reason, unread.Detection.NextStep]);

        await container.CreateAsync(cancellationToken: Stop);
        var blob = container.GetBlobClient("HR/2026/11/23/6/1.json");
        var since = (await blob.UploadAsync(new BinaryData("[]"), Stop)).Value.LastModified;
        Time.Advance(TimeSpan.FromHours(1));
        await watch.RunAsync(Stop);
        var open = Assert.Single(await LeftAsync(storage, "watch-dead"), f => f.Status == FindingStatus.Open);
        Texts.Runs.Expect(
            "an event that could not be delivered",
            open.Detection.Reason.Replace($" {Minute(since)}", " SENT", StringComparison.Ordinal)
        );
        Assert.Contains(
            "`./scripts/compliance queue put-back-dead-letters watch-dead-letters",
            open.Detection.NextStep,
            StringComparison.Ordinal
        );

        await blob.DeleteAsync(cancellationToken: Stop);
        Time.Advance(TimeSpan.FromHours(1));
        await watch.RunAsync(Stop);
        Assert.All(await LeftAsync(storage, "watch-dead"), f => Assert.Equal(FindingStatus.Resolved, f.Status));
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

        await Task.WhenAll(
            Enumerable
                .Range(0, 12)
                .Select(i => log.CompletedAsync("runs-many", "Check", new($"r{i}", Start.AddMinutes(i)), complete: i % 2 == 0, Stop))
        );

        var known = (await log.LoadAsync("runs-many", Stop))["Check"];
        Assert.Equal((new RunStamp("r11", Start.AddMinutes(11)), Start.AddMinutes(10)), (known.LastRun, known.LastComplete));
    }

    private protected async Task HourlyAsync(ControlWatchHandler watch, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await watch.RunAsync(Stop);
            Time.Advance(TimeSpan.FromHours(1));
        }
    }

    private protected ControlWatchHandler Watch(
        StateStorage storage,
        string tenant,
        string? queue = null,
        string? deadLetters = null,
        WatchedPolicy[]? policies = null
    ) =>
        new(
            new(tenant),
            [Daily],
            policies ?? [],
            new LeftMessageReader(storage, queue is null ? [] : [new(queue)], new(deadLetters), NullLogger<LeftMessageReader>.Instance),
            new TableRunLog(storage),
            new ScheduledRuns(
                new TableRunLog(storage),
                new TableFindingStore(storage),
                new AppendBlobEvidenceLog(storage, Time, NullLogger<AppendBlobEvidenceLog>.Instance),
                Time
            ),
            NullLogger<ControlWatchHandler>.Instance
        );

    private protected static async Task<List<(string Control, string Part, FindingStatus Status)>> FindingsAsync(
        StateStorage storage,
        string tenant
    ) =>
        [
            .. (await new TableFindingStore(storage).LoadAsync(tenant, [RunWatch.Missed], Stop))
                .Values.Select(f => (f.Finding.Detection.Subject.Id, f.Finding.Detection.Part, f.Finding.Status))
                .Order(),
        ];

    private protected static async Task<List<Finding>> LeftAsync(StateStorage storage, string tenant) =>
        [
            .. (await new TableFindingStore(storage).LoadAsync(tenant, [UnprocessedMessages.Left], Stop))
                .Values.Select(f => f.Finding)
                .OrderBy(f => f.Detection.Part, StringComparer.Ordinal),
        ];

    private protected async Task<List<(long Opened, long Resolved)>> EvidenceAsync(string blob)
    {
        var log = accounts.EvidenceBlobs.GetBlobContainerClient(AppendBlobEvidenceLog.Container).GetBlobClient(blob);
        var text = (await log.DownloadContentAsync(Stop)).Value.Content.ToString();
        return
        [
            .. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(l => JsonDocument.Parse(l).RootElement.GetProperty("counts"))
                .Select(c => (c.GetProperty("opened").GetInt64(), c.GetProperty("resolved").GetInt64())),
        ];
    }
}
