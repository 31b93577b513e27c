using System.Text;
using Compliance.Findings;
using Compliance.Offboarding;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Intake;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Tests.Storage;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Testing;
using static Compliance.Tests.Offboarding.Intake.Hr;

namespace Compliance.Tests.Offboarding.Intake;

public sealed class LeaverWatchOnAzuriteTests(AzuriteFixture accounts) : LeaverWatchTests(accounts);

public sealed class LeaverWatchInMemoryTests(MemoryStorageFixture accounts) : LeaverWatchTests(accounts);

public abstract class LeaverWatchTests(StorageFixture accounts)
{
    private static readonly LeavingUser Ada = new("u-ada", "ada@x.example", "NW-1042", null);
    private static readonly LeavingUser Bob = new("u-bob", "bob@x.example", "NW-2", null);
    private static readonly LeavingUser Eve = new("u-eve", "eve@x.example", null, Now.AddTicks(-1));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_is_past_the_leave_date_and_can_sign_in_without_a_case_is_a_critical_finding()
    {
        var given = new Given(accounts, "watch-date");
        given.Users.All = [Eve, Ada with { LeavesAt = Now }, Bob with { LeavesAt = Now.AddDays(-30) }];
        await given.AcceptAsync(Terminated(employee: "nw-2"));

        await given.RunAsync();

        Assert.Equal(["LEAVE-001 Critical u-eve leave-date"], await given.FindingsAsync());
    }

    [Fact]
    public async Task Whoever_is_gone_from_the_roster_without_a_case_is_a_critical_finding()
    {
        var given = new Given(accounts, "watch-roster", roster: true);
        given.Users.All = [Ada, Bob, new("u-carl", "carl@x.example", " nw-3 ", null)];
        await given.RosterAsync("employeeId\nNW-1042\nNW-3");

        await given.RunAsync();

        Assert.Equal(["LEAVE-001 Critical u-bob roster"], await given.FindingsAsync());
        await given.RosterAsync("employeeId\nNW-1042\nNW-3\nNW-2");
        await given.RunAsync();
        Assert.Empty(await given.FindingsAsync());
    }

    [Theory]
    [InlineData(LeaverStage.Scheduled, true)]
    [InlineData(LeaverStage.Held, true)]
    [InlineData(LeaverStage.Clear, true)]
    [InlineData(LeaverStage.Cancelled, false)]
    [InlineData(LeaverStage.Closed, false)]
    [InlineData(LeaverStage.Restored, false)]
    public async Task A_case_covers_its_person_by_user_or_employee_id_until_it_is_over(LeaverStage stage, bool covers)
    {
        var given = new Given(accounts, $"watch-case-{stage}");
        var made = await given.AcceptAsync(Terminated(employee: "NW-9"));
        await given.Cases.ChangeAsync(given.Tenant, made.Id, c => c with { Stage = stage, UserId = "U-EVE" }, Stop);
        given.Users.All = [Eve];

        await given.RunAsync();

        Assert.Equal(covers ? [] : ["LEAVE-001 Critical u-eve leave-date"], await given.FindingsAsync());
    }

    [Theory]
    [InlineData("employeeId\n")]
    [InlineData("employee\nNW-1042")]
    [InlineData("employeeId\nNW-1\nNW-2")]
    [InlineData("employeeId,asOf\nNW-1,2026-11-22T05:59:59Z\nNW-2,\nNW-3,")]
    [InlineData("employeeId,asOf\nNW-1,2026-11-24T06:00:00Z\nNW-2,\nNW-3,")]
    [InlineData(null)]
    public async Task A_roster_that_is_not_believed_makes_nobody_a_leaver_and_resolves_nothing(string? text)
    {
        var given = new Given(accounts, $"watch-doubt-{Compliance.Text.CanonicalJson.Sha256Of(text ?? "")[..8]}", roster: true);
        given.Users.All = [Ada, Bob];
        await given.RosterAsync("employeeId\nNW-2\nNW-3\nNW-4\nNW-5\nNW-6");
        await given.RunAsync();
        Assert.Equal(["LEAVE-001 Critical u-ada roster"], await given.FindingsAsync());

        given.Users.All = [Bob with { EmployeeId = "NW-77" }];
        await given.RosterAsync(text);
        await given.RunAsync();

        Assert.Equal(["LEAVE-001 Critical u-ada roster", "LEAVE-002 High hr/roster "], await given.FindingsAsync());
        var doubt = (await given.OpenAsync()).Single(f => f.Detection.Source == "hr/roster").Detection;
        Texts.Offboarding.Expect("a roster that is not believed", text, doubt.Reason);
        Assert.True(doubt.Unknown);
        Assert.False(given.Runs.LastComplete);

        await given.RosterAsync("employeeId\nNW-77\nNW-3\nNW-4");
        await given.RunAsync();
        Assert.Empty(await given.FindingsAsync());
    }

