using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Azure;
using Azure.Data.Tables;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Offboarding;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Intake;
using Compliance.Storage;
using Compliance.Tests.Storage;
using Compliance.Text;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Testing;
using static Compliance.Tests.Offboarding.Intake.Hr;

namespace Compliance.Tests.Offboarding.Intake;

public sealed class LeaverIntakeOnAzuriteTests(AzuriteFixture accounts) : LeaverIntakeTests(accounts);

public sealed class LeaverIntakeInMemoryTests(MemoryStorageFixture accounts) : LeaverIntakeTests(accounts);

public abstract class LeaverIntakeTests(StorageFixture accounts)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_event_opens_a_case_that_asks_for_its_orchestration_until_it_is_settled()
    {
        var given = new Given(accounts, "intake-first");

        var first = await given.Intake.AcceptAsync(Terminated(), "queue", "c1", Stop);
        given.Time.Advance(TimeSpan.FromMinutes(1));
        var again = await given.Intake.AcceptAsync(Terminated(), "webhook", "c2", Stop);
        await given.Intake.SettleAsync(again, Stop);
        var settled = await given.Intake.AcceptAsync(Terminated(), "webhook", "c3", Stop);

        Assert.Equal((IntakeOutcome.Started, IntakeOutcome.Started, IntakeOutcome.Repeat), (first.Outcome, again.Outcome, settled.Outcome));
        Assert.Equal((first.Case, first.Case with { Dispatched = true }), (again.Case, settled.Case));
        Assert.Equal(Now, first.Case.ReceivedAt);
        Assert.Equal(settled.Case, await given.Cases.FindAsync(given.Tenant, first.Case.Id, Stop));
        Assert.Empty(await given.UndispatchedAsync());
    }

    [Fact]
    public async Task The_evidence_of_an_event_names_nobody_and_is_the_same_however_often_it_is_written()
    {
        var given = new Given(accounts, "intake-evidence");

        var result = await given.Intake.AcceptAsync(Terminated() with { Mail = "ada@northwynd.example" }, "queue", "c1", Stop);
        given.Time.Advance(TimeSpan.FromDays(40));
        await given.Intake.SettleAsync(result, Stop);
        await given.Intake.SettleAsync(result, Stop);

        var record = Assert.Single(given.Evidence.Records);
        Assert.Equal(
            (result.EventKey, Now, "LeaverIntake (queue)", "offboarding.hr-event", result.Case.Id, "terminated", "c1", 1L),
            (
                record.Id,
                record.Time,
                record.Actor,
                record.Action,
                record.Subject,
                record.Reason,
                record.CorrelationId,
                record.Counts["sequence"]
            )
        );
        Assert.DoesNotContain("NW-1042", System.Text.Json.JsonSerializer.Serialize(record), StringComparison.Ordinal);
        Assert.DoesNotContain("ada@", System.Text.Json.JsonSerializer.Serialize(record), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evidence_that_cannot_be_written_holds_no_case_up_and_the_sweep_makes_up_for_it()
    {
        var given = new Given(accounts, "intake-owed") { Evidence = { Down = true } };

        var result = await given.Intake.AcceptAsync(Terminated(), "queue", "c1", Stop);
        await given.Intake.SettleAsync(result, Stop);

        Assert.True((await given.Cases.FindAsync(given.Tenant, result.Case.Id, Stop))!.Dispatched);
        Assert.Equal(5302, given.Log.LatestRecord.Id.Id);
        given.Evidence.Down = false;
        Assert.Equal(0, await given.Intake.RecordOutstandingAsync(Stop));
        given.Time.Advance(CaseRules.Grace);
        Assert.Equal(1, await given.Intake.RecordOutstandingAsync(Stop));
        Assert.Equal(0, await given.Intake.RecordOutstandingAsync(Stop));
        Assert.Equal(result.EventKey, Assert.Single(given.Evidence.Records).Id);
    }

    [Fact]
    public async Task Evidence_that_is_written_late_names_the_policy_in_force_when_the_event_came()
    {
        var given = new Given(accounts, "intake-late") { Evidence = { Down = true } };
        await given.Intake.SettleAsync(await given.Intake.AcceptAsync(Terminated(), "queue", "c1", Stop), Stop);

        given.Evidence.Down = false;
        given.Time.Advance(CaseRules.Grace);
        await given.Another(policy: "cd").RecordOutstandingAsync(Stop);

        Assert.Equal("ab", Assert.Single(given.Evidence.Records).PolicySha256);
    }

    [Fact]
    public async Task A_case_whose_orchestration_was_never_confirmed_is_swept_after_two_minutes()
    {
        var given = new Given(accounts, "intake-sweep");
        var lost = (await given.Intake.AcceptAsync(Terminated(), "queue", "c", Stop)).Case;
        await given.Intake.AcceptAsync(
            Terminated(employee: "NW-2") with
            {
                Kind = HrEventKind.Cancelled,
                Leaves = null,
            },
            "queue",
            "c",
            Stop
        );

        given.Time.Advance(CaseRules.Grace - TimeSpan.FromTicks(1));
        Assert.Empty(await given.UndispatchedAsync());
        given.Time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal([lost], await given.UndispatchedAsync());

        await given.Intake.ConfirmDispatchedAsync(lost.Id, 2, Stop);
        Assert.Equal([lost], await given.UndispatchedAsync());
        await given.Intake.ConfirmDispatchedAsync(lost.Id, 1, Stop);
        Assert.Empty(await given.UndispatchedAsync());
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, TestSize.Times(3))];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task The_same_events_by_several_writers_at_once_in_any_order_and_repeated_give_one_case(int seed)
    {
        var given = new Given(accounts, $"intake-race-{seed}");
        HrEvent[] events = [Terminated(1), Rescheduled(2, 3), Cancelled(3), Rescheduled(4, 40), Rescheduled(5, 9)];
        var all = events.Concat(events).Concat(events).ToArray();
        new Random(seed).Shuffle(all);

        await Task.WhenAll(all.Select(e => Task.Run(() => given.Another().AcceptAsync(e, "queue", e.Id, Stop), Stop)));

        var expected = events.Aggregate((LeaverCase?)null, (known, e) => CaseRules.Take(given.Tenant, known, e, Now).Case);
        Assert.Equal([expected!], await given.Cases.AllAsync(given.Tenant, Stop));
        Assert.Empty(await given.FindingsAsync());
    }

    [Fact]
    public async Task Two_events_for_one_person_at_once_are_one_case_and_another_employment_is_another()
    {
        var given = new Given(accounts, "intake-two");

        var results = await Task.WhenAll(
            new[] { Terminated(1), Terminated(2), Terminated(1, employment: "2027-01") }.Select(e =>
                given.Another().AcceptAsync(e, "queue", "c", Stop)
            )
        );

        Assert.Equal(results[0].Case.Id, results[1].Case.Id);
        Assert.NotEqual(results[0].Case.Id, results[2].Case.Id);
        Assert.Equal([1L, 2L], (await given.Cases.AllAsync(given.Tenant, Stop)).Select(c => c.Sequence).Order());
    }

    [Fact]
    public async Task An_employment_that_goes_on_lets_the_case_of_the_one_that_ends_rest_and_is_a_finding()
    {
        var given = new Given(accounts, "intake-anew");
        var old = (await given.Intake.AcceptAsync(Terminated(), "queue", "c", Stop)).Case;

        var anew = await given.Intake.AcceptAsync(Rehired(1, "2027-01"), "queue", "c", Stop);

        Assert.Equal((LeaverStage.Cancelled, IntakeOutcome.Updated), (anew.Case.Stage, anew.Outcome));
        var rests = (await given.Cases.FindAsync(given.Tenant, old.Id, Stop))!;
        Assert.Equal((LeaverStage.Closed, "2027-01", Now), (rests.Stage, rests.EmployedIn, rests.RestedAt));
        Assert.Equal("employed", Assert.Single(await given.FindingsAsync()).Detection.Part);
    }

    [Fact]
    public async Task Another_event_with_the_same_sequence_is_told_as_a_finding_and_changes_nothing()
    {
        var given = new Given(accounts, "intake-conflict");
        var first = await given.Intake.AcceptAsync(Terminated(), "queue", "c", Stop);

        var second = await given.Intake.AcceptAsync(Rescheduled(1, 60) with { Id = "other" }, "queue", "c", Stop);

        Assert.Equal((first.Case, IntakeOutcome.Started), (second.Case, second.Outcome));
        var finding = Assert.Single(await given.FindingsAsync()).Detection;
        Assert.Equal(
            ("LEAVE-004", Severity.High, first.Case.Id, "sequence-1"),
            (finding.ControlId, finding.Severity, finding.Subject.Id, finding.Part)
        );
    }

    [Fact]
    public async Task Another_event_with_the_same_id_is_refused_and_told()
    {
        var given = new Given(accounts, "intake-id");
        var first = await given.Intake.AcceptAsync(Terminated(), "queue", "c", Stop);

        var refused = await Assert.ThrowsAsync<HrEventException>(() =>
            given.Intake.AcceptAsync(Terminated(employee: "NW-7") with { Id = first.Case.Latest.Id }, "queue", "c", Stop)
        );

        Assert.Equal(first.EventKey, refused.Key);
        Assert.Equal([first.Case], await given.Cases.AllAsync(given.Tenant, Stop));
        Assert.Equal(
            (first.EventKey, "LEAVE-004"),
            (Assert.Single(await given.FindingsAsync()).Detection.Subject.Id, (await given.FindingsAsync())[0].Detection.ControlId)
        );
        // A start for cause would join a case that never comes.
        await given.Cases.NoteAsync(
            given.Tenant,
            "NW-7",
            (ids, _) =>
            {
                Assert.Empty(ids);
                return "case";
            },
            Stop
        );
    }

    [Fact]
    public async Task An_event_that_joins_a_case_that_was_started_for_cause_is_on_record_for_that_case()
    {
        var given = new Given(accounts, "intake-joins");
        var started = await given.StartForCauseAsync();

        var result = await given.Intake.AcceptAsync(Terminated(), "queue", "c", Stop);
        await given.Intake.SettleAsync(result, Stop);

        Assert.Equal((started, started), (result.Case.Id, Assert.Single(given.Evidence.Records).Subject));
    }

    [Fact]
    public async Task Evidence_of_an_event_that_was_cut_off_before_it_had_a_case_waits_for_its_redelivery()
    {
        var given = new Given(accounts, "intake-caseless");
        var started = await given.StartForCauseAsync();
        var row = new TakenEvent(
            HrEventKeys.Create(Terminated().Source, Terminated().Id),
            HrEventKeys.CaseOf(given.Tenant, Terminated().EmployeeId, Terminated().Employment),
            Compliance.Text.CanonicalJson.Sha256Of(Terminated()),
            1,
            HrEventKind.Terminated,
            Now,
            "queue",
            "c",
            Recorded: false
        );
        await given.Events.NoteAsync(given.Tenant, row, Stop);
        given.Time.Advance(CaseRules.Grace);

        Assert.Equal(0, await given.Intake.RecordOutstandingAsync(Stop));
        await given.Intake.AcceptAsync(Terminated(), "queue", "c", Stop);
        Assert.Equal(1, await given.Intake.RecordOutstandingAsync(Stop));
        Assert.Equal(started, Assert.Single(given.Evidence.Records).Subject);
    }

    [Fact]
    public async Task A_refused_event_is_a_finding_with_its_key_and_reasons_and_none_of_its_values()
    {
        var given = new Given(accounts, "intake-refused");
        var refused = Assert.Throws<HrEventException>(() => HrEventReader.Read("""{"id":"NW-9-ends","source":"/hr","type":"ada"}""", Now));

        await given.Intake.RefusedAsync(refused, "queue", Stop);
        await given.Intake.RefusedAsync(refused, "queue", Stop);

        var finding = Assert.Single(await given.FindingsAsync());
        Assert.Equal(HrEventKeys.Create("/hr", "NW-9-ends"), finding.Detection.Subject.Id);
        Assert.Contains("specversion: missing", finding.Detection.Reason, StringComparison.Ordinal);
        Assert.DoesNotMatch("NW-9|ada", finding.Detection.Reason + finding.Detection.NextStep);
    }

    [Fact]
    public async Task An_acceptance_cut_off_after_any_write_is_made_whole_by_the_redelivery()
    {
        // Tables are made beforehand, so that every request counted is one of the acceptance itself.
        await new Given(accounts, "intake-warm").Intake.AcceptAsync(Terminated(), "queue", "c", Stop);
        var cuts = 0;
        for (var cut = 1; ; cut++)
        {
            var (storage, faults) = Faults.On(accounts);
            var whole = new Given(accounts, $"intake-cut-{cut}");
            var broken = new Given(accounts, $"intake-cut-{cut}", storage);
            // The request is applied and the answer lost, as is everything after it.
            faults.After = (request, number, answer) => number >= cut ? Faults.Answer(HttpStatusCode.BadRequest) : answer;
            try
            {
                await broken.Intake.AcceptAsync(Terminated(), "queue", "c1", Stop);
                break;
            }
            catch (RequestFailedException)
            {
                cuts++;
            }

            var again = await whole.Intake.AcceptAsync(Terminated(), "queue", "c2", Stop);
            await whole.Intake.SettleAsync(again, Stop);

            Assert.Equal(IntakeOutcome.Started, again.Outcome);
            Assert.Equal([again.Case with { Dispatched = true }], await whole.Cases.AllAsync(whole.Tenant, Stop));
            Assert.Equal(again.EventKey, Assert.Single(whole.Evidence.Records).Id);
        }

        Assert.InRange(cuts, 3, 9);
    }

    [Fact]
    public async Task A_change_of_a_case_loses_none_made_at_the_same_time()
    {
        var given = new Given(accounts, "intake-change");
        var made = (await given.Intake.AcceptAsync(Terminated(), "queue", "c", Stop)).Case;

        await Task.WhenAll(
            Enumerable
                .Range(0, 12)
                .Select(_ =>
                    Task.Run(
                        () =>
                            new TableLeaverCases(Faults.Storage(accounts)).ChangeAsync(
                                given.Tenant,
                                made.Id,
                                c => c with { Round = c.Round + 1 },
                                Stop
                            ),
                        Stop
                    )
                )
        );

        Assert.Equal(13, (await given.Cases.FindAsync(given.Tenant, made.Id, Stop))!.Round);
        await Assert.ThrowsAsync<KeyNotFoundException>(() => given.Cases.ChangeAsync(given.Tenant, "leaver-none", c => c, Stop));
    }

    [Fact]
    public async Task A_case_longer_than_a_column_comes_back_whole()
    {
        var given = new Given(accounts, "intake-long");
        var made = (await given.Intake.AcceptAsync(Terminated(), "queue", "c", Stop)).Case;

        var noted = await given.Cases.ChangeAsync(
            given.Tenant,
            made.Id,
            c => c with { Note = string.Concat(Enumerable.Repeat("Ünï𝒳\"\n", 9_000)) },
            Stop
        );
        Assert.Equal(noted, await given.Cases.FindAsync(given.Tenant, made.Id, Stop));

        var shorter = await given.Cases.ChangeAsync(given.Tenant, made.Id, c => c with { Note = "short" }, Stop);
        Assert.Equal(shorter, await given.Cases.FindAsync(given.Tenant, made.Id, Stop));
    }

    [Fact]
    public async Task Cases_that_are_settled_for_long_are_not_read_every_time()
    {
        var given = new Given(accounts, "intake-open");
        async Task<string> MadeAsync(string employment, Func<LeaverCase, LeaverCase> change)
        {
            var made = (await given.Intake.AcceptAsync(Terminated(employment: employment), "queue", "c", Stop)).Case;
            return (await given.Cases.ChangeAsync(given.Tenant, made.Id, change, Stop)).Id;
        }
        static LeaverCase Clear(LeaverCase known) =>
            known with
            {
                Stage = LeaverStage.Clear,
                BegunAt = Now,
                RestedAt = Now,
                IsTaken = true,
            };
        var acting = await MadeAsync("1", c => c);
        var clear = await MadeAsync("3", Clear);
        var old = await MadeAsync("4", c => Clear(c) with { DueAt = Now.AddYears(-2) });
        // A row of an earlier version.
        var earlier = await MadeAsync("5", c => Clear(c) with { DueAt = Now.AddYears(-2) });
        var stays = await MadeAsync("2", c => Clear(c) with { Latest = Cancelled(2) });
        await given.ForgetColumnAsync(earlier, "Settled");

        async Task<IEnumerable<string>> OpenAsync(DateTimeOffset? dueSince) =>
            (await given.Cases.OpenAsync(given.Tenant, dueSince, Stop)).Select(c => c.Id).Order(StringComparer.Ordinal);
        string[] open = [acting, stays, earlier];
        Assert.Equal(open.Order(StringComparer.Ordinal), await OpenAsync(null));
        Assert.Equal(open.Append(clear).Order(StringComparer.Ordinal), await OpenAsync(Now.AddDays(-400)));
        Assert.DoesNotContain(old, await OpenAsync(Now.AddDays(-400)));
        Assert.Equal(5, (await given.Cases.OfPersonAsync(given.Tenant, Terminated().EmployeeId, Stop)).Count);
        Assert.Empty(await given.Cases.OfPersonAsync(given.Tenant, "NW-0", Stop));
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(20)]
    [InlineData(399)]
    public async Task The_latest_event_is_found_however_long_ago_it_came(double days)
    {
        var given = new Given(accounts, $"intake-latest-{days.ToString(CultureInfo.InvariantCulture)}");
        await given.Intake.AcceptAsync(Terminated(), "queue", "c", Stop);
        Assert.Equal(Now, await given.Events.LatestAsync(given.Tenant, Now.AddDays(days), Stop));
        given.Time.Advance(TimeSpan.FromHours(1));
        await given.Intake.AcceptAsync(Cancelled(2), "queue", "c", Stop);

        Assert.Equal(Now.AddHours(1), await given.Events.LatestAsync(given.Tenant, Now.AddDays(days), Stop));
        Assert.Null(await given.Events.LatestAsync("nobody", Now, Stop));
    }

    [Fact]
    public async Task Events_are_forgotten_after_400_days_unless_their_evidence_is_owed()
    {
        var given = new Given(accounts, "intake-forget");
        var settled = await given.Intake.AcceptAsync(Terminated(), "queue", "c", Stop);
        await given.Intake.SettleAsync(settled, Stop);
        var owed = await given.Intake.AcceptAsync(Terminated(2), "queue", "c", Stop);

        await given.Events.ForgetAsync(given.Tenant, Now + HrEventLog.Kept, Stop);
        Assert.NotNull(await given.Events.FindAsync(given.Tenant, settled.EventKey, Stop));
        await given.Events.ForgetAsync(given.Tenant, Now + HrEventLog.Kept + TimeSpan.FromTicks(1), Stop);

        Assert.Null(await given.Events.FindAsync(given.Tenant, settled.EventKey, Stop));
        Assert.NotNull(await given.Events.FindAsync(given.Tenant, owed.EventKey, Stop));
        Assert.Equal(Now, await given.Events.LatestAsync(given.Tenant, Now + HrEventLog.Kept, Stop));
    }

    [Fact]
    public async Task Employee_ids_that_differ_in_letter_case_alone_are_one_person()
    {
        var given = new Given(accounts, "intake-letter-case");
        var first = await given.Intake.AcceptAsync(Terminated(), "queue", "c", Stop);

        var again = await given.Intake.AcceptAsync(Terminated(employee: "nw-1042") with { Id = "sent again" }, "queue", "c", Stop);
        await given.Intake.AcceptAsync(
            Rehired(1, employment: "2027-01") with
            {
                Id = "rehired",
                EmployeeId = "Nw-1042",
                Time = Terminated().Time.AddDays(1),
            },
            "queue",
            "c",
            Stop
        );

        Assert.Equal((first.Case.Id, IntakeOutcome.Started), (again.Case.Id, again.Outcome));
        Assert.DoesNotContain(await given.FindingsAsync(), f => f.Detection.ControlId == OffboardingControls.EventRefused);
        Assert.Equal("2027-01", (await given.Cases.FindAsync(given.Tenant, first.Case.Id, Stop))!.EmployedIn);
        Assert.Equal(2, (await given.Cases.OfPersonAsync(given.Tenant, "nW-1042", Stop)).Count);
    }

    // Earlier versions made another person, and another case, of each spelling.
    [Theory]
    [InlineData("NW-1042", "NW-1042")]
    [InlineData("NW-1042", "nw-1042")]
    [InlineData("Nw-1042", "Nw-1042")]
    [InlineData("nw-1042", "NW-1042")]
    public async Task A_case_that_an_earlier_version_stored_is_found(string stored, string sent)
    {
        var given = new Given(accounts, $"intake-earlier-{string.Concat((stored + sent).Select(c => char.IsUpper(c) ? 'u' : 'l'))}");
        var earlier = await given.StoreAsEarlierAsync(Terminated(employee: stored));

        var result = await given.Intake.AcceptAsync(Terminated(2, sent), "queue", "c", Stop);

        Assert.Equal((earlier, 2L), (result.Case.Id, result.Case.Sequence));
        Assert.Equal([earlier], (await given.Cases.OfPersonAsync(given.Tenant, sent, Stop)).Select(c => c.Id));
        Assert.Equal([earlier], (await given.Cases.OfPersonAsync(given.Tenant, sent.ToLowerInvariant(), Stop)).Select(c => c.Id));
    }

    private sealed class Given
    {
        private readonly StateStorage _storage;

        public Given(StorageFixture accounts, string tenant, StateStorage? storage = null)
        {
            _storage = storage ?? Faults.Storage(accounts);
            (Tenant, Cases, Events, Findings) = (tenant, new(_storage), new(_storage), new(_storage));
            Intake = Another();
        }

        public string Tenant { get; }

        public FakeTimeProvider Time { get; } = new(Now);

        public EvidenceInMemory Evidence { get; } = new();

        public FakeLogCollector Log { get; } = new();

        public TableLeaverCases Cases { get; }

        public HrEventLog Events { get; }

        public TableFindingStore Findings { get; }

        public LeaverIntake Intake { get; }

        /// <summary>Starts a case for cause, with no event of HR; its id.</summary>
        public async Task<string> StartForCauseAsync()
        {
            var employeeId = Terminated().EmployeeId;
            var cause = new ForCauseStart
            {
                UserId = "u",
                PrincipalName = "u@x",
                StartedBy = "a",
                Reason = "r",
                At = Now,
                ConfirmBy = Now,
            };
            var started = HrEventKeys.CaseOfStart(Tenant, employeeId);
            await Cases.NoteAsync(Tenant, employeeId, (_, _) => started, Stop);
            await Cases.PutAsync(Tenant, started, c => CaseRules.Start(c, Tenant, started, employeeId, null, cause), Stop);
            return started;
        }

        /// <summary>Keeps a case as versions did that took each spelling for another person; its id.</summary>
        public async Task<string> StoreAsEarlierAsync(HrEvent hrEvent)
        {
            var (tenant, employeeId, employment) = (Tenant, hrEvent.EmployeeId, hrEvent.Employment);
            var id = $"leaver-{CanonicalJson.Sha256Of(new { tenant, employeeId, employment })[..32]}";
            await Cases.PutAsync(Tenant, id, _ => CaseRules.Take(Tenant, null, hrEvent, Now, id).Case, Stop);
            var table = await _storage.TableAsync(TableLeaverCases.Employments, Stop);
            var person = new TableEntity(Tenant, CanonicalJson.Sha256Of(new { tenant, employeeId })[..32]) { ["Cases"] = id };
            await table.AddEntityAsync(person, Stop);
            return id;
        }

        public async Task<IEnumerable<LeaverCase>> UndispatchedAsync()
        {
            var course = new CaseCourse(
                new TenantId(Tenant),
                new FixedPolicy(new() { Sha256 = "ab" }),
                Cases,
                new(new TableFindingStore(_storage)),
                Evidence,
                Time
            );
            return (await course.ExpectedAsync(Stop)).Where(e => !e.IsKnownStarted).Select(e => e.Case);
        }

        /// <summary>Another process on the same state.</summary>
        public LeaverIntake Another(string policy = "ab") =>
            Intakes.Create(_storage, new TenantId(Tenant), Evidence, new FixedPolicy(new() { Sha256 = policy }), Time, Log);

        public async Task ForgetColumnAsync(string caseId, string column)
        {
            var table = await _storage.TableAsync(TableLeaverCases.Table, Stop);
            var row = (await table.GetEntityAsync<TableEntity>(Tenant, caseId, cancellationToken: Stop)).Value;
            Assert.True(row.Remove(column));
            await table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, Stop);
        }

        public Task<IReadOnlyList<Finding>> FindingsAsync() => Hr.OpenAsync(Findings, Tenant);
    }
}

/// <summary>Keeps records in memory, each id once.</summary>
internal sealed class EvidenceInMemory : IEvidenceLog
{
    private readonly ConcurrentDictionary<string, EvidenceRecord> _records = new(StringComparer.Ordinal);

    public bool Down { get; set; }

    public IReadOnlyCollection<EvidenceRecord> Records => [.. _records.Values.OrderBy(r => r.Time)];

    public Task<EvidenceReceipt> AppendAsync(EvidenceRecord record, CancellationToken cancellationToken)
    {
        if (Down)
            throw new RequestFailedException(503, "the evidence account is down");
        _records.TryAdd(record.Id, record);
        return Task.FromResult(new EvidenceReceipt(record.Id, "memory", 0, ""));
    }
}
