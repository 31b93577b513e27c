using System.Globalization;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>People of the small tenant that histories happen in.</summary>
internal enum Person
{
    /// <summary>The leaver of most histories, E-100.</summary>
    Lea,

    /// <summary>Works beside Lea and has the same access, E-200: who must not be taken for her.</summary>
    Mia,

    /// <summary>Another leaver, E-300.</summary>
    Noa,
}

/// <summary>Something that happens to the program from outside.</summary>
/// <param name="At">When, from the history's start.</param>
internal abstract record Happening(TimeSpan At);

/// <summary>HR sends an event.</summary>
/// <param name="At">When it arrives.</param>
/// <param name="Type">Its type, without <c>hr.employee.</c>: <c>terminated</c>, <c>termination.rescheduled</c>,
/// <c>termination.cancelled</c>, <c>rehired</c>.</param>
/// <param name="Sequence">Its sequence.</param>
/// <param name="Leaves">When the employment ends, from the history's start; null for who stays.</param>
/// <param name="Who">Whom it is about.</param>
/// <param name="Employment">Which employment.</param>
/// <param name="ForCause">Whether access ends at once.</param>
/// <param name="Mail">The mail address that HR has on file; null for none.</param>
/// <param name="Sent">When HR sent it, from the history's start; null for when it arrives.</param>
/// <param name="OtherSpelling">Whether the employee's id is written in lower case.</param>
internal sealed record HrSends(
    TimeSpan At,
    string Type,
    long Sequence,
    TimeSpan? Leaves = null,
    Person Who = Person.Lea,
    string Employment = "1",
    bool ForCause = false,
    Person? Mail = null,
    TimeSpan? Sent = null,
    bool OtherSpelling = false
) : Happening(At);

/// <summary>An approver answers a request that is open.</summary>
/// <param name="At">When.</param>
/// <param name="Approver">Which of the three approvers, from 0.</param>
/// <param name="Approve">Yes or no.</param>
/// <param name="Who">Whose case; the latest request of it is answered.</param>
/// <param name="ForCause">Whether it is the confirmation of a start for cause that is answered, or another request.</param>
internal sealed record Answers(TimeSpan At, int Approver, bool Approve = true, Person Who = Person.Lea, bool ForCause = false)
    : Happening(At);

/// <summary>An administrator ends a person's access for cause.</summary>
/// <param name="At">When.</param>
/// <param name="Approver">Which of the three approvers, from 0.</param>
/// <param name="Who">Whose.</param>
internal sealed record StartsForCause(TimeSpan At, int Approver, Person Who = Person.Lea) : Happening(At);

/// <summary>An administrator pauses acts.</summary>
/// <param name="At">When.</param>
/// <param name="Approver">Which of the three approvers, from 0.</param>
/// <param name="Blocking">Whether blocking is held too.</param>
internal sealed record Pauses(TimeSpan At, int Approver, bool Blocking = false) : Happening(At);

/// <summary>An administrator asks to resume acts.</summary>
/// <param name="At">When.</param>
/// <param name="Approver">Which of the three approvers, from 0.</param>
internal sealed record AsksToResume(TimeSpan At, int Approver) : Happening(At);

/// <summary>An approver answers the open question whether to resume.</summary>
/// <param name="At">When.</param>
/// <param name="Approver">Which of the three approvers, from 0.</param>
/// <param name="Approve">Yes or no.</param>
internal sealed record AnswersResume(TimeSpan At, int Approver, bool Approve = true) : Happening(At);

/// <summary>An admin changes the policy file.</summary>
/// <param name="At">When.</param>
/// <param name="Edit">What.</param>
internal sealed record EditsPolicy(TimeSpan At, PolicyEdit Edit) : Happening(At);

/// <summary>What is changed in the policy file.</summary>
internal enum PolicyEdit
{
    /// <summary>A comment: nothing but the file's digest.</summary>
    Comment,

    /// <summary>Lea's account is protected from now on.</summary>
    ProtectLea,

    /// <summary>It is not any more.</summary>
    UnprotectLea,

    /// <summary>The first plan under a policy needs approvals from now on.</summary>
    ApproveFirstAct,

    /// <summary>It does not any more.</summary>
    ActAtOnce,

    /// <summary>Leavers are put into a block group from now on; no random history draws it.</summary>
    NameBlockGroup,

    /// <summary>They are not any more; no random history draws it.</summary>
    NameNoBlockGroup,

    /// <summary>Noa gets what has no manager to go to from now on; no random history draws it.</summary>
    NameNoaAsOwner,

    /// <summary>The file cannot be used from now on; no random history draws it.</summary>
    Break,

    /// <summary>It can again; no random history draws it.</summary>
    Correct,
}

