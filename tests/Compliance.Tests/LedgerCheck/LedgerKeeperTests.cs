using System.Text;
using System.Text.RegularExpressions;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Ledger.Checkpoints;
using Compliance.Ledger.Format;
using Compliance.LedgerCheck;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Tests.Ledger.Checkpoints;
using Compliance.Tests.Storage;
using Microsoft.Extensions.Logging.Testing;
using Testing;
using static Compliance.Tests.Ledger.Checkpoints.Ledgers;

namespace Compliance.Tests.LedgerCheck;

public sealed class LedgerKeeperOnAzuriteTests(AzuriteFixture accounts) : LedgerKeeperTests(accounts);

public sealed class LedgerKeeperInMemoryTests(MemoryStorageFixture accounts) : LedgerKeeperTests(accounts);

public abstract class LedgerKeeperTests(StorageFixture accounts)
{
    private readonly Ledgers _ledger = new(accounts);
    private readonly FakeLogCollector _log = new();
    private readonly FakeWriteOnce _writeOnce = new();
    private readonly List<ICheckpointCopy> _copies = [];

    [Fact]
    public async Task The_hourly_run_signs_what_is_new_and_is_remembered_as_complete()
    {
        await _ledger.AppendAsync(Lines(0, 5));

        await Keeper().CheckpointAsync(Stop);

        Assert.Equal(5, _ledger.Trust(await _ledger.ReadAsync(LedgerLayout.Head)).Size);
        Assert.Equal(_ledger.Time.GetUtcNow(), (await RunsAsync())[LedgerKeeper.CheckpointName].LastComplete);
        Assert.Empty(await OpenAsync());
    }

