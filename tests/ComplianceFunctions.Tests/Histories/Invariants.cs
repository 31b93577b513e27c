using Compliance.Changes.Approvals;
using Compliance.Changes.Pauses;
using Compliance.Offboarding;
using Compliance.Offboarding.Cases;
using Simulation;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>The invariants of a leaver's life; docs/architecture/invariants.md gives their reasons.</summary>
internal enum Invariant
{
    /// <summary>An account is disabled only while a termination of its person is due.</summary>
    NotBeforeDue,

    /// <summary>An account is not disabled while its person works on in another employment.</summary>
    NotWhileEmployed,

    /// <summary>An account is disabled only if it is the one that HR's latest event fits at that moment.</summary>
    OnlyTheLeaver,

    /// <summary>Access is taken only from the person whom this round began to block.</summary>
    OnlyInItsRound,

    /// <summary>A protected account is blocked, and a first plan carried out, only with two approvals of this round and policy.</summary>
    ApprovedInItsRound,

    /// <summary>A case is closed as refused only by a refusal of this round.</summary>
    RefusedInItsRound,

    /// <summary>Whoever is due and not held is blocked within two hours, or a finding is open.</summary>
    BlockedInTime,

    /// <summary>Access is given back only with two approvals that were given after HR took the leaving back.</summary>
    RestoredByTwo,

    /// <summary>Whoever was disabled and may stay, as HR says now, is enabled again, or people are asked about it, or refused it.</summary>
    GivenBackOrAsked,

    /// <summary>
    /// A finding about the directory is resolved only by a step that read it, and only when what it says is not so any more.
    /// </summary>
    ResolvedWhenGone,

    /// <summary>While acts are paused nothing is done in the tenant but blocking, and not even that where it is paused too.</summary>
    NothingWhilePaused,

    /// <summary>What is stored grows with changes, not with time.</summary>
    GrowsWithChanges,

    /// <summary>No orchestration of a case fails.</summary>
    NothingFails,
}

/// <summary>An invariant was broken.</summary>
internal sealed class BrokenInvariantException(Invariant invariant, DateTimeOffset at, string what)
    : Exception($"{invariant} was broken at {at:yyyy-MM-dd HH:mm:ss}Z: {what}")
{
    /// <summary>Which.</summary>
    public Invariant Invariant { get; } = invariant;

    /// <summary>How.</summary>
    public string What { get; } = what;
}

/// <summary>
/// Watches a world from outside: what changed in the tenant and in storage with each step, against what HR sent, what approvers answered
/// and what others did.
/// It knows nothing of the program's own reasons.
/// </summary>
internal sealed class LeaverInvariants : IHistoryWatch
{
    /// <summary>How long blocking may take once nothing is in its way.</summary>
    private static readonly TimeSpan BlockWithin = TimeSpan.FromHours(2);

    /// <summary>
    /// How long it may take until the sweep has seen to what a case that came to rest leaves open, which is asking people and starting
    /// another round.
    /// </summary>
    private static readonly TimeSpan SweptWithin = TimeSpan.FromHours(8);

    private static readonly Person[] People = Enum.GetValues<Person>();

    // Controls whose findings are about the directory: what resolves them must have read it. The others are about answers.
    private static readonly HashSet<string> AboutTheDirectory =
    [
        OffboardingControls.NoMatch,
        OffboardingControls.NotClear,
        OffboardingControls.StepStuck,
        OffboardingControls.Relapsed,
    ];

    private readonly LeaverWorld _world;

    // What HR has sent, and what the program has taken: between the two it may go by either.
    private readonly HrRecord _sent = new();
    private readonly HrRecord _taken = new();
    private readonly List<Answer> _answers = [];
    private readonly Dictionary<(string CaseId, int Round), Person> _blocked = [];

    // Whom the program disabled and nobody enabled since.
    private readonly HashSet<Person> _disabled = [];
    private readonly HashSet<string> _actedPolicies = new(StringComparer.Ordinal);
    private Dictionary<Person, PersonAccess> _access;
    private Dictionary<string, LeaverCase> _cases = new(StringComparer.Ordinal);
    private Dictionary<string, OpenFinding> _openFindings = new(StringComparer.Ordinal);

    // When acts were last held, and when blocking was.
    private DateTimeOffset _held = LeaverWorld.Start;
    private DateTimeOffset _blockingHeld = LeaverWorld.Start;
    private DateTimeOffset _disturbed = LeaverWorld.Start;
    private DateTimeOffset _dayBegan = LeaverWorld.Start;
    private (long Records, long Bytes) _atDayBegin;