/// <summary>A permission of the program is taken away or given back.</summary>
/// <param name="At">When.</param>
/// <param name="Permission">Graph's name of it.</param>
/// <param name="Granted">Whether it holds from now on.</param>
internal sealed record Permits(TimeSpan At, string Permission, bool Granted) : Happening(At);

/// <summary>Somebody else changes the directory.</summary>
/// <param name="At">When.</param>
/// <param name="Edit">What.</param>
/// <param name="Who">To whom.</param>
internal sealed record EditsDirectory(TimeSpan At, DirectoryEdit Edit, Person Who = Person.Lea) : Happening(At);

/// <summary>What is changed in the directory.</summary>
internal enum DirectoryEdit
{
    /// <summary>The account is enabled.</summary>
    Enable,

    /// <summary>The account is disabled.</summary>
    Disable,

    /// <summary>The person gets into a group they were not in.</summary>
    AddToGroup,

    /// <summary>The person's employee id is taken off the account.</summary>
    ClearEmployeeId,

    /// <summary>The person's employee id is put back on the account.</summary>
    SetEmployeeId,

    /// <summary>Lea's employee id is put on this person's account, and off Lea's own: HR's event then fits the wrong person.</summary>
    TakeLeasEmployeeId,

    /// <summary>The user is deleted.</summary>
    Delete,
}

/// <summary>A service is in trouble for a while.</summary>
/// <param name="At">From when.</param>
/// <param name="Rule">A fault rule of the sandbox, such as <c>graph/* => status=429</c>.</param>
/// <param name="For">For how long.</param>
internal sealed record ServiceFails(TimeSpan At, string Rule, TimeSpan For) : Happening(At);

/// <summary>The program's process ends and is started again.</summary>
/// <param name="At">When.</param>
internal sealed record Restarts(TimeSpan At) : Happening(At);

/// <summary>What names people in an employment's case is erased, if the case has ended.</summary>
/// <param name="At">When.</param>
/// <param name="Who">Whose.</param>
/// <param name="Employment">Which employment.</param>
internal sealed record Erases(TimeSpan At, Person Who = Person.Lea, string Employment = "1") : Happening(At);

/// <summary>Somebody terminates the orchestrations of an employment's case.</summary>
/// <param name="At">When.</param>
/// <param name="Who">Whose.</param>
/// <param name="Employment">Which employment.</param>
internal sealed record Terminates(TimeSpan At, Person Who = Person.Lea, string Employment = "1") : Happening(At);

/// <summary>What happens over the days of a leaver's life, in the order of time.</summary>
/// <param name="Days">How long it is followed.</param>
/// <param name="Happenings">What happens.</param>
internal sealed record LeaverHistory(int Days, IReadOnlyList<Happening> Happenings)
{
    /// <summary>As C# that gives this history, to be put into a test.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Days} days:\n{string.Join("\n", Happenings.Select(h => "  " + h))}");

