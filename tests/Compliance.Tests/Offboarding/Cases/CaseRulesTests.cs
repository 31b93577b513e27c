using Compliance.Offboarding;
using Compliance.Offboarding.Cases;
using CsCheck;
using Testing;
using static Compliance.Tests.Offboarding.Intake.Hr;

namespace Compliance.Tests.Offboarding.Cases;

public sealed class CaseRulesTests
{
    private const string Tenant = "7f2a0c11-0000-4000-8000-000000000001";

    private static readonly DateTimeOffset Due = new(2026, 11, 30, 16, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_first_event_opens_a_scheduled_case_and_asks_for_its_orchestration()
    {
        var taken = CaseRules.Take(Tenant, null, Terminated(), Now);

        Assert.Equal(
            new Taken(
                new()
                {
                    Id = HrEventKeys.CaseOf(Tenant, "NW-1042", "2019-04"),
                    TenantId = Tenant,
                    EmployeeId = "NW-1042",
                    Employment = "2019-04",
                    Sequence = 1,
                    Latest = Terminated(),
                    ReceivedAt = Now,
                    DueAt = Due,
                    Stage = LeaverStage.Scheduled,
                },
                IntakeOutcome.Started
            ),
            taken
        );
        Assert.Matches("^leaver-[0-9a-f]{32}$", taken.Case.Id);
    }

    [Fact]
    public void A_case_that_may_still_do_something_is_never_settled()
    {
        bool[] both = [false, true];
        var settled = 0;
        foreach (var stage in Enum.GetValues<LeaverStage>())
            foreach (var latest in new[] { Terminated(), Terminated(forCause: true), Rescheduled(1, 31), Cancelled(1), Rehired(1) })
                for (var bits = 0; bits < 64; bits++)
                {
                    bool Is(int bit) => (bits & (1 << bit)) != 0;
                    var known = Running(stage) with
                    {
                        Latest = latest,
                        DueAt = CaseRules.DueAt(latest, Now),
                        BegunAt = Is(0) ? Now : null,
                        RestedAt = Is(1) ? Now : null,
                        IsTaken = Is(2),
                        IsTakenFromOther = Is(3),
                        UndoRefusedAt = Is(4) ? 1 : null,
                        EmployedIn = Is(5) ? "2" : null,
                    };
                    // Whatever the clock says.
                    var mayAct =
                        CaseRules.IsActing(known)
                        || known.EmployedIn is not null
                        || both.Any(late => CaseRules.IsUndoWanted(known, late ? Now.AddYears(2) : Now));
                    Assert.False(mayAct && CaseRules.IsSettled(known), $"{known}");
                    settled += CaseRules.IsSettled(known) ? 1 : 0;
                }
        // Who left, and nothing else is wanted.
        var left = Running(LeaverStage.Clear) with
        {
            BegunAt = Now,
            RestedAt = Now,
            IsTaken = true,
        };
        var cause = new ForCauseStart
        {
            UserId = "u",
            PrincipalName = "u@x",
            StartedBy = "a",
            Reason = "r",
            At = Now,
            ConfirmBy = Now,
        };
        Assert.True(CaseRules.IsSettled(left));
        Assert.True(CaseRules.IsSettled(left with { Cause = cause with { Settled = true } }));
        Assert.False(CaseRules.IsSettled(left with { Cause = cause }));
        Assert.False(CaseRules.IsSettled(left with { IsGroupDue = true }));
        Assert.InRange(settled, 100, 2000);
    }

    [Fact]
    public void A_case_keeps_a_bounded_number_of_acts_that_are_not_on_record()
    {
        var known = Running(LeaverStage.Clear);
        for (var i = 0; i < 500; i++)
            known = CaseRules.Unrecorded(known, Act(i, i % 2 == 0 ? "offboarding.restarted" : "offboarding.reopened"));

        Assert.Equal(CaseRules.MaxUnrecorded, known.Unrecorded!.Count);
        Assert.Equal(500, known.Unrecorded.Sum(a => a.Times));
        Assert.Equal(["act-499", "act-498"], known.Unrecorded.OrderByDescending(a => a.At).Take(2).Select(a => a.Id));
        Assert.Equal(19, CaseRules.Recorded(known, known.Unrecorded[0]).Unrecorded!.Count);

        static UnrecordedAct Act(int i, string action) =>
            new($"act-{i}", Now.AddMinutes(i), "LeaverSweep (timer)", action, "LEAVE-015", "lost", "c");
    }

    [Fact]
    public void A_case_whose_details_were_erased_knows_its_person_again_by_the_next_event()
    {
        var erased = CaseRules.Take(Tenant, null, Cancelled(1), Now).Case with { EmployeeId = LeaverCase.Erased };

        Assert.Equal("NW-1042", CaseRules.Take(Tenant, erased, Terminated(2), Now).Case.EmployeeId);
    }

    [Fact]
    public void For_cause_is_due_when_HR_says_it_and_no_clock_that_runs_ahead_delays_it()
    {
        Assert.Equal(Now.AddHours(-1), CaseRules.DueAt(Terminated(forCause: true, leaves: MonthEnd), Now));
        Assert.Equal(Now, CaseRules.DueAt(Terminated(forCause: true) with { Time = Now.AddDays(3) }, Now));
        Assert.Equal(
            Due.AddDays(-30),
            CaseRules.DueAt(Terminated(forCause: true, leaves: MonthEnd with { Local = MonthEnd.Local.AddDays(-30) }), Now)
        );
    }

    [Theory]
    [InlineData(LeaverStage.Scheduled, 2, LeaverStage.Scheduled, 1, IntakeOutcome.Updated)]
    [InlineData(LeaverStage.Held, 2, LeaverStage.Held, 1, IntakeOutcome.Updated)]
    [InlineData(LeaverStage.Clear, 2, LeaverStage.Scheduled, 2, IntakeOutcome.Started)]
    [InlineData(LeaverStage.Restoring, 2, LeaverStage.Scheduled, 2, IntakeOutcome.Started)]
    [InlineData(LeaverStage.Cancelled, 2, LeaverStage.Scheduled, 2, IntakeOutcome.Started)]
    [InlineData(LeaverStage.Closed, 2, LeaverStage.Scheduled, 2, IntakeOutcome.Started)]
    [InlineData(LeaverStage.Restored, 2, LeaverStage.Scheduled, 2, IntakeOutcome.Started)]
    [InlineData(LeaverStage.Scheduled, 0, LeaverStage.Scheduled, 1, IntakeOutcome.Stale)]
    [InlineData(LeaverStage.Closed, 0, LeaverStage.Closed, 1, IntakeOutcome.Stale)]
    public void Another_date_does_this_by_stage_and_sequence(
        LeaverStage stage,
        long sequence,
        LeaverStage then,
        int round,
        IntakeOutcome outcome
    )
    {
        var taken = CaseRules.Take(Tenant, Running(stage), Rescheduled(sequence, days: 31), Now);

        Assert.Equal(
            (then, round, outcome, sequence == 2 ? Due.AddDays(31) : Due),
            (taken.Case.Stage, taken.Case.Round, taken.Outcome, taken.Case.DueAt)
        );
        Assert.Equal(round == 1, taken.Case.Dispatched);
    }

    [Theory]
    [InlineData(LeaverStage.Scheduled, LeaverStage.Cancelled, 1, IntakeOutcome.Updated)]
    [InlineData(LeaverStage.Unmatched, LeaverStage.Cancelled, 1, IntakeOutcome.Updated)]
    [InlineData(LeaverStage.Held, LeaverStage.Cancelled, 1, IntakeOutcome.Updated)]
    [InlineData(LeaverStage.Blocked, LeaverStage.Blocked, 1, IntakeOutcome.Updated)]
    [InlineData(LeaverStage.Removing, LeaverStage.Removing, 1, IntakeOutcome.Updated)]
    [InlineData(LeaverStage.AwaitingApproval, LeaverStage.AwaitingApproval, 1, IntakeOutcome.Updated)]
    [InlineData(LeaverStage.Clear, LeaverStage.Clear, 1, IntakeOutcome.Updated)]
    [InlineData(LeaverStage.Closed, LeaverStage.Closed, 1, IntakeOutcome.Updated)]
    [InlineData(LeaverStage.Restored, LeaverStage.Restored, 1, IntakeOutcome.Updated)]
    public void Taking_it_back_ends_a_case_before_the_act_and_leaves_the_rest_to_its_orchestration(
        LeaverStage stage,
        LeaverStage then,
        int round,
        IntakeOutcome outcome
    ) =>
        Assert.All(
            [Cancelled(2), Rehired(2)],
            back =>
            {
                var taken = CaseRules.Take(Tenant, Running(stage), back, Now);

                Assert.Equal((then, round, outcome, null), (taken.Case.Stage, taken.Case.Round, taken.Outcome, taken.Case.DueAt));
            }
        );

    [Fact]
    public void A_case_that_is_held_after_the_act_is_not_cancelled() =>
        Assert.Equal(
            LeaverStage.Held,
            CaseRules.Take(Tenant, Running(LeaverStage.Held) with { BlockedAt = Now }, Cancelled(2), Now).Case.Stage
        );

    [Fact]
    public void Another_round_begins_without_what_the_last_one_left()
    {
        var closed = Running(LeaverStage.Closed) with
        {
            UserId = "u",
            Note = "n",
            BegunAt = Now,
            BlockedAt = Now,
            ClearAt = Now,
            RestedAt = Now,
            PlanId = "p",
            CertificateSha256 = "c",
        };

        var again = CaseRules.Take(Tenant, closed, Terminated(9), Now).Case;

        Assert.Equal(
            closed with
            {
                Round = 2,
                Sequence = 9,
                Latest = Terminated(9),
                Stage = LeaverStage.Scheduled,
                Dispatched = false,
                Note = null,
                BegunAt = null,
                BlockedAt = null,
                ClearAt = null,
                RestedAt = null,
                PlanId = null,
                CertificateSha256 = null,
            },
            again
        );
        Assert.Equal($"{closed.Id}-2", again.InstanceId);
    }

    [Fact]
    public void An_event_again_asks_for_the_orchestration_until_it_is_confirmed()
    {
        var first = CaseRules.Take(Tenant, null, Terminated(), Now).Case;

        Assert.Equal(new Taken(first, IntakeOutcome.Started), CaseRules.Take(Tenant, first, Terminated(), Now.AddDays(1)));
        var confirmed = first with { Dispatched = true };
        Assert.Equal(new Taken(confirmed, IntakeOutcome.Repeat), CaseRules.Take(Tenant, confirmed, Terminated(), Now.AddDays(1)));
    }

    [Fact]
    public void Of_two_events_with_one_sequence_the_first_stays_and_the_other_is_told()
    {
        var known = Running(LeaverStage.Scheduled);

        Assert.Equal(new Taken(known, IntakeOutcome.Stale, Conflict: true), CaseRules.Take(Tenant, known, Rescheduled(1, days: 5), Now));
        Assert.Equal(
            new Taken(known, IntakeOutcome.Repeat),
            CaseRules.Take(Tenant, known, Terminated() with { Id = "sent again", Time = Now }, Now)
        );
    }

    [Fact]
    public void A_case_is_another_for_another_tenant_person_or_employment_and_no_two_spellings_meet()
    {
        string[] ids =
        [
            HrEventKeys.CaseOf(Tenant, "a", "b"),
            HrEventKeys.CaseOf(Tenant, "ab", ""),
            HrEventKeys.CaseOf(Tenant, "a\n", "b"),
            HrEventKeys.CaseOf(Tenant, "a", "\nb"),
            HrEventKeys.CaseOf("other", "a", "b"),
            HrEventKeys.CaseOf(Tenant, "b", "a"),
        ];

        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.Equal(ids[0], HrEventKeys.CaseOf(Tenant.ToUpperInvariant(), "a", "b"));
        // Entra compares employee ids without regard to letter case.
        Assert.Equal(ids[0], HrEventKeys.CaseOf(Tenant, "A", "b"));
    }

    [Fact]
    public void Who_is_there_in_a_later_employment_is_no_residue_of_the_earlier_one()
    {
        var old = Running(LeaverStage.Clear);
        LeaverCase Other(HrEvent latest) => CaseRules.Take(Tenant, null, latest with { Time = Now }, Now).Case;

        Assert.True(CaseRules.IsEmployedAgain(old, [old, Other(Rehired(1, "2027-01"))], Now));
        Assert.True(CaseRules.IsEmployedAgain(old, [Other(Terminated(2, employment: "2027-01"))], Now));
        Assert.False(CaseRules.IsEmployedAgain(old, [Other(Terminated(2, employment: "2027-01"))], Due));
        Assert.False(CaseRules.IsEmployedAgain(old, [Other(Rehired(1, "2027-01")) with { EmployeeId = "NW-2" }], Now));
        Assert.False(CaseRules.IsEmployedAgain(old, [old with { Latest = Rehired(1) with { Time = Now } }], Now));
        Assert.True(CaseRules.IsEmployedAgain(old, [Other(Rehired(1, "2027-01")) with { EmployeeId = "nw-1042" }], Now));
        // Reported before the other one's end, and outlasts it.
        var reportedLater = old with
        {
            Latest = Terminated() with { Time = Now },
        };
        Assert.True(CaseRules.IsEmployedAgain(reportedLater, [Other(Rehired(1, "2027-01"))], Now));
        Assert.False(CaseRules.IsEmployedAgain(reportedLater, [Other(Terminated(2, employment: "2027-01"))], Now));
        var forCause = old with { Latest = Terminated(forCause: true) with { Time = Now } };
        Assert.False(CaseRules.IsEmployedAgain(forCause, [Other(Rehired(1, "2027-01"))], Now));
    }

    [Fact]
    public void A_case_whose_round_has_begun_is_not_cancelled_though_nothing_is_known_to_be_done()
    {
        foreach (var stage in (LeaverStage[])[LeaverStage.Scheduled, LeaverStage.Unmatched, LeaverStage.Held])
            Assert.Equal(stage, CaseRules.Take(Tenant, Running(stage) with { BegunAt = Now }, Cancelled(2), Now).Case.Stage);
    }

    [Theory]
    [InlineData(LeaverStage.Held)]
    [InlineData(LeaverStage.Blocked)]
    [InlineData(LeaverStage.AwaitingApproval)]
    public void What_came_to_rest_after_it_was_taken_back_goes_on_in_another_round(LeaverStage stage)
    {
        var rested = Running(stage) with { BegunAt = Now, BlockedAt = Now, RestedAt = Now };

        var again = CaseRules.Take(Tenant, rested, Terminated(3), Now);

        Assert.Equal((2, LeaverStage.Scheduled, IntakeOutcome.Started), (again.Case.Round, again.Case.Stage, again.Outcome));
        Assert.Equal((1, stage), RoundAndStage(CaseRules.Take(Tenant, rested, Cancelled(3), Now).Case));
    }

    [Fact]
    public void A_clear_case_goes_on_only_where_the_person_stays_for_longer()
    {
        var clear = Running(LeaverStage.Clear) with { BegunAt = Now, BlockedAt = Now, ClearAt = Now };

        Assert.Equal((1, LeaverStage.Clear), RoundAndStage(CaseRules.Take(Tenant, clear, Rescheduled(2, days: 0), Due).Case));
        Assert.Equal(
            (2, LeaverStage.Scheduled),
            RoundAndStage(CaseRules.Take(Tenant, clear, Rescheduled(2, days: 0), Due.AddTicks(-1)).Case)
        );
        Assert.Equal(
            (1, LeaverStage.Clear),
            RoundAndStage(CaseRules.Take(Tenant, clear, Terminated(2, forCause: true, leaves: MonthEnd), Now).Case)
        );
    }

    [Fact]
    public void Who_is_named_otherwise_is_looked_for_again_unless_the_round_has_begun()
    {
        var known = Running(LeaverStage.Scheduled) with { UserId = "u" };

        Assert.Equal("u", CaseRules.Take(Tenant, known, Terminated(2), Now).Case.UserId);
        var hrEvent = Terminated(2);
        foreach (var otherwise in (HrEvent[])[hrEvent with { Mail = "m@x.example" }, hrEvent with { PrincipalName = "p@x.example" }])
        {
            Assert.Null(CaseRules.Take(Tenant, known, otherwise, Now).Case.UserId);
            Assert.Equal("u", CaseRules.Take(Tenant, known with { BegunAt = Now }, otherwise, Now).Case.UserId);
        }
    }

    [Fact]
    public void Giving_back_is_wanted_while_the_person_stays_or_once_the_leaver_is_known_and_never_after_a_refusal()
    {
        var back = Running(LeaverStage.Blocked) with { Latest = Cancelled(1), DueAt = null, BegunAt = Now };
        var leaving = Running(LeaverStage.Blocked);
        var later = leaving with { DueAt = Now.AddTicks(1) };

        Assert.True(CaseRules.IsUndoWanted(back with { IsTaken = true }, Now));
        Assert.True(CaseRules.IsUndoWanted(back with { IsTakenFromOther = true }, Now));
        Assert.False(CaseRules.IsUndoWanted(back, Now));
        Assert.False(CaseRules.IsUndoWanted(back with { IsTaken = true, UndoRefusedAt = 1 }, Now));
        Assert.True(CaseRules.IsUndoWanted(back with { IsTaken = true, UndoRefusedAt = 2 }, Now));
        Assert.True(CaseRules.IsUndoWanted(later with { IsTaken = true }, Now));
        Assert.False(CaseRules.IsUndoWanted(later with { IsTaken = true, BegunAt = Now }, Now));
        Assert.False(CaseRules.IsUndoWanted(leaving with { IsTaken = true, DueAt = Now }, Now));
        Assert.False(CaseRules.IsUndoWanted(leaving with { IsTakenFromOther = true, DueAt = Now }, Now));
        Assert.True(CaseRules.IsUndoWanted(leaving with { IsTakenFromOther = true, DueAt = Now, BegunAt = Now }, Now));
    }

    [Fact]
    public void Who_leaves_for_cause_does_not_stay_until_a_later_time()
    {
        var known = Running(LeaverStage.Scheduled) with { DueAt = Now.AddDays(1) };

        Assert.True(CaseRules.IsLater(known, Now));
        Assert.False(CaseRules.IsLater(known, Now.AddDays(1)));
        Assert.False(CaseRules.IsLater(known with { Latest = Terminated(forCause: true) }, Now));
        Assert.False(CaseRules.IsLater(known with { Latest = Cancelled(1) }, Now));
    }

    [Theory]
    [InlineData(LeaverStage.Scheduled, true)]
    [InlineData(LeaverStage.Held, true)]
    [InlineData(LeaverStage.Unmatched, true)]
    [InlineData(LeaverStage.Blocked, true)]
    [InlineData(LeaverStage.AwaitingApproval, true)]
    [InlineData(LeaverStage.Removing, true)]
    [InlineData(LeaverStage.Clear, false)]
    [InlineData(LeaverStage.Restoring, false)]
    [InlineData(LeaverStage.Cancelled, false)]
    [InlineData(LeaverStage.Closed, false)]
    [InlineData(LeaverStage.Restored, false)]
    public void A_case_acts_until_it_is_clear_over_at_rest_or_taken_back(LeaverStage stage, bool acts)
    {
        var known = Running(stage);

        Assert.Equal(acts, CaseRules.IsActing(known));
        Assert.False(CaseRules.IsActing(known with { RestedAt = Now }));
        Assert.False(CaseRules.IsActing(known with { Latest = Cancelled(1) }));
    }

    [Fact]
    public void A_case_that_rests_for_another_employment_goes_on_once_that_has_ended_and_only_then()
    {
        var rests = CaseRules.AtRest(Running(LeaverStage.Held) with { EmployedIn = "2027-01", RestedAt = Now.AddDays(-1) }, Now);
        Assert.Equal((LeaverStage.Closed, (DateTimeOffset?)Now.AddDays(-1)), (rests.Stage, rests.RestedAt));
        Assert.Equal(Now, CaseRules.AtRest(Running(LeaverStage.Held), Now).RestedAt);

        Assert.Equal(CaseRules.NextRound(rests with { EmployedIn = null }), CaseRules.EmployedNoMore(rests));
        foreach (
            var other in (LeaverCase[])
                [
                    rests with
                    {
                        EmployedIn = null,
                    },
                    rests with
                    {
                        Stage = LeaverStage.Restored,
                    },
                    rests with
                    {
                        RestedAt = null,
                    },
                    rests with
                    {
                        ClearAt = Now,
                    },
                    rests with
                    {
                        Latest = Cancelled(1),
                    },
                ]
        )
            Assert.Equal(other with { EmployedIn = null }, CaseRules.EmployedNoMore(other));
    }

    [Fact]
    public void Of_several_later_employments_the_one_that_HR_spoke_of_last_counts()
    {
        LeaverCase Other(string employment, int days) =>
            CaseRules.Take(Tenant, null, Rehired(1, employment) with { Time = Now.AddDays(days) }, Now).Case;

        Assert.Equal("b", CaseRules.EmployedIn(Running(LeaverStage.Held), [Other("a", 1), Other("b", 2), Other("c", 0)], Now));
    }

    private static (int Round, LeaverStage Stage) RoundAndStage(LeaverCase known) => (known.Round, known.Stage);

    [Fact]
    public void Any_order_and_any_repeats_of_the_same_events_give_the_same_case()
    {
        var one = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 40]);
        Gen.Select(one.Array[1, 6], Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue])
            .Sample(
                (made, seedA, seedB) =>
                {
                    var events = made.Select(
                            (m, i) =>
                                m.Item1 switch
                                {
                                    0 => Terminated(
                                        i,
                                        leaves: MonthEnd with
                                        {
                                            Local = MonthEnd.Local.AddDays(m.Item2),
                                        },
                                        forCause: m.Item2 % 3 == 0
                                    ),
                                    1 => Rescheduled(i, m.Item2),
                                    2 => Cancelled(i),
                                    _ => Rehired(i),
                                }
                        )
                        .ToList();

                    Assert.Equal(Fold(Shuffled(events, seedA)), Fold(Shuffled(events, seedB)));
                    Assert.Equal(events[^1], Fold(Shuffled(events, seedA)).Latest);
                },
                iter: TestSize.Times(20_000)
            );
    }

    // Every event once at least, some twice or more.
    private static List<HrEvent> Shuffled(List<HrEvent> events, int seed)
    {
        var random = new Random(seed);
        var all = events.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => events[random.Next(events.Count)])).ToArray();
        random.Shuffle(all);
        return [.. all];
    }

    private static LeaverCase Fold(IEnumerable<HrEvent> events) =>
        events.Aggregate((LeaverCase?)null, (known, hrEvent) => CaseRules.Take(Tenant, known, hrEvent, Now).Case)!;

    private static LeaverCase Running(LeaverStage stage) =>
        CaseRules.Take(Tenant, null, Terminated(), Now).Case with
        {
            Stage = stage,
            Dispatched = true,
        };
}