    /// <param name="world">What is watched, at its beginning.</param>
    public LeaverInvariants(LeaverWorld world)
    {
        _world = world;
        _access = Observe();
        _atDayBegin = Size();
    }

    /// <summary>Something is about to happen.</summary>
    public void BeforeHappening(Happening happening)
    {
        if (happening is HrSends sent)
            _sent.Add(sent, _world.Now);
        _disturbed = _disturbed > _world.Now ? _disturbed : _world.Now;
    }

    /// <summary>It has happened: what it changed itself is not the program's doing.</summary>
    public void AfterHappening(Happening happening)
    {
        var now = _world.Now;
        if (happening is HrSends taken)
            _taken.Add(taken, now);
        ReadAnswers();
        if (happening is ServiceFails fails)
            _disturbed = now + fails.For;
        _access = Observe();
        _cases = Cases();
        _openFindings = OpenFindings();
        _world.Sandbox.ClearRequests();
    }

    /// <summary>A step was taken.</summary>
    /// <exception cref="BrokenInvariantException">It broke one.</exception>
    public async Task AfterStepAsync(Step step)
    {
        // What arrives and what an orchestrator decides changes neither the tenant nor what the program has stored.
        if (step.Kind is StepKind.Message or StepKind.Episode or StepKind.Timer)
            return;
        var (access, now) = (Observe(), _world.Now);
        if (step.Kind == StepKind.Function)
            ReadAnswers();
        var cases = Cases();
        var pause = Pause(now);
        var changed = new List<Person>();
        foreach (var who in People)
        {
            var (before, after) = (_access[who], access[who]);
            if (before.Equals(after))
                continue;
            changed.Add(who);
            if (pause is not null)
                Held(who, before, after, pause, now);
            if (before.Enabled && !after.Enabled)
            {
                Disabled(who, cases, now);
                _disabled.Add(who);
            }
            if ((!before.Enabled && after.Enabled) || after.Holds.Except(before.Holds).Any())
                GivenBack(who, cases, now);
            if (before.Holds.Except(after.Holds).Any())
                Taken(who, cases, now);
        }
        Refused(cases, now);
        Blocked(cases, access, now);
        ResolvedFindings(step, cases, access, now);
        if (changed.Count > 0)
            _disturbed = _disturbed > now ? _disturbed : now;
        // What the sweep starts has not begun when the sweep ends.
        if (step.Name != CaseCourse.Sweep)
            BlockedInTime(cases, access, now);
        GivenBackOrAsked(cases, access, now);
        await DayEndsAsync(now);
        (_access, _cases) = (access, cases);
        _world.Sandbox.ClearRequests();
    }

    private static void Broken(Invariant invariant, DateTimeOffset at, string what) =>
        throw new BrokenInvariantException(invariant, at, what);

    // The pause that an administrator was answered and that two people have not ended since; null when there is none.
    private PauseView? Pause(DateTimeOffset now)
    {
        // Until it is kept that two people ended it, nothing has to be done in time.
        if (_world.StoredPause() is { Holds: true } stored)
        {
            _held = now;
            if (stored.Blocking)
                _blockingHeld = now;
        }
        if (_world.Paused is not { Paused: true } pause)
            return null;
        var isEnded = _world
            .ApprovalRequests()
            .Any(r =>
                r.Id.StartsWith($"resume-{pause.Number}-", StringComparison.Ordinal)
                && r.Answers.Where(a => a.Approve && !r.Requesters.Contains(a.ApproverId)).DistinctBy(a => a.ApproverId).Count() >= 2
                && r.Answers.All(a => a.Approve)
            );
        return isEnded ? null : pause;
    }

    private static void Held(Person who, PersonAccess before, PersonAccess after, PauseView pause, DateTimeOffset now)
    {
        var isBlock = (before with { Enabled = false }).Equals(after);
        if (!isBlock || pause.Blocking)
            Broken(
                Invariant.NothingWhilePaused,
                now,
                $"{who} was changed while acts are paused{(pause.Blocking ? ", blocking included" : "")}: {before} became {after}"
            );
    }

