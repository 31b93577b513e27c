using Compliance.Changes.Flow;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Offboarding;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Rounds;
using Compliance.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>Histories that harmed somebody once.</summary>
public sealed class ScriptedHistoryTests
{
    private static HrSends Terminated(double hour, long sequence) =>
        new(TimeSpan.FromHours(hour), "terminated", sequence, TimeSpan.FromHours(hour), ForCause: true);

    private static HrSends Rescheduled(double hour, long sequence, double day) =>
        new(TimeSpan.FromHours(hour), "termination.rescheduled", sequence, TimeSpan.FromDays(day));

    private static HrSends Cancelled(double hour, long sequence) => new(TimeSpan.FromHours(hour), "termination.cancelled", sequence);

    private static IEnumerable<Happening> Approved(double hour) =>
        [new Answers(TimeSpan.FromHours(hour), 0), new Answers(TimeSpan.FromHours(hour) + TimeSpan.FromMinutes(1), 1)];

    private static EditsDirectory Directory(double hour, DirectoryEdit edit, Person who = Person.Lea) =>
        new(TimeSpan.FromHours(hour), edit, who);

    private static Permits Lacks(double hour, string permission) => new(TimeSpan.FromHours(hour), permission, Granted: false);

    private static async Task<LeaverCase> LiveAsync(int days, params IEnumerable<Happening> happenings)
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await HistoryRun.LiveAsync(new(days, [.. happenings]), world, new LeaverInvariants(world));
        return (await world.CaseAsync(Person.Lea, "1"))!;
    }

    [Fact]
    public async Task A_held_case_that_is_rescheduled_waits_for_its_day_whoever_approves()
    {
        var known = await LiveAsync(
            30,
            [new EditsPolicy(TimeSpan.Zero, PolicyEdit.ProtectLea), Terminated(1, 1), Rescheduled(3, 2, day: 90), .. Approved(4)]
        );

        Assert.Null(known.BlockedAt);
    }

    [Fact]
    public async Task An_unmatched_case_that_is_rescheduled_waits_for_its_day_whoever_puts_the_id_right()
    {
        var known = await LiveAsync(
            30,
            Directory(0.5, DirectoryEdit.ClearEmployeeId),
            Terminated(1, 1),
            Rescheduled(3, 2, day: 90),
            Directory(4, DirectoryEdit.SetEmployeeId)
        );

        Assert.Null(known.BlockedAt);
    }

    [Fact]
    public async Task A_second_undo_asks_again()
    {
        var known = await LiveAsync(10, [Terminated(1, 1), Cancelled(2, 2), .. Approved(3), Terminated(30, 3), Cancelled(32, 4)]);

        Assert.Equal((LeaverStage.Restoring, 2), (known.Stage, known.Round));
    }

    private static Happening[] TheWrongOneWasBlockedAndIsPutRight(double putRight) =>
        [
            Directory(0.5, DirectoryEdit.TakeLeasEmployeeId, Person.Mia),
            Terminated(1, 1),
            Cancelled(2, 2),
            Directory(putRight, DirectoryEdit.SetEmployeeId, Person.Mia),
            Directory(putRight, DirectoryEdit.SetEmployeeId),
        ];

    private static async Task<(LeaverCase Case, PersonAccess Lea, PersonAccess Mia)> LookAsync(
        int days,
        params IEnumerable<Happening> happenings
    )
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await HistoryRun.LiveAsync(new(days, [.. happenings.OrderBy(h => h.At)]), world, new LeaverInvariants(world));
        var tenant = world.Sandbox.Tenant;
        return ((await world.CaseAsync(Person.Lea, "1"))!, PersonAccess.Read(tenant, Person.Lea), PersonAccess.Read(tenant, Person.Mia));
    }

    private static PersonAccess AtFirst(Person who) => PersonAccess.Read(SmallTenant.Create(), who);

    [Fact]
    public async Task After_a_wrong_match_another_round_asks_who_is_meant()
    {
        var (known, lea, mia) = await LookAsync(10, [.. TheWrongOneWasBlockedAndIsPutRight(4), .. Approved(3), Terminated(30, 3)]);

        Assert.Equal((LeaverStage.Held, SmallTenant.IdOf(Person.Mia)), (known.Stage, known.UserId));
        Assert.Equal((AtFirst(Person.Lea), AtFirst(Person.Mia)), (lea, mia));
    }

    [Fact]
    public async Task After_a_wrong_match_two_approvers_let_the_right_one_be_blocked()
    {
        var (known, lea, mia) = await LookAsync(
            10,
            [.. TheWrongOneWasBlockedAndIsPutRight(4), .. Approved(3), Terminated(30, 3), .. Approved(31)]
        );

        Assert.Equal((LeaverStage.Clear, SmallTenant.IdOf(Person.Lea)), (known.Stage, known.UserId));
        Assert.Equal((false, AtFirst(Person.Mia)), (lea.Enabled, mia));
    }

    // Nobody answers before the next termination: two approve the right match then, and after that what the wrong one lost.
    [Fact]
    public async Task The_wrong_one_is_given_access_back_when_the_right_one_is_known()
    {
        var (_, lea, mia) = await LookAsync(
            10,
            [.. TheWrongOneWasBlockedAndIsPutRight(4), Terminated(30, 3), .. Approved(31), .. Approved(40)]
        );

        Assert.Equal((false, AtFirst(Person.Mia)), (lea.Enabled, mia));
    }

    [Fact]
    public async Task What_several_rounds_took_is_given_back_together()
    {
        var (known, lea, _) = await LookAsync(10, [Terminated(1, 1), Cancelled(2, 2), Terminated(3, 3), Cancelled(30, 4), .. Approved(31)]);

        Assert.Equal((LeaverStage.Restored, 2, AtFirst(Person.Lea)), (known.Stage, known.Round, lea));
    }

    [Fact]
    public async Task Who_was_blocked_and_stays_for_longer_gets_access_back_until_the_new_day()
    {
        Happening[] happenings = [Terminated(1, 1), Rescheduled(30, 2, day: 20), .. Approved(40)];
        var (_, meanwhile, _) = await LookAsync(19, happenings);
        var (known, after, _) = await LookAsync(21, happenings);

        Assert.Equal((AtFirst(Person.Lea), false), (meanwhile, after.Enabled));
        Assert.Equal((LeaverStage.Clear, LeaverWorld.Start + TimeSpan.FromDays(20)), (known.Stage, known.BlockedAt));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_yes_of_long_ago_has_to_be_given_again(bool again)
    {
        var known = await LiveAsync(
            30,
            [
                new EditsPolicy(TimeSpan.Zero, PolicyEdit.ProtectLea),
                Terminated(1, 1),
                new Answers(TimeSpan.FromHours(2), 0),
                new Answers(TimeSpan.FromDays(5), 1),
                .. again ? [new Answers(TimeSpan.FromDays(6), 0)] : (Answers[])[],
            ]
        );

        Assert.Equal(again, known.BlockedAt is not null);
    }

    [Fact]
    public async Task What_was_taken_is_not_forgotten_when_the_next_round_is_taken_back_before_it_began()
    {
        var known = await LiveAsync(10, [Terminated(1, 1), Cancelled(2, 2), Rescheduled(3, 3, day: 50), Cancelled(30, 4)]);

        Assert.Equal((LeaverStage.Restoring, true), (known.Stage, known.IsTaken));
    }

    [Fact]
    public async Task A_refused_undo_is_asked_about_again_after_a_later_event()
    {
        var known = await LiveAsync(
            10,
            [Terminated(1, 1), Cancelled(2, 2), new Answers(TimeSpan.FromHours(3), 0, Approve: false), Cancelled(30, 3)]
        );

        Assert.Equal((LeaverStage.Restoring, true), (known.Stage, known.IsTaken));
    }

    [Fact]
    public async Task An_account_that_may_not_be_disabled_is_told_at_once_and_the_rest_is_taken_away()
    {
        var (known, lea, _) = await LookAsync(1, Lacks(0.5, "User.EnableDisableAccount.All"), Terminated(1, 1));

        Assert.Equal((LeaverStage.Blocking, true, 0), (known.Stage, lea.Enabled, lea.Holds.Count));
        Assert.Contains("could not be blocked", known.Note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_is_disabled_once_the_permission_is_there_again()
    {
        var known = await LiveAsync(
            4,
            [
                Lacks(0.5, "User.EnableDisableAccount.All"),
                Terminated(1, 1),
                new Permits(TimeSpan.FromHours(30), "User.EnableDisableAccount.All", Granted: true),
            ]
        );

        Assert.Equal((LeaverStage.Clear, null), (known.Stage, known.Note));
    }

    private static HrSends Rehired(double hour) => new(TimeSpan.FromHours(hour), "rehired", 1, Employment: "2");

    [Fact]
    public async Task Who_is_employed_again_is_left_alone_by_the_stuck_case_of_the_old_employment()
    {
        var (known, lea, _) = await LookAsync(
            10,
            Lacks(0.5, "GroupMember.ReadWrite.All"),
            Terminated(1, 1),
            Rehired(5),
            Directory(6, DirectoryEdit.Enable)
        );

        Assert.Equal((LeaverStage.Closed, "2", true), (known.Stage, known.EmployedIn, lea.Enabled));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public async Task Who_is_employed_again_before_the_old_employment_ends_is_not_blocked_in_whatever_order_HR_sends(
        double terminatedArrives
    )
    {
        var end = TimeSpan.FromDays(5);
        var (known, lea, _) = await LookAsync(
            10,
            new HrSends(TimeSpan.FromHours(terminatedArrives), "terminated", 1, end, Sent: TimeSpan.FromHours(1)),
            Rehired(5)
        );

        Assert.Equal((LeaverStage.Closed, null, AtFirst(Person.Lea)), (known.Stage, known.BlockedAt, lea));
    }

    // Of a transfer HR may report the new employment first. When its notice arrives does not matter, nor whether the old one's last day has
    // come by then.
    [Theory]
    [InlineData(1, 5, 120)]
    [InlineData(1, 5, 4)]
    [InlineData(20, 5, 120)]
    public async Task Who_is_employed_in_another_employment_is_not_blocked_by_the_end_of_one_that_HR_reports_afterwards(
        double rehiredArrives,
        double terminatedArrives,
        double lastHour
    )
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await HistoryRun.LiveAsync(
            new(
                10,
                [
                    .. new[]
                    {
                        new HrSends(TimeSpan.FromHours(rehiredArrives), "rehired", 1, Employment: "2", Sent: TimeSpan.FromHours(1)),
                        new HrSends(TimeSpan.FromHours(terminatedArrives), "terminated", 1, TimeSpan.FromHours(lastHour)),
                    }.OrderBy(h => h.At),
                ]
            ),
            world,
            new LeaverInvariants(world)
        );

        var known = (await world.CaseAsync(Person.Lea, "1"))!;
        Assert.Equal((LeaverStage.Closed, null, "2"), (known.Stage, known.BlockedAt, known.EmployedIn));
        Assert.Equal((AtFirst(Person.Lea), true), (PersonAccess.Read(world.Sandbox.Tenant, Person.Lea), world.HasFinding("LEAVE-015")));
    }

    // If HR never ends the other employment, nothing but this finding shows that the person keeps their access.
    [Fact]
    public async Task That_another_employment_keeps_a_leaver_from_being_blocked_is_a_finding_until_HR_or_a_person_decides()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await HistoryRun.LiveAsync(
            new(
                1,
                [
                    new HrSends(TimeSpan.FromHours(1), "rehired", 4, Employment: "2"),
                    new HrSends(TimeSpan.FromHours(2), "terminated", 1, TimeSpan.FromDays(5)),
                ]
            ),
            world,
            new NothingWatched()
        );
        var first = Assert.Single(await OpenAsync(world, "LEAVE-015"));
        var caseId = (await world.CaseAsync(Person.Lea, "1"))!.Id;
        Assert.Equal(
            (
                Severity.High,
                "Employment 1 ends on 2027-01-09 08:00Z, and HR reported on 2027-01-04 09:00Z that the person works on in employment 2: "
                    + "this case takes nothing away."
            ),
            (first.Severity, first.Reason)
        );
        Assert.Equal(
            "If the person leaves altogether, have HR send hr.employee.terminated for employment 2 with a sequence above 4, or end all "
                + "access now: compliance offboard start USER --for-cause --reason TEXT, USER being the account's address or object id. "
                + "If the person works on, have HR send hr.employee.rehired for employment 2 with a sequence above 4, and see that the "
                + $"account can sign in and holds what that employment needs and nothing else: compliance offboard show {caseId}.",
            first.NextStep
        );

        await world.RunUntilAsync(LeaverWorld.Start.AddDays(6));
        var due = Assert.Single(await OpenAsync(world, "LEAVE-015"));
        Assert.Equal((Severity.Critical, true), (due.Severity, due.Reason.Contains("ended on 2027-01-09", StringComparison.Ordinal)));
        await world.RunUntilAsync(LeaverWorld.Start.AddDays(120));
        Assert.Equal(Severity.Critical, Assert.Single(await OpenAsync(world, "LEAVE-015")).Severity);

        await world.HappenAsync(new HrSends(TimeSpan.FromDays(120), "terminated", 5, TimeSpan.FromDays(120), Employment: "2"));
        await world.RunUntilAsync(LeaverWorld.Start.AddDays(122));

        Assert.Empty(await OpenAsync(world, "LEAVE-015"));
        Assert.False(PersonAccess.Read(world.Sandbox.Tenant, Person.Lea).Enabled);
    }

    // What HR reports after the end is certain.
    [Fact]
    public async Task That_another_employment_keeps_a_leaver_from_being_blocked_is_no_finding_for_ever_once_HR_confirms_it()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await HistoryRun.LiveAsync(
            new(
                8,
                [
                    new HrSends(TimeSpan.FromHours(1), "rehired", 4, Employment: "2"),
                    new HrSends(TimeSpan.FromHours(2), "terminated", 1, TimeSpan.FromDays(5)),
                    new HrSends(TimeSpan.FromDays(7), "rehired", 5, Employment: "2"),
                ]
            ),
            world,
            new LeaverInvariants(world)
        );
        Assert.Single(await OpenAsync(world, "LEAVE-015"));

        await world.RunUntilAsync(LeaverWorld.Start + world.Policy.WatchFor + TimeSpan.FromDays(2));

        Assert.Empty(await OpenAsync(world, "LEAVE-015"));
    }

    private static async Task<List<Detection>> OpenAsync(LeaverWorld world, string control)
    {
        var found = new List<Detection>();
        var open = world.Services.GetRequiredService<IFindingStore>().ListOpenAsync(SmallTenant.Id, TestContext.Current.CancellationToken);
        await foreach (var finding in open)
            if (finding.Detection.ControlId == control)
                found.Add(finding.Detection);
        return found;
    }

    [Fact]
    public async Task Who_leaves_for_cause_is_blocked_whatever_employment_HR_reported_before()
    {
        var (known, lea, _) = await LookAsync(3, new HrSends(TimeSpan.FromHours(1), "rehired", 1, Employment: "2"), Terminated(5, 1));

        Assert.Equal((LeaverStage.Clear, false), (known.Stage, lea.Enabled));
    }

    [Theory]
    [InlineData(3, 6)]
    [InlineData(6, 3)]
    public async Task Of_two_employments_that_end_the_person_leaves_with_the_longer_one(double firstDay, double secondDay)
    {
        HrSends[] ends =
        [
            new HrSends(TimeSpan.FromHours(1), "terminated", 1, TimeSpan.FromDays(firstDay)),
            new HrSends(TimeSpan.FromHours(2), "terminated", 1, TimeSpan.FromDays(secondDay), Employment: "2"),
        ];
        var (_, meanwhile, _) = await LookAsync(5, ends);
        var (_, after, _) = await LookAsync(8, ends);

        Assert.Equal((AtFirst(Person.Lea), false), (meanwhile, after.Enabled));
    }

    [Fact]
    public async Task No_advice_is_given_to_enable_an_account_that_another_employment_s_end_disabled()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await HistoryRun.LiveAsync(
            new(2, [Terminated(1, 1), Cancelled(2, 2), Lacks(2.5, "User.EnableDisableAccount.All"), .. Approved(3)]),
            world,
            new NothingWatched()
        );
        Assert.Contains(await NotGivenBackAsync(world), f => f.Contains("accountEnabled", StringComparison.Ordinal));

        await world.HappenAsync(new Permits(TimeSpan.FromDays(2), "User.EnableDisableAccount.All", Granted: true));
        await world.HappenAsync(new HrSends(TimeSpan.FromDays(2), "terminated", 1, TimeSpan.FromDays(2), Employment: "2", ForCause: true));
        await world.RunUntilAsync(world.Now.AddHours(1));

        Assert.NotNull((await world.CaseAsync(Person.Lea, "2"))!.BlockedAt);
        Assert.Empty(await NotGivenBackAsync(world));
        await world.RunUntilAsync(world.Now.AddDays(2));
        Assert.Empty(await NotGivenBackAsync(world));
    }

    [Fact]
    public async Task While_the_policy_cannot_be_used_nothing_is_done_and_then_it_goes_on_by_itself()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await HistoryRun.LiveAsync(
            new(1, [new EditsPolicy(TimeSpan.FromHours(0.5), PolicyEdit.Break), Terminated(1, 1)]),
            world,
            new NothingWatched()
        );
        Assert.Equal(AtFirst(Person.Lea), PersonAccess.Read(world.Sandbox.Tenant, Person.Lea));

        await world.HappenAsync(new EditsPolicy(TimeSpan.Zero, PolicyEdit.Correct));
        await world.RunUntilAsync(world.Now.AddHours(1));

        Assert.Equal(LeaverStage.Clear, (await world.CaseAsync(Person.Lea, "1"))!.Stage);
    }

    private static async Task<List<string>> NotGivenBackAsync(LeaverWorld world)
    {
        var found = new List<string>();
        var open = world.Services.GetRequiredService<IFindingStore>().ListOpenAsync(SmallTenant.Id, TestContext.Current.CancellationToken);
        await foreach (var finding in open)
            if (finding.Detection.Reason.StartsWith("Not given back", StringComparison.Ordinal))
                found.Add(finding.Detection.NextStep!);
        return found;
    }

    [Fact]
    public async Task A_case_that_rested_for_another_employment_goes_on_when_that_has_ended_too()
    {
        var (known, _, _) = await LookAsync(
            8,
            new HrSends(TimeSpan.FromHours(1), "terminated", 1, TimeSpan.FromDays(5)),
            Rehired(5),
            new HrSends(TimeSpan.FromDays(3), "terminated", 2, TimeSpan.FromDays(4), Employment: "2")
        );

        Assert.Equal((LeaverStage.Clear, null), (known.Stage, known.EmployedIn));
    }

    [Fact]
    public async Task Who_leaves_the_new_employment_as_well_is_blocked_by_its_case()
    {
        var (known, lea, _) = await LookAsync(
            10,
            Terminated(1, 1),
            Rehired(5),
            Directory(6, DirectoryEdit.Enable),
            new HrSends(TimeSpan.FromHours(50), "terminated", 2, TimeSpan.FromHours(50), Employment: "2", ForCause: true)
        );

        Assert.Equal((LeaverStage.Closed, false), (known.Stage, lea.Enabled));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_case_whose_orchestration_was_ended_by_somebody_goes_on_and_says_so(bool purged)
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await HistoryRun.LiveAsync(
            new(2, [new HrSends(TimeSpan.FromHours(1), "terminated", 1, TimeSpan.FromDays(10))]),
            world,
            new LeaverInvariants(world)
        );
        var id = (await world.CaseAsync(Person.Lea, "1"))!.InstanceId;
        await world.Simulation.Client.TerminateInstanceAsync(id, cancellation: TestContext.Current.CancellationToken);
        await world.RunUntilAsync(world.Now.AddMinutes(1));
        if (purged)
            await world.Simulation.Client.PurgeInstanceAsync(id, cancellation: TestContext.Current.CancellationToken);

        await world.RunUntilAsync(LeaverWorld.Start + TimeSpan.FromDays(2.5));
        Assert.True(world.HasFinding("LEAVE-015"));
        Assert.Contains(world.EvidenceIds(), e => e.Contains("-restarted-", StringComparison.Ordinal));
        await world.RunUntilAsync(LeaverWorld.Start + TimeSpan.FromDays(11));

        var known = await world.CaseAsync(Person.Lea, "1");
        Assert.Equal((LeaverStage.Clear, LeaverWorld.Start + TimeSpan.FromDays(10)), (known!.Stage, known.BlockedAt));
        Assert.False(world.HasFinding("LEAVE-015"));
    }

    // As if the process had been killed after the block and before its record, and the policy edited then.
    [Fact]
    public async Task A_policy_edited_after_the_block_does_not_keep_the_case_from_going_on()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var world = await LeaverWorld.StartAsync(cancellationToken: cancellationToken);
        await HistoryRun.LiveAsync(new(1, [Terminated(1, 1)]), world, new LeaverInvariants(world));
        var (documents, steps) = (world.Services.GetRequiredService<BlobDocumentStore>(), world.Services.GetRequiredService<LeaverSteps>());
        var run = new CaseRun((await world.CaseAsync(Person.Lea, "1"))!.Id, 1, "again");
        var before = await documents.ChangeAsync<CaseState>(
            LeaverRounds.Name(run, "state.json"),
            s => s! with { Evidence = [], Recorded = new Dictionary<string, string>() },
            cancellationToken
        );
        await world.HappenAsync(new EditsPolicy(TimeSpan.Zero, PolicyEdit.Comment));

        var decision = await steps.BlockAsync(run, cancellationToken);

        var after = await documents.LoadAsync<CaseState>(LeaverRounds.Name(run, "state.json"), cancellationToken);
        Assert.Equal((NextAction.Proceed, before.Begun[0]), (decision.Outcome, decision.PlanId));
        Assert.Contains(after!.Evidence, e => e.EndsWith("-done", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_records_of_a_case_name_the_controls_that_they_are_evidence_for()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await HistoryRun.LiveAsync(
            new(3, [new EditsPolicy(TimeSpan.Zero, PolicyEdit.ProtectLea), Terminated(1, 1), .. Approved(30)]),
            world,
            new LeaverInvariants(world)
        );

        var controls = world.EvidenceControls().GroupBy(r => r.Action).ToDictionary(g => g.Key, g => string.Join(" ", g.First().Controls));
        Assert.Equal(
            [
                "LEAVE-011",
                "LEAVE-010",
                "LEAVE-010 LEAVE-011",
                "LEAVE-012 LEAVE-013",
                "LEAVE-012",
                "LEAVE-012 LEAVE-013",
                "LEAVE-012 LEAVE-013",
            ],
            new[]
            {
                "offboarding.held",
                "offboarding.approval-overdue",
                "approval.answer",
                "offboarding.block",
                "offboarding.snapshot",
                "offboarding.remove",
                "offboarding.certificate",
            }.Select(a => controls[a])
        );
    }

    [Fact]
    public async Task An_administrator_who_leaves_does_not_stand_in_for_another_one()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        SmallTenant.MakeAdministrator(world.Sandbox.Tenant, Person.Lea);
        SmallTenant.MakeAdministrator(world.Sandbox.Tenant, Person.Noa);
        await HistoryRun.LiveAsync(
            new(
                2,
                [
                    new EditsPolicy(TimeSpan.Zero, PolicyEdit.ProtectLea),
                    Terminated(1, 1),
                    new HrSends(TimeSpan.FromHours(2), "terminated", 1, TimeSpan.FromHours(2), Person.Noa, ForCause: true),
                ]
            ),
            world,
            new LeaverInvariants(world)
        );

        var known = await world.CaseAsync(Person.Noa, "1");
        Assert.Equal((LeaverStage.Held, "no other Global Administrator can sign in"), (known!.Stage, known.Note));
    }

    [Fact]
    public async Task That_nobody_fits_stays_a_finding_while_the_directory_cannot_be_read()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await HistoryRun.LiveAsync(
            new(
                2,
                [
                    Directory(0.5, DirectoryEdit.ClearEmployeeId),
                    Terminated(1, 1),
                    new ServiceFails(TimeSpan.FromHours(40), "graph/* => status=429", TimeSpan.FromHours(20)),
                ]
            ),
            world,
            new LeaverInvariants(world)
        );

        Assert.Equal((true, true), (world.HasFinding("LEAVE-003"), world.HasFinding("LEAVE-011")));
    }

    [Fact]
    public async Task Who_is_due_and_held_for_a_day_is_told_as_not_blocked()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await HistoryRun.LiveAsync(
            new(2, [new EditsPolicy(TimeSpan.Zero, PolicyEdit.ProtectLea), Terminated(1, 1)]),
            world,
            new LeaverInvariants(world)
        );

        Assert.True(world.HasFinding("LEAVE-015"));
    }

    [Fact]
    public async Task A_former_leaver_of_whom_something_was_not_read_is_a_finding_and_blocked_when_seen_enabled()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await HistoryRun.LiveAsync(
            new(5, [Terminated(1, 1), Lacks(48, "GroupMember.Read.All"), Directory(60, DirectoryEdit.Enable)]),
            world,
            new LeaverInvariants(world)
        );

        var lea = PersonAccess.Read(world.Sandbox.Tenant, Person.Lea);
        Assert.Equal((false, true), (lea.Enabled, world.HasFinding("LEAVE-014")));
    }

    [Fact]
    public async Task A_relapse_stays_open_while_the_account_is_enabled()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await HistoryRun.LiveAsync(
            new(30, [Terminated(1, 1), Lacks(24 * 10, "User.EnableDisableAccount.All"), Directory(24 * 10, DirectoryEdit.Enable)]),
            world,
            new LeaverInvariants(world)
        );

        Assert.True(world.HasFinding("LEAVE-014"));
    }

    [Fact]
    public async Task A_leaver_whose_removal_is_stuck_leaves_little_in_a_month()
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        var watch = new LeaverInvariants(world);
        await HistoryRun.LiveAsync(new(2, [Lacks(0.5, "GroupMember.ReadWrite.All"), Terminated(1, 1)]), world, watch);
        var before = (Records: world.EvidenceRecords(), Bytes: world.StoredBytes());
        await world.RunUntilAsync(LeaverWorld.Start + TimeSpan.FromDays(32));

        // A certificate and the records of the daily checks.
        Assert.InRange(world.EvidenceRecords() - before.Records, 30, 30 * 4);
        Assert.InRange(world.StoredBytes() - before.Bytes, 1, 30 * 8192);
    }
}