    [Fact]
    public async Task Users_that_cannot_be_read_make_nobody_a_leaver_and_resolve_nothing()
    {
        var given = new Given(accounts, "watch-users", roster: true);
        given.Users.All = [Ada, Eve];
        await given.RosterAsync("employeeId\nNW-2");
        await given.RunAsync();
        given.Users.All = [Bob with { EmployeeId = "NW-77" }];
        given.Users.Problem = "403, refused";
        given.Time.Advance(TimeSpan.FromMinutes(1));

        await given.RunAsync();

        Assert.Equal(
            ["GAP-001 High graph/users ", "LEAVE-001 Critical u-ada roster", "LEAVE-001 Critical u-eve leave-date"],
            await given.FindingsAsync()
        );
        Assert.False(given.Runs.LastComplete);
        Assert.Equal("incomplete", given.Evidence.Records.Last().Outcome);
        (given.Users.Problem, given.Users.All) = (null, [Bob]);
        await given.RunAsync();
        Assert.Empty(await given.FindingsAsync());
        Assert.True(given.Runs.LastComplete);
    }

    [Fact]
    public async Task Silence_longer_than_the_heartbeat_is_a_finding_until_HR_is_heard_of()
    {
        var given = new Given(accounts, "watch-silence");
        await given.RunAsync();
        Assert.Equal(["LEAVE-002 High hr/heartbeat "], await given.FindingsAsync(silence: true));
        var silence = (await given.OpenAsync())[0].Detection;
        Texts.Offboarding.Expect("HR was never heard of", silence.Reason);
        Assert.True(silence.Unknown);

        await given.AcceptAsync(Terminated());
        given.Time.Advance(TimeSpan.FromHours(24));
        await given.RunAsync();
        Assert.Empty(await given.FindingsAsync(silence: true));

        given.Time.Advance(TimeSpan.FromTicks(1));
        await given.RunAsync();
        Assert.Equal(["LEAVE-002 High hr/heartbeat "], await given.FindingsAsync(silence: true));
    }

    [Fact]
    public async Task A_fresh_roster_is_a_sign_of_life()
    {
        var given = new Given(accounts, "watch-life", roster: true);
        await given.RosterAsync("employeeId\nNW-2");

        await given.RunAsync();

        Assert.Empty(await given.FindingsAsync(silence: true));
    }

    [Fact]
    public async Task A_refused_event_stands_until_it_came_again_or_90_days_and_a_sequence_used_twice_until_a_higher_one()
    {
        var given = new Given(accounts, "watch-refused");
        var bad = HrEventKeys.Create(Source, "NW-1042-2019-04-5");
        await given.Intake.RefusedAsync(new(["data: missing"], bad), "queue", Stop);
        await given.Intake.RefusedAsync(new(["no event"], "hr-unread-1"), "queue", Stop);
        var known = await given.AcceptAsync(Terminated(3));
        await given.AcceptAsync(Rescheduled(3, 8) with { Id = "twice" });
        given.Time.Advance(TimeSpan.FromDays(89));
        await given.RunAsync();
        Assert.Equal(
            [$"LEAVE-004 High {bad} ", "LEAVE-004 High hr-unread-1 ", $"LEAVE-004 High {known.Id} sequence-3"],
            await given.FindingsAsync()
        );

        await given.AcceptAsync(Rescheduled(5, 9));
        await given.RunAsync();
        Assert.Equal(["LEAVE-004 High hr-unread-1 "], await given.FindingsAsync());

        given.Time.Advance(TimeSpan.FromDays(1) + TimeSpan.FromTicks(1));
        await given.RunAsync();
        Assert.Empty(await given.FindingsAsync());
    }