    // The program has disabled somebody.
    private void Disabled(Person who, Dictionary<string, LeaverCase> cases, DateTimeOffset now)
    {
        if (WhomHrMeans(who) is not { } meant)
        {
            Broken(Invariant.OnlyTheLeaver, now, $"{who} was disabled, whom none of HR's events fits");
            return;
        }
        if (!_sent.IsDue(meant, now) && !_taken.IsDue(meant, now))
            Broken(Invariant.NotBeforeDue, now, $"{who} was disabled, and no termination is due");
        else if (!_sent.MustLeave(meant, now) && !_taken.MustLeave(meant, now))
            Broken(Invariant.NotWhileEmployed, now, $"{who} was disabled, and works on in another employment");
        var known = cases.Values.Where(c => PersonOf(c) == meant && c.BegunAt is not null).MaxBy(c => c.BegunAt);
        if (known is not null && IsProtected(who) && !IsApproved(known, GuardNames.Protected))
            Broken(
                Invariant.ApprovedInItsRound,
                now,
                $"{who} is protected and was disabled without two approvals of round {known.Round} under the policy in force"
            );
    }

    private void GivenBack(Person who, Dictionary<string, LeaverCase> cases, DateTimeOffset now)
    {
        // To who stays, or to who was taken for the leaver.
        var allowed = cases.Values.Any(c =>
            (!Ends(c) || c.DueAt > now || c.UserId != SmallTenant.IdOf(who))
            && PersonOf(c) is { } leaver
            && _sent.Latest(leaver, c.Employment) is { At: var said }
            && Approvals(c, GuardNames.Restore, said).Count(a => a.Request.SubjectId == SmallTenant.IdOf(who)) >= 2
        );
        if (!allowed)
            Broken(
                Invariant.RestoredByTwo,
                now,
                $"{who} got access back, and no two people approved it since HR took the leaving back or put it off"
            );
    }

    private void Taken(Person who, Dictionary<string, LeaverCase> cases, DateTimeOffset now)
    {
        // Of several employments each has a case of its own; from outside it cannot be seen which of them acts.
        var known = cases.Values.Where(c => _blocked.TryGetValue((c.Id, c.Round), out var blocked) && blocked == who).ToList();
        if (known.Count == 0)
        {
            Broken(Invariant.OnlyInItsRound, now, $"access was taken from {who}, who was not blocked in the present round of any case");
            return;
        }
        var isFirstAct = _actedPolicies.Add(_world.Policy.Sha256);
        if (isFirstAct && _world.Policy.ApproveFirstAct && !known.Exists(c => IsApproved(c, GuardNames.FirstActOfPolicy)))
            Broken(
                Invariant.ApprovedInItsRound,
                now,
                $"the first plan under a policy was carried out on {who} without two approvals of its round"
            );
    }

    private void Refused(Dictionary<string, LeaverCase> cases, DateTimeOffset now)
    {
        // One whose person is employed again comes to rest without a refusal.
        var closed = cases.Values.Where(c =>
            c is { Stage: LeaverStage.Closed, ClearAt: null, EmployedIn: null } && Before(c)?.Stage != LeaverStage.Closed
        );
        foreach (var known in closed.Where(c => !IsRefused(c)))
            Broken(
                Invariant.RefusedInItsRound,
                now,
                $"{known.EmployeeId} was closed as refused in round {known.Round}, which no approver refused"
            );
    }

    // A case has begun to block its person: from here on this round is about that person.
    private void Blocked(Dictionary<string, LeaverCase> cases, Dictionary<Person, PersonAccess> access, DateTimeOffset now)
    {
        foreach (var known in cases.Values.Where(c => c.BegunAt is not null && !_blocked.ContainsKey((c.Id, c.Round))))
        {
            if (UserOf(known) is not { } who)
                continue;
            if (access[who].Exists && WhomHrMeans(who) is var meant && meant != PersonOf(known))
                Broken(
                    Invariant.OnlyTheLeaver,
                    now,
                    $"round {known.Round} of {known.EmployeeId} begins to block {who}, whom HR's latest event does not fit"
                );
            _blocked[(known.Id, known.Round)] = who;
        }
    }