    /// <summary>A random history; the same for the same seed.</summary>
    /// <param name="seed">What it is drawn from.</param>
    /// <param name="days">How long it is followed; what happens lies in the first three quarters.</param>
    public static LeaverHistory Draw(int seed, int days = 120)
    {
        var random = new Random(seed);
        var happenings = new List<Happening>();
        // Most is decided around a few days, as in life: what comes close together is what goes wrong together.
        var centres = Enumerable.Range(0, 4).Select(_ => random.NextDouble() * days / 2).ToList();
        TimeSpan Time() =>
            random.Next(4) == 0
                ? TimeSpan.FromDays(random.NextDouble() * days * 3 / 4)
                : TimeSpan.FromDays(centres[random.Next(centres.Count)]) + TimeSpan.FromMinutes(Math.Pow(random.NextDouble(), 3) * 600);
        TimeSpan Whole(TimeSpan time) => TimeSpan.FromSeconds(Math.Floor(time.TotalSeconds));

        foreach (var who in random.Next(3) == 0 ? new[] { Person.Lea, Person.Noa } : [Person.Lea])
        {
            var events = new List<HrSends>();
            foreach (var employment in random.Next(4) == 0 ? new[] { "1", "2" } : ["1"])
                for (var sequence = 1; sequence <= random.Next(1, 5); sequence++)
                {
                    var at = Whole(Time());
                    var type =
                        sequence == 1 && random.Next(8) > 0
                            ? "terminated"
                            : random.Next(5) switch
                            {
                                0 => "terminated",
                                1 or 2 => "termination.rescheduled",
                                3 => "termination.cancelled",
                                _ => "rehired",
                            };
                    var ends = type is "terminated" or "termination.rescheduled";
                    var cause = ends && random.Next(4) == 0;
                    var notice = TimeSpan.FromHours((random.Next(3) * 24 * 12) + (random.NextDouble() * 40) - 10);
                    events.Add(
                        new(at, type, sequence, ends ? at + Whole(notice) : null, who, employment, cause, random.Next(3) == 0 ? who : null)
                    );
                }
            // HR sends in order as a rule, and now and then late, twice or in disorder.
            foreach (var group in events.GroupBy(e => e.Employment))
            {
                var times = group.Select(e => e.At).Order().ToList();
                foreach (var (e, n) in group.Select((e, n) => (e, n)))
                {
                    var sent = times[n];
                    var moved = e with { At = sent, Leaves = e.Leaves is { } leaves ? sent + (leaves - e.At) : null };
                    happenings.Add(moved);
                    if (random.Next(6) == 0)
                        happenings.Add(moved with { At = sent + Whole(TimeSpan.FromHours(random.NextDouble() * 50)), Sent = sent });
                    else if (random.Next(8) == 0)
                        happenings[^1] = moved with { At = sent + Whole(TimeSpan.FromHours(random.NextDouble() * 50)), Sent = sent };
                }
            }
        }
        // Guards hold from the beginning as a rule: what is protected is known before somebody leaves.
        if (random.Next(2) == 0)
            happenings.Add(new EditsPolicy(TimeSpan.Zero, PolicyEdit.ProtectLea));
        if (random.Next(3) == 0)
            happenings.Add(new EditsPolicy(TimeSpan.Zero, PolicyEdit.ApproveFirstAct));
        for (var i = random.Next(10); i > 0; i--)
        {
            var at = Whole(Time());
            var approve = random.Next(5) > 0;
            happenings.Add(new Answers(at, random.Next(3), approve));
            if (random.Next(4) > 0)
                happenings.Add(new Answers(at + Whole(TimeSpan.FromHours(random.NextDouble() * 6)), random.Next(3), approve));
        }
        for (var i = random.Next(4); i > 0; i--)
            happenings.Add(new EditsPolicy(Whole(Time()), (PolicyEdit)random.Next(5)));
        for (var i = random.Next(3); i > 0; i--)
        {
            var (at, permission) = (Whole(Time()), Permissions[random.Next(Permissions.Length)]);
            happenings.Add(new Permits(at, permission, Granted: false));
            happenings.Add(new Permits(at + Whole(TimeSpan.FromHours(random.NextDouble() * 60)), permission, Granted: true));
        }
        for (var i = random.Next(4); i > 0; i--)
            happenings.Add(new EditsDirectory(Whole(Time()), (DirectoryEdit)random.Next(7), (Person)random.Next(3)));
        for (var i = random.Next(3); i > 0; i--)
        {
            var (at, rule) = (Whole(Time()), Rules[random.Next(Rules.Length)]);
            happenings.Add(new ServiceFails(at, rule, Whole(TimeSpan.FromMinutes(random.NextDouble() * 300))));
        }
        for (var i = random.Next(4); i > 0; i--)
            happenings.Add(new Restarts(Whole(Time())));
        for (var i = random.Next(3); i > 0; i--)
        {
            // Just before something is to be done, as a rule: elsewhere a pause holds nothing.
            var acts = happenings.Where(h => h is HrSends or Answers).ToList();
            var act = acts[random.Next(acts.Count)];
            var due = act is HrSends { Leaves: { } leaves } && random.Next(2) == 0 ? leaves : act.At;
            var before = due - TimeSpan.FromMinutes(random.NextDouble() * 90);
            var (at, pauser) = (Whole(before > TimeSpan.Zero && random.Next(4) > 0 ? before : Time()), random.Next(3));
            happenings.Add(new Pauses(at, pauser, Blocking: random.Next(3) == 0));
            at += Whole(TimeSpan.FromHours(random.NextDouble() * 60));
            happenings.Add(new AsksToResume(at, random.Next(3)));
            for (var answers = random.Next(5); answers > 0; answers--)
                happenings.Add(
                    new AnswersResume(at + Whole(TimeSpan.FromHours(random.NextDouble() * 20)), random.Next(3), random.Next(6) > 0)
                );
        }
        return new(days, [.. happenings.OrderBy(h => h.At)]);
    }