    [Fact]
    public async Task After_a_plan_a_checkpoint_covers_its_evidence_and_those_that_wait_share_one()
    {
        var keeper = Keeper();
        await _ledger.AppendAsync(Lines(0, 5));

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => keeper.AfterPlanAsync($"plan-{i}", Stop)));

        Assert.Equal(5, _ledger.Trust(await _ledger.ReadAsync(LedgerLayout.Head)).Size);
        // One that runs and one that begins after it.
        Assert.InRange(
            _ledger.Faults.Requests.Count(r =>
                r.Contains("prefix=" + _ledger.Tenant + "%2Fcheckpoints", StringComparison.OrdinalIgnoreCase)
            ),
            1,
            2
        );
    }

    [Fact]
    public async Task A_checkpoint_that_fails_after_a_plan_does_not_fail_the_plan_and_is_logged()
    {
        await _ledger.AppendAsync(Lines(0, 5));
        _ledger.Faults.Before = (r, _) =>
            r.RequestUri!.AbsolutePath.Contains("/ledger", StringComparison.Ordinal)
                ? Faults.Answer(System.Net.HttpStatusCode.Forbidden)
                : null;
        var keeper = Keeper();

        await keeper.AfterPlanAsync("plan-1", Stop);

        Assert.Contains("plan-1", _log.LatestRecord.Message, StringComparison.Ordinal);
        Texts.LedgerCheck.Expect(
            "the log's line of a checkpoint that fails after a plan",
            Regex.Replace(_log.LatestRecord.Message, " at [^ ]+ ", " at ADDRESS ")
        );
        _ledger.Faults.Before = (_, _) => null;
        await keeper.CheckpointAsync(Stop);
        Assert.Equal(5, _ledger.Trust(await _ledger.ReadAsync(LedgerLayout.Head)).Size);
    }

    [Fact]
    public async Task A_ledger_that_is_not_what_was_signed_is_a_critical_finding_of_the_hour_and_after_a_plan()
    {
        await _ledger.AppendAsync(Lines(0, 5));
        var keeper = Keeper();
        await keeper.CheckpointAsync(Stop);
        await _ledger.ReplaceLogAsync("x\n");

        await keeper.AfterPlanAsync("plan-1", Stop);
        var found = Assert.Single(await OpenAsync());
        _ledger.Time.Advance(TimeSpan.FromHours(1));
        await keeper.CheckpointAsync(Stop);

        Assert.Equal(found, Assert.Single(await OpenAsync()));
        Assert.Equal((LedgerControls.DoesNotVerify, Severity.Critical), (found.Detection.ControlId, found.Detection.Severity));
        Texts.LedgerCheck.Expect("records are gone", found.Detection.Reason);
        Assert.Equal(_ledger.Time.GetUtcNow() - TimeSpan.FromHours(1), (await RunsAsync())[LedgerKeeper.CheckpointName].LastComplete);
    }

    [Fact]
    public async Task A_key_that_cannot_be_had_is_an_unknown_until_it_signs_again()
    {
        await _ledger.AppendAsync(Lines(0, 5));
        _ledger.Key.Broken = new CheckpointKeyException("the vault is closed", "open it");
        var keeper = Keeper();

        await keeper.CheckpointAsync(Stop);

        var found = Assert.Single(await OpenAsync());
        Assert.Equal(
            (LedgerControls.NotChecked, true, "open it"),
            (found.Detection.ControlId, found.Detection.Unknown, found.Detection.NextStep)
        );
        Texts.LedgerCheck.Expect("a key that cannot be had", found.Detection.Reason);
        Assert.Null((await RunsAsync())[LedgerKeeper.CheckpointName].LastComplete);
        _ledger.Key.Broken = null;
        _ledger.Time.Advance(TimeSpan.FromHours(1));
        await keeper.CheckpointAsync(Stop);
        Assert.Empty(await OpenAsync());
    }

    [Fact]
    public async Task The_daily_check_of_a_good_ledger_leaves_evidence_and_the_measure_of_the_next()
    {
        await _ledger.AppendAsync(Lines(0, 300));
        var keeper = Keeper();

        await keeper.SelfCheckAsync(Stop);

        Assert.Empty(await OpenAsync());
        var record = Assert.Single(_ledger.Log.Records);
        Assert.Equal(
            ("ledger.check", "complete", 300L, 300L, 0L),
            (record.Action, record.Outcome, record.Counts["records"], record.Counts["signed"], record.Counts["problems"])
        );
        Assert.Equal(
            await _ledger.ReadAsync(LedgerLayout.Checkpoint(300)),
            await new LedgerMemory(_ledger.Storage).CheckedAsync(_ledger.Tenant, Stop)
        );
        Assert.Equal(_ledger.Time.GetUtcNow(), (await RunsAsync())[LedgerKeeper.SelfCheckName].LastComplete);
        _ledger.Time.Advance(TimeSpan.FromDays(1));
        await keeper.SelfCheckAsync(Stop);
        Assert.Empty(await OpenAsync());
        // The first check's own record is the 301st.
        Assert.Equal(301, _ledger.Trust((await new LedgerMemory(_ledger.Storage).CheckedAsync(_ledger.Tenant, Stop))!).Size);
    }

    [Theory]
    [InlineData("a record was changed")]
    [InlineData("the ledger was put back to a week ago")]
    [InlineData("the ledger was rewritten and signed again")]
    [InlineData("the latest checkpoint has another twin")]
    [InlineData("everything is gone")]
    public async Task What_was_done_to_the_ledger_since_the_last_check_is_found_and_found_mended(string deed)
    {
        await _ledger.AppendAsync(Lines(0, 250));
        var keeper = Keeper();
        await keeper.CheckpointAsync(Stop);
        var weekAgo = await _ledger.AllAsync();
        await _ledger.AppendAsync(Lines(250, 300));
        await keeper.CheckpointAsync(Stop);
        var good = await _ledger.AllAsync();
        await new LedgerMemory(_ledger.Storage).SaveCheckedAsync(_ledger.Tenant, good[LedgerLayout.Head], Stop);
        await DoAsync(deed, weekAgo, good);
        _ledger.Time.Advance(TimeSpan.FromDays(1));

        await keeper.SelfCheckAsync(Stop);

        var found = await OpenAsync();
        Assert.All(
            found,
            f =>
                Assert.Equal(
                    (LedgerControls.DoesNotVerify, Severity.Critical, false),
                    (f.Detection.ControlId, f.Detection.Severity, f.Detection.Unknown)
                )
        );
        Texts.LedgerCheck.Expect(
            "done since the last check",
            deed,
            found.OrderBy(f => f.Detection.Part, StringComparer.Ordinal).Select(f => $"{f.Detection.Part}: {f.Detection.Reason}")
        );
        // Whatever was wrong is no measure for the next check.
        Assert.Equal(good[LedgerLayout.Head], await new LedgerMemory(_ledger.Storage).CheckedAsync(_ledger.Tenant, Stop));

        await ClearAsync();
        await RestoreAsync(good);
        _ledger.Time.Advance(TimeSpan.FromDays(1));
        await keeper.SelfCheckAsync(Stop);
        Assert.Empty(await OpenAsync());
    }

    [Fact]
    public async Task A_ledger_that_cannot_be_read_is_unknown_and_resolves_nothing()
    {
        await _ledger.AppendAsync(Lines(0, 300));
        var keeper = Keeper();
        await keeper.CheckpointAsync(Stop);
        var good = await _ledger.AllAsync();
        await _ledger.PutAsync(LedgerLayout.Head, []);
        await keeper.CheckpointAsync(Stop);
        Assert.Single(await OpenAsync());
        await RestoreAsync(good);
        _ledger.Faults.Before = (r, _) =>
            r.Method == HttpMethod.Get && r.RequestUri!.AbsolutePath.Contains("/log/", StringComparison.Ordinal)
                ? Faults.Answer(System.Net.HttpStatusCode.Forbidden)
                : null;
        _ledger.Time.Advance(TimeSpan.FromHours(1));

        await keeper.SelfCheckAsync(Stop);

        Assert.Equal(
            [LedgerControls.DoesNotVerify, LedgerControls.NotChecked],
            (await OpenAsync()).Select(f => f.Detection.ControlId).Order(StringComparer.Ordinal)
        );
        Assert.Equal("incomplete", _ledger.Log.Records[^1].Outcome);
        Assert.Null((await RunsAsync())[LedgerKeeper.SelfCheckName].LastComplete);
        _ledger.Faults.Before = (_, _) => null;
        _ledger.Time.Advance(TimeSpan.FromHours(1));
        await keeper.SelfCheckAsync(Stop);
        Assert.Empty(await OpenAsync());
    }

    [Fact]
    public async Task A_ledger_that_is_not_write_once_is_a_finding_where_that_is_required_and_is_resolved_when_it_is()
    {
        _ledger.Options = _ledger.Options with { WriteOnce = WriteOnceMode.Required, Local = false };
        var keeper = Keeper();
        _writeOnce.Policy = new(Locked: false, 30, ProtectedAppends: true);

        await keeper.StartedAsync(Stop);
        var unlocked = Assert.Single(await OpenAsync());
        _writeOnce.Unknown = new("nobody answers", "ask again");
        _ledger.Time.Advance(TimeSpan.FromHours(1));
        await keeper.SelfCheckAsync(Stop);
        var unknown = Assert.Single(await OpenAsync());
        (_writeOnce.Unknown, _writeOnce.Policy) = (null, new(Locked: true, 30, ProtectedAppends: true));
        _ledger.Time.Advance(TimeSpan.FromHours(1));
        await keeper.SelfCheckAsync(Stop);

        Assert.Equal(
            (unlocked.Id, LedgerControls.NotWriteOnce, Severity.High, false),
            (unknown.Id, unlocked.Detection.ControlId, unlocked.Detection.Severity, unlocked.Detection.Unknown)
        );
        Assert.True(unknown.Detection.Unknown);
        Assert.Empty(await OpenAsync());
        Assert.Equal([0L, 1L], _ledger.Log.Records.Select(r => r.Counts["writeOnce"]));
        Texts.LedgerCheck.Expect(
            "the log's lines of a ledger that becomes write-once",
            Logged().Where(line => line.Contains("write-once", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task On_this_machine_it_is_said_once_that_nothing_is_write_once_and_that_is_no_finding()
    {
        var keeper = Keeper();

        await keeper.StartedAsync(Stop);
        await keeper.SelfCheckAsync(Stop);

        Assert.Single(Logged(), l => l.Contains("write-once", StringComparison.Ordinal));
        Assert.Empty(await OpenAsync());
        Assert.Equal(0, Assert.Single(_ledger.Log.Records).Counts["writeOnce"]);
    }

    [Fact]
    public async Task A_start_does_not_fail_when_state_cannot_be_reached()
    {
        _ledger.Faults.Before = (_, _) => Faults.Answer(System.Net.HttpStatusCode.Forbidden);

        await Keeper().StartedAsync(Stop);

        Assert.Contains(Logged(), l => l.Contains("not checked or kept at the start", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Copies_that_wait_too_long_and_copies_that_differ_are_findings_until_they_are_taken()
    {
        await _ledger.AppendAsync(Lines(0, 5));
        var place = new FakePlace { Answer = new CopyFailedException("it answered 503") };
        _copies.Add(place);
        var keeper = Keeper();
        await keeper.CheckpointAsync(Stop);
        Assert.Empty(await OpenAsync());
        _ledger.Time.Advance(TimeSpan.FromHours(25));
        await keeper.CheckpointAsync(Stop);
        Assert.Equal(LedgerControls.CopyNotDelivered, Assert.Single(await OpenAsync()).Detection.ControlId);

        place.Answer = new CheckpointProblemException(CheckpointProblem.In(CheckpointProblem.Copy, "another one is there"));
        _ledger.Time.Advance(TimeSpan.FromHours(1));
        await keeper.CheckpointAsync(Stop);
        _ledger.Time.Advance(TimeSpan.FromHours(1));
        // A check of the ledger says nothing about what lies elsewhere.
        await keeper.SelfCheckAsync(Stop);
        Assert.Equal(
            [LedgerControls.DoesNotVerify, LedgerControls.CopyNotDelivered],
            (await OpenAsync()).Select(f => f.Detection.ControlId).Order(StringComparer.Ordinal)
        );

        place.Answer = null;
        _ledger.Time.Advance(TimeSpan.FromHours(1));
        await keeper.CheckpointAsync(Stop);
        Assert.Empty(await OpenAsync());
    }

    [Fact]
    public async Task A_storage_that_fails_fails_the_hourly_run_so_that_it_is_missed()
    {
        await _ledger.AppendAsync(Lines(0, 5));
        _ledger.Faults.Before = (r, _) =>
            r.RequestUri!.AbsolutePath.Contains("/ledger/", StringComparison.Ordinal)
                ? Faults.Answer(System.Net.HttpStatusCode.Forbidden)
                : null;

        await Assert.ThrowsAnyAsync<Exception>(() => Keeper().CheckpointAsync(Stop));

        var now = _ledger.Time.GetUtcNow();
        Assert.Null((await RunsAsync())[LedgerKeeper.CheckpointName].LastRun);
        var missed = RunWatch.Evaluate(
            await RunsAsync(),
            LedgerKeeper.Expected.Take(1).ToList(),
            now + TimeSpan.FromHours(2) + TimeSpan.FromTicks(1)
        );
        Assert.Equal(LedgerKeeper.CheckpointName, Assert.Single(missed).Subject.Id);
    }

    private async Task DoAsync(string deed, SortedDictionary<string, byte[]> weekAgo, SortedDictionary<string, byte[]> good)
    {
        switch (deed)
        {
            case "a record was changed":
                // The last one stays, so that whoever only goes on from there sees nothing.
                await _ledger.ReplaceLogAsync(
                    Encoding.UTF8.GetString(good[FirstLog]).Replace("r100\"", "r1x0\"", StringComparison.Ordinal)
                );
                break;
            case "the ledger was put back to a week ago":
                await ClearAsync();
                await RestoreAsync(weekAgo);
                break;
            case "the ledger was rewritten and signed again":
                await ClearAsync();
                await _ledger.AppendAsync(Lines(1, 311));
                break;
            case "the latest checkpoint has another twin":
                await _ledger.PutAsync(LedgerLayout.Head, await _ledger.NoteAsync(Lines(0, 300)));
                break;
            case "everything is gone":
                await ClearAsync();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(deed), deed, null);
        }
    }

    private async Task ClearAsync()
    {
        foreach (var path in (await _ledger.AllAsync()).Keys)
            await _ledger.DeleteAsync(path);
    }

    private async Task RestoreAsync(SortedDictionary<string, byte[]> files)
    {
        foreach (var (path, bytes) in files)
            if (path == FirstLog)
                await _ledger.ReplaceOrAppendAsync(Encoding.UTF8.GetString(bytes));
            else
                await _ledger.PutAsync(path, bytes);
    }

    private LedgerKeeper Keeper()
    {
        var tenant = new TenantId(_ledger.Tenant);
        var policy = new EvidencePolicy(TimeSpan.FromDays(1), new Dictionary<string, TimeSpan>(), "");
        var signing = new LedgerSigning(tenant, _ledger.Keys, _ledger.Checkpointer(), new FakeLogger<LedgerSigning>(_log));
        return new(
            tenant,
            signing,
            new CheckpointCopies(_ledger.Storage, new(_ledger.Storage), _copies, _ledger.Time, new FakeLogger<CheckpointCopies>()),
            new WholeLedgerCheck(
                tenant,
                _ledger.Options,
                signing,
                new LedgerSelfCheck(_ledger.Storage, _ledger.Keys),
                new(_ledger.Storage)
            ),
            new WriteOnceCheck(tenant, _ledger.Options, policy, _writeOnce, new FakeLogger<WriteOnceCheck>(_log)),
            new ScheduledRuns(new TableRunLog(_ledger.Storage), new TableFindingStore(_ledger.Storage), _ledger.Log, _ledger.Time),
            new FakeLogger<LedgerKeeper>(_log)
        );
    }

    private IEnumerable<string> Logged() => _log.GetSnapshot().Select(l => l.Message);

    private Task<IReadOnlyDictionary<string, ControlRuns>> RunsAsync() => new TableRunLog(_ledger.Storage).LoadAsync(_ledger.Tenant, Stop);

    private async Task<List<Finding>> OpenAsync()
    {
        var open = new List<Finding>();
        await foreach (var finding in new TableFindingStore(Faults.Storage(accounts)).ListOpenAsync(_ledger.Tenant, Stop))
            open.Add(finding);
        return open;
    }

    private sealed class FakeWriteOnce : IWriteOnce
    {
        public ImmutabilityPolicy? Policy { get; set; }

        public WriteOnceUnknownException? Unknown { get; set; }

        public Task<ImmutabilityPolicy?> ReadAsync(CancellationToken cancellationToken) =>
            Unknown is { } e ? throw e : Task.FromResult(Policy);
    }

    private sealed class FakePlace : ICheckpointCopy
    {
        public CopyPlace Place { get; } = new(new("https://audit.example/"), IsContainer: false);

        public Exception? Answer { get; set; }

        public Task DeliverAsync(string tenant, long size, byte[] note, CancellationToken cancellationToken) =>
            Answer is { } e ? throw e : Task.CompletedTask;
    }
}