    private void BlockedInTime(Dictionary<string, LeaverCase> cases, Dictionary<Person, PersonAccess> access, DateTimeOffset now)
    {
        if (now < _disturbed + BlockWithin || now < _blockingHeld + BlockWithin || !_world.Sandbox.Tenant.Denied.IsEmpty)
            return;
        foreach (var (leaver, employment) in _taken.Employments)
        {
            if (_taken.DueAt(leaver, employment) is not { } due || now < due + BlockWithin || _taken.IsEmployed(leaver, employment, now))
                continue;
            var employeeId = SmallTenant.EmployeeIdOf(leaver);
            if (People.Where(p => access[p].Exists && access[p].EmployeeId == employeeId).ToList() is not [var who] || !access[who].Enabled)
                continue;
            var caseId = HrEventKeys.CaseOf(SmallTenant.Id, employeeId, employment);
            // Blocked in this round and enabled by somebody else since: the daily check of former leavers sees to that.
            // A finding about whichever of the person's employments is one about the person.
            if (
                !cases.TryGetValue(caseId, out var known)
                || known.BlockedAt is not null
                || (!known.Dispatched && now < due + SweptWithin)
                || IsRefused(known)
                || _openFindings.Values.Any(f => cases.TryGetValue(f.CaseId, out var about) && PersonOf(about) == leaver)
            )
                continue;
            Broken(
                Invariant.BlockedInTime,
                now,
                $"{who} was due at {due:yyyy-MM-dd HH:mm}Z, can still sign in, and no finding is open; "
                    + $"the case is {known.Stage}: {known.Note}"
            );
        }
    }

    private void GivenBackOrAsked(Dictionary<string, LeaverCase> cases, Dictionary<Person, PersonAccess> access, DateTimeOffset now)
    {
        _disabled.RemoveWhere(p => access[p].Enabled || !access[p].Exists);
        if (now < _disturbed + SweptWithin || now < _held + SweptWithin || !_world.Sandbox.Tenant.Denied.IsEmpty)
            return;
        foreach (var who in _disabled)
        {
            var about = cases.Values.Where(c => _blocked.Any(b => b.Key.CaseId == c.Id && b.Value == who)).ToList();
            if (about.Exists(c => UserOf(c) == who && PersonOf(c) is { } leaver && _taken.IsDue(leaver, now)))
                continue;
            // One whose person is employed again, or who was not found any more, is a finding.
            if (
                about.Exists(c => _openFindings.Values.Any(f => f.CaseId == c.Id))
                || about.Exists(c => c.EmployedIn is not null || IsRefused(c) || c.EmployeeId == LeaverCase.Erased)
            )
                continue;
            Broken(
                Invariant.GivenBackOrAsked,
                now,
                $"{who} is disabled, no termination is due, and nobody is asked; the case is "
                    + $"{string.Join(", ", about.Select(c => $"{c.Stage}: {c.Note}"))}"
            );
        }
    }

    private void ResolvedFindings(
        Step step,
        Dictionary<string, LeaverCase> cases,
        Dictionary<Person, PersonAccess> access,
        DateTimeOffset now
    )
    {
        var open = OpenFindings();
        // What HR took back or put off is expected no more, nor what was asked of somebody who is employed again.
        var resolved = _openFindings
            .Where(f =>
                !open.ContainsKey(f.Key)
                && AboutTheDirectory.Contains(f.Key[..9])
                && cases.TryGetValue(f.Value.CaseId, out var about)
                && about.EmployedIn is null
                && Ends(about)
                && about.DueAt <= now
            )
            .ToList();
        if (resolved.Count > 0 && !_world.Sandbox.Requests.Any(r => r.Host is "graph" or "arm" && r.Path != "/v1.0/$batch"))
            Broken(
                Invariant.ResolvedWhenGone,
                now,
                $"{string.Join(", ", resolved.Select(f => f.Key))} was resolved by {step.Name}, which read nothing"
            );
        foreach (var (id, finding) in resolved)
        {
            if (UserOf(cases[finding.CaseId]) is not { } who)
                continue;
            if (id.StartsWith(OffboardingControls.Relapsed, StringComparison.Ordinal) && access[who].Enabled)
                Broken(Invariant.ResolvedWhenGone, now, $"{id} was resolved by {step.Name}, and {who} can still sign in");
            if (
                id.StartsWith(OffboardingControls.StepStuck, StringComparison.Ordinal)
                && access[who].Holds.Any(h => finding.Part.Contains(h, StringComparison.OrdinalIgnoreCase))
            )
                Broken(Invariant.ResolvedWhenGone, now, $"{id} was resolved by {step.Name}, and {who} still has {finding.Part}");
        }
        _openFindings = open;
    }