    [Fact]
    public async Task A_run_leaves_one_evidence_record_and_names_nobody_in_it()
    {
        var given = new Given(accounts, "watch-evidence");
        given.Users.All = [Eve];

        await given.RunAsync();

        var record = Assert.Single(given.Evidence.Records);
        Assert.Equal(("offboarding.watch", "complete", 2L), (record.Action, record.Outcome, record.Counts["opened"]));
        Assert.DoesNotContain("eve", System.Text.Json.JsonSerializer.Serialize(record), StringComparison.Ordinal);
    }

    private sealed class Given
    {
        private readonly StorageFixture _accounts;
        private readonly TableFindingStore _findings;
        private readonly LeaverWatch _watch;

        public Given(StorageFixture accounts, string tenant, bool roster = false)
        {
            _accounts = accounts;
            Tenant = tenant.ToLowerInvariant();
            var storage = Faults.Storage(accounts);
            var id = new TenantId(Tenant);
            var policy = new FixedPolicy(new() { Sha256 = "ab", Roster = roster ? $"{Tenant}/roster.csv" : null });
            (Cases, _findings) = (new(storage), new(storage));
            Intake = Intakes.Create(storage, id, Evidence, policy, Time, new FakeLogCollector());
            var runs = new ScheduledRuns(Runs, _findings, Evidence, Time);
            var reads = new WatchReads(id, Users, new(storage), Cases, new(storage));
            _watch = new(id, policy, reads, _findings, runs, new FakeLogger<LeaverWatch>());
        }

        public string Tenant { get; }

        public FakeTimeProvider Time { get; } = new(Now);

        public UsersInMemory Users { get; } = new();

        public RunsInMemory Runs { get; } = new();

        public EvidenceInMemory Evidence { get; } = new();

        public TableLeaverCases Cases { get; }

        public LeaverIntake Intake { get; }

        public async Task<LeaverCase> AcceptAsync(HrEvent said) => (await Intake.AcceptAsync(said, "queue", "c", Stop)).Case;

        public Task<Reconciliation> RunAsync() => _watch.RunAsync(Stop);

        /// <summary>Written now by the test's clock, unless the text has a time of its own.</summary>
        public async Task RosterAsync(string? text)
        {
            var container = _accounts.Blobs.GetBlobContainerClient(Tenant);
            await container.CreateIfNotExistsAsync(cancellationToken: Stop);
            await container.DeleteBlobIfExistsAsync("roster.csv", cancellationToken: Stop);
            if (text is null)
                return;
            var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            if (!text.Contains("asOf", StringComparison.Ordinal))
                lines = [.. lines.Select((line, i) => i == 0 ? $"{line},asOf" : $"{line},{Time.GetUtcNow():O}")];
            await container.UploadBlobAsync("roster.csv", new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines))), Stop);
        }

        public Task<IReadOnlyList<Finding>> OpenAsync() => Hr.OpenAsync(_findings, Tenant);

        /// <summary>Open findings as text, by control and subject; those of the heartbeat only when asked for.</summary>
        public async Task<IReadOnlyList<string>> FindingsAsync(bool silence = false) =>
            [
                .. (await OpenAsync())
                    .Select(f => f.Detection)
                    .Where(d => silence || d.Source != "hr/heartbeat")
                    .Select(d => $"{d.ControlId} {d.Severity} {d.Subject.Id} {d.Part}")
                    .Order(StringComparer.Ordinal),
            ];
    }

    private sealed class UsersInMemory : ILeavingUsers
    {
        public IReadOnlyList<LeavingUser> All { get; set; } = [];

        public string? Problem { get; set; }

        public Task<LeavingUsers> ReadAsync(CancellationToken cancellationToken) =>
            Task.FromResult(new LeavingUsers(All, new SourceOutcome("graph/users", Problem is null, All.Count, Reason: Problem)));
    }

    private sealed class RunsInMemory : IRunLog
    {
        public bool LastComplete { get; private set; }

        public Task<IReadOnlyDictionary<string, ControlRuns>> LoadAsync(string tenantId, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task ExpectAsync(string tenantId, string control, DateTimeOffset now, CancellationToken cancellationToken) =>
            Task.CompletedTask;

        public Task CompletedAsync(string tenantId, string control, RunStamp run, bool complete, CancellationToken cancellationToken)
        {
            LastComplete = complete;
            return Task.CompletedTask;
        }
    }
}