    /// <summary>
    /// The same with what it lacks: two employments that end on the same day, ids in another spelling, events that come again long after,
    /// also after an erasure, and orchestrations that are lost.
    /// </summary>
    /// <param name="seed">What it is drawn from.</param>
    /// <param name="days">How long it is followed.</param>
    public static LeaverHistory DrawMore(int seed, int days = 120)
    {
        var history = Draw(seed, days);
        var random = new Random(-1 - seed);
        var happenings = history.Happenings.ToList();
        var sent = happenings.OfType<HrSends>().ToList();
        TimeSpan After(TimeSpan time, double hours) => time + TimeSpan.FromSeconds(Math.Floor(random.NextDouble() * hours * 3600));
        // Close to what HR sends, or long after it.
        TimeSpan Near() => After(sent[random.Next(sent.Count)].At, random.Next(2) == 0 ? 2 : days * 12);

        var ends = sent.Where(s => s is { Employment: "1", Leaves: not null }).ToList();
        if (ends.Count > 0 && sent.TrueForAll(s => s.Employment == "1"))
        {
            var end = ends[random.Next(ends.Count)];
            var before = After(end.At, -48);
            if (random.Next(2) == 0)
                happenings.Add(new HrSends(before > TimeSpan.Zero ? before : end.At, "rehired", 1, Who: end.Who, Employment: "2"));
            var isForCause = random.Next(4) == 0;
            happenings.Add(end with { At = After(end.At, 48), Sent = null, Sequence = 2, Employment = "2", ForCause = isForCause });
            if (random.Next(3) == 0)
                happenings.Add(new HrSends(After(end.At, 200), "termination.cancelled", 3, Who: end.Who, Employment: "2"));
        }
        for (var i = random.Next(3); i > 0; i--)
        {
            var again = sent[random.Next(sent.Count)];
            var isSpelled = random.Next(2) == 0;
            happenings.Add(again with { At = After(again.At, days * 12), Sent = again.Sent ?? again.At, OtherSpelling = isSpelled });
        }
        for (var i = random.Next(4); i > 0; i--)
            happenings.Add(new Terminates(Near(), (Person)(random.Next(2) * 2), random.Next(3) == 0 ? "2" : "1"));
        for (var i = random.Next(4); i > 0; i--)
            happenings.Add(new Erases(Near(), (Person)(random.Next(2) * 2), random.Next(2) == 0 ? "2" : "1"));
        return new(days, [.. happenings.Where(h => h.At < TimeSpan.FromDays(days * 0.85)).OrderBy(h => h.At)]);
    }

    /// <summary>
    /// A block that Graph refuses or does not answer for a while, and what changes meanwhile: policy, directory, HR's word, answers.
    /// </summary>
    /// <param name="seed">What it is drawn from.</param>
    /// <param name="days">How long it is followed.</param>
    public static LeaverHistory DrawRefused(int seed, int days = 30)
    {
        var random = new Random(seed);
        var happenings = new List<Happening>();
        TimeSpan Minutes(double most) => TimeSpan.FromSeconds(Math.Floor(random.NextDouble() * most * 60));
        for (int sequence = 1, round = 0; round < 3; round++)
        {
            var at = TimeSpan.FromDays(1 + (round * days / 4)) + Minutes(600);
            var due = at + Minutes(120);
            var back = due + Minutes(400);
            happenings.Add(new HrSends(at, "terminated", sequence++, due));
            happenings.Add(new ServiceFails(due - Minutes(5), Blocks[random.Next(Blocks.Length)], back - due));
            TimeSpan Meanwhile() => due + Minutes((back - due).TotalMinutes + 60);
            for (var i = random.Next(1, 4); i > 0; i--)
                happenings.Add(new EditsPolicy(Meanwhile(), (PolicyEdit)random.Next(5)));
            for (var i = random.Next(3); i > 0; i--)
                happenings.Add(new EditsDirectory(Meanwhile(), (DirectoryEdit)random.Next(7), (Person)random.Next(2)));
            for (var i = random.Next(6); i > 0; i--)
                happenings.Add(new Answers(Meanwhile(), random.Next(3), random.Next(5) > 0));
            if (random.Next(2) == 0)
                happenings.Add(new Restarts(Meanwhile()));
            if (random.Next(2) == 0)
            {
                var changed = Meanwhile();
                var isMoved = random.Next(2) == 0;
                var type = isMoved ? "termination.rescheduled" : "termination.cancelled";
                happenings.Add(new HrSends(changed, type, sequence++, isMoved ? changed + Minutes(4000) : null));
            }
            for (var i = random.Next(5); i > 0; i--)
                happenings.Add(new Answers(back + Minutes(3000), random.Next(3), random.Next(5) > 0));
        }
        return new(days, [.. happenings.OrderBy(h => h.At)]);
    }

    private static readonly string[] Blocks =
    [
        "PATCH graph/users/* => status=403",
        "PATCH graph/users/* => status=503",
        "POST graph/users/*/revokeSignInSessions => status=503",
        "PATCH graph/users/* => drop-after",
    ];

    private static readonly string[] Permissions =
    [
        "User.EnableDisableAccount.All",
        "GroupMember.ReadWrite.All",
        "User.Read.All",
        "GroupMember.Read.All",
    ];

    private static readonly string[] Rules =
    [
        "graph/* => status=429",
        "graph/* => status=503",
        "PATCH graph/users/* => status=500",
        "POST graph/users/* => status=503",
    ];
}