    private async Task DayEndsAsync(DateTimeOffset now)
    {
        if (now - _dayBegan < TimeSpan.FromDays(1))
            return;
        var size = Size();
        // Access that ends is something that happens, even where there was nothing left to take.
        var quiet =
            _disturbed < _dayBegan - TimeSpan.FromDays(1)
            && !_taken.Employments.Any(e =>
                _taken.DueAt(e.Who, e.Employment) is { } due && due > _dayBegan - TimeSpan.FromDays(1) && due <= now
            );
        var (records, bytes) = (size.Records - _atDayBegin.Records, size.Bytes - _atDayBegin.Bytes);
        if (quiet && (records > 5 || bytes > 32_768))
            Broken(Invariant.GrowsWithChanges, now, $"a day in which nothing happened left {records} records and {bytes} bytes");
        (_dayBegan, _atDayBegin) = (now, size);
        await foreach (var instance in _world.Simulation.Client.GetAllInstancesAsync())
            if (instance.RuntimeStatus == Microsoft.DurableTask.Client.OrchestrationRuntimeStatus.Failed)
                Broken(Invariant.NothingFails, now, $"orchestration {instance.InstanceId} failed");
    }

    private bool IsProtected(Person who) => _world.Policy.ProtectedAccounts.Contains(SmallTenant.IdOf(who));

    private bool IsApproved(LeaverCase known, string guard) => Approvals(known, guard).Count() >= 2;

    // Given in this round, by different people, none of whom is meant, under the policy in force.
    private IEnumerable<Answer> Approvals(LeaverCase known, string guard, DateTimeOffset since = default) =>
        _answers
            .Where(a =>
                a.Request.CaseId == known.Id
                && a.Round == known.Round
                && a.Approve
                && a.At >= since
                && a.Request.PolicySha256 == _world.Policy.Sha256
                && a.Request.Guards.Contains(guard)
                && a.ApproverId != known.UserId
            )
            .DistinctBy(a => a.ApproverId);

    private bool IsRefused(LeaverCase known) => _answers.Exists(a => a.Request.CaseId == known.Id && a.Round == known.Round && !a.Approve);

    private LeaverCase? Before(LeaverCase known) => _cases.GetValueOrDefault(known.Id);

    // Which of the people HR means by events that fit this account now; null when none does.
    private Person? WhomHrMeans(Person account)
    {
        var employeeId = Observe()[account].EmployeeId;
        return _sent.Employments.Select(e => (Person?)e.Who).FirstOrDefault(p => SmallTenant.EmployeeIdOf(p!.Value) == employeeId);
    }

    private static bool Ends(LeaverCase known) => known.Latest.Kind is HrEventKind.Terminated or HrEventKind.Rescheduled;

    // Whom HR means by a case.
    private static Person? PersonOf(LeaverCase known) =>
        People.Cast<Person?>().FirstOrDefault(p => HrEventKeys.SameEmployee(SmallTenant.EmployeeIdOf(p!.Value), known.EmployeeId));

    // Whose account the program has matched to a case.
    private static Person? UserOf(LeaverCase known) =>
        People.Cast<Person?>().FirstOrDefault(p => SmallTenant.IdOf(p!.Value) == known.UserId);

    private void ReadAnswers()
    {
        var cases = Cases();
        foreach (var request in _world.ApprovalRequests().Where(r => !PauseSwitch.Asks(r)))
            foreach (var answer in request.Answers)
                if (!_answers.Exists(a => a.Request.Id == request.Id && a.ApproverId == answer.ApproverId && a.At == answer.At))
                    _answers.Add(new(request, answer.ApproverId, answer.Approve, answer.At, cases[request.CaseId].Round));
    }

    private Dictionary<string, LeaverCase> Cases() => _world.Cases().ToDictionary(c => c.Id, StringComparer.Ordinal);

    private Dictionary<string, OpenFinding> OpenFindings() =>
        _world
            .Storage.State.Rows("findings")
            .Where(r => (string?)r["Status"] == "Open")
            .ToDictionary(r => r.RowKey, r => new OpenFinding((string)r["SubjectId"]!, (string)r["Part"]!), StringComparer.Ordinal);

    private (long Records, long Bytes) Size() => (_world.EvidenceRecords(), _world.StoredBytes());

    private Dictionary<Person, PersonAccess> Observe() => People.ToDictionary(p => p, p => PersonAccess.Read(_world.Sandbox.Tenant, p));

    private sealed record OpenFinding(string CaseId, string Part);

    private sealed record Answer(ApprovalRequest Request, string ApproverId, bool Approve, DateTimeOffset At, int Round);
}
