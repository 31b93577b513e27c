using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using DurableTask.Core;
using DurableTask.Core.Exceptions;
using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;

namespace Simulation;

/// <summary>
/// An app's orchestrators and activities under the official dispatcher, on a virtual clock: one work item at a time, in an order drawn from
/// a seed. When nothing is left to do at one time, the clock moves on to the next durable timer or wait, so that months pass in seconds.
/// </summary>
/// <remarks>
/// The same seed gives the same run as long as what activities use is deterministic too, and nothing but them uses the clock.
/// </remarks>
public sealed class DurableSimulation : IAsyncDisposable, IHubDriver
{
    private readonly AsyncLocal<WorkInHand?> _current = new();
    private readonly AsyncLocal<SimulatedProcess?> _process = new();
    private readonly DataConverter _converter = new JsonDataConverter(DurableEngine.Json);
    private readonly FaultSource _faults;
    private readonly TaskHub _hub;
    private readonly List<SimulatedHost> _hosts;
    private readonly HistoryRecorder? _recorder;
    private readonly List<Step> _trace = [];
    private readonly IncrementalHash _traceHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<WorkInHand> _inHand = [];
    private readonly List<TaskMessage> _dueTimers = [];
    private readonly List<VirtualTimer> _due = [];
    private readonly List<int> _messages = [];
    private readonly List<int> _episodes = [];
    private readonly Wake _wake = new();
    private readonly Lock _turnsLock = new();
    private readonly List<Turn> _turns = [];
    private readonly List<FunctionCall> _calls = [];
    private Func<string, Task<IServiceProvider>>? _services;
    private Exception? _failure;
    private long _steps;
    private long _works;
    private int _stepsAtThisTime;

    /// <summary>A simulation with an empty hub, not started.</summary>
    public DurableSimulation(SimulationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options;
        Clock = new VirtualClock(options.Start) { CurrentWork = () => _current.Value, CurrentProcess = () => Process };
        _faults = new FaultSource(options.Faults, options.Seed);
        _recorder = options.RecordsHistories ? new() : null;
        _hub = new TaskHub(Clock) { TimerDeviation = DeviationOfTimer, StartsTwice = StartsTwice };
        _hosts = [.. options.Hosts.Select(h => new SimulatedHost(h, this, _hub, _converter))];
    }

    /// <summary>What it runs, and how.</summary>
    public SimulationOptions Options { get; }

    /// <summary>The clock, for everything that the app does.</summary>
    public VirtualClock Clock { get; }

    /// <summary>What functions of the first host get with <c>[DurableClient]</c>. What it sends arrives as a step of its own.</summary>
    /// <remarks>Its waits for a state end only while the simulation is run by somebody else.</remarks>
    public DurableTaskClient Client => _hosts[0].Client;

    /// <summary>Called after each step. An error that it throws ends the run; so do invariants.</summary>
    public Func<Step, Task>? AfterStep { get; set; }

    /// <summary>All steps so far.</summary>
    public IReadOnlyList<Step> Trace => _trace;

    /// <summary>A hash of all steps so far: the same for the same seed.</summary>
    public string TraceHash => Convert.ToHexStringLower(_traceHash.GetCurrentHash());

    /// <summary>The faults that were injected so far: given as a script, they are injected again.</summary>
    public IReadOnlyList<Fault> Injected => _faults.Injected;

    /// <summary>The histories of all instances, ended ones too; empty unless they are recorded.</summary>
    public IReadOnlyList<History> Histories => _recorder?.All() ?? [];

    /// <summary>When the clock would move on to, when nothing is left to do; null when nothing waits.</summary>
    public DateTimeOffset? NextTime
    {
        get
        {
            DateTimeOffset? timer = _hub.NextTimer is { } due ? new DateTimeOffset(due, TimeSpan.Zero) : null;
            return Clock.NextWait()?.Due is { } wait && (timer is null || wait < timer) ? wait : timer;
        }
    }

    /// <summary>Whether what runs here belongs to a host that has ended: nothing that it does may have an effect.</summary>
    public bool IsCurrentDead => Process is { IsDead: true };

    // Whose code runs here. What a work item or a start of services leaves running in the background belongs to the same run of its host.
    private SimulatedProcess? Process => _current.Value?.Process ?? _process.Value;

    /// <summary>The client of one of several hosts.</summary>
    public DurableTaskClient ClientOn(string host) => _hosts.Single(h => h.Name == host).Client;

    /// <summary>The services of a host, as they were made last.</summary>
    public IServiceProvider ServicesOn(string host) =>
        _hosts.Single(h => h.Name == host).Services ?? throw new InvalidOperationException("the simulation was not started");

    /// <summary>Starts all hosts with the same services, which outlive their crashes.</summary>
    public Task StartAsync(IServiceProvider services) => StartAsync(_ => Task.FromResult(services));

    /// <summary>Starts all hosts.</summary>
    /// <param name="services">
    /// Makes the services of the host with the given name: when it starts, and again each time that it has crashed, since what a process
    /// keeps in memory is lost then.
    /// </param>
    public async Task StartAsync(Func<string, Task<IServiceProvider>> services)
    {
        ArgumentNullException.ThrowIfNull(services);
        _services = services;
        foreach (var host in _hosts)
            await host.StartAsync(services);
    }

    /// <summary>Adds a host to those that run, such as a newer version of the app.</summary>
    public async Task AddHostAsync(HostOptions options)
    {
        var host = new SimulatedHost(options, this, _hub, _converter);
        await host.StartAsync(_services ?? throw new InvalidOperationException("the simulation was not started"));
        _hosts.Add(host);
    }

    /// <summary>Ends a host for good: what it has in hand goes to the others.</summary>
    public async Task RemoveHostAsync(string name)
    {
        var host = _hosts.Single(h => h.Name == name);
        Abandon(host);
        _hosts.Remove(host);
        await host.DisposeAsync();
    }

    /// <summary>Takes one step, at the clock's present time.</summary>
    /// <returns>What it was; null when nothing is left to do at this time.</returns>
    /// <exception cref="NonDeterminismException">An orchestrator decided otherwise when replayed.</exception>
    /// <exception cref="TimeoutException">A work item is stuck.</exception>
    public async Task<Step?> StepAsync(CancellationToken cancellationToken)
    {
        await LeaveContextAsync().ConfigureAwait(false);
        return await TakeStepAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes steps until nothing is left to do at the clock's present time.</summary>
    public async Task RunUntilIdleAsync(CancellationToken cancellationToken)
    {
        await LeaveContextAsync().ConfigureAwait(false);
        while (await TakeStepAsync(cancellationToken).ConfigureAwait(false) is not null) { }
    }

    /// <summary>
    /// Takes steps, and moves the clock on whenever nothing is left to do, until it shows a time and nothing is left then.
    /// </summary>
    public async Task RunUntilAsync(DateTimeOffset end, CancellationToken cancellationToken)
    {
        await LeaveContextAsync().ConfigureAwait(false);
        while (true)
        {
            if (await TakeStepAsync(cancellationToken).ConfigureAwait(false) is not null)
                continue;
            var now = Clock.GetUtcNow();
            if (now >= end)
                return;
            var target = NextTime is { } next && next < end ? next : end;
            // A time-out is not moved on to, but takes effect at its own time when it lies on the way.
            if (Clock.NextTimeout()?.Due is { } limit && limit < target)
                target = limit;
            if (target > now)
                _stepsAtThisTime = 0;
            Clock.Set(target);
        }
    }

    /// <summary>Goes on for a time; see <see cref="RunUntilAsync"/>.</summary>
    public Task RunForAsync(TimeSpan time, CancellationToken cancellationToken) =>
        RunUntilAsync(Clock.GetUtcNow() + time, cancellationToken);

    /// <summary>Ends a host with all that it has in hand, and starts it again.</summary>
    public async Task CrashAsync(string host)
    {
        await LeaveContextAsync().ConfigureAwait(false);
        await CrashAsync(_hosts.Single(h => h.Name == host)).ConfigureAwait(false);
    }

    /// <summary>
    /// Has a function of another trigger run, as a step among the others: of a timer, a queue or a request. It may wait for the clock, be
    /// held up, or end with its host at a point within it, as an activity may.
    /// </summary>
    /// <param name="name">Its name in the trace.</param>
    /// <param name="function">What it does, with the services of its host.</param>
    public FunctionCall Call(string name, Func<IServiceProvider, Task> function)
    {
        var call = new FunctionCall(name, function);
        lock (_turnsLock)
            _calls.Add(call);
        return call;
    }

    /// <summary>
    /// A point within an activity, such as before and after each request to a store: the host may end here, and then this never returns; or
    /// the activity is held up, and others go on meanwhile.
    /// </summary>
    public Task PassAsync(string point)
    {
        ArgumentNullException.ThrowIfNull(point);
        if (Process is not { } process)
            return Task.CompletedTask;
        switch (DrawAt(process, point, [FaultKind.CrashInside, FaultKind.HoldUp]))
        {
            case FaultKind.CrashInside:
                return new TaskCompletionSource().Task;
            case FaultKind.HoldUp when WorkHere is { } work:
                return TurnAsync(work);
            default:
                return Task.CompletedTask;
        }
    }

    /// <summary>
    /// As <see cref="PassAsync"/>, for callers that cannot wait: whether the host ends here. The caller then throws, and has no effect from
    /// then on (<see cref="IsCurrentDead"/>).
    /// </summary>
    public bool CrashesAt(string point)
    {
        ArgumentNullException.ThrowIfNull(point);
        return Process is { } process && DrawAt(process, point, [FaultKind.CrashInside]) == FaultKind.CrashInside;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
        _traceHash.Dispose();
    }

    async Task IHubDriver.CommitAsync(Episode episode, EpisodeResult result)
    {
        var work = episode.Work!;
        if (work.IsDead)
            throw new SessionAbortedException("the host has ended");
        // The dispatcher stamps what it adds with the system's time.
        foreach (var added in episode.Generations.SelectMany(g => g.NewEvents))
            added.Timestamp = _hub.Now;
        var (instance, consumed) = (episode.Instance, episode.NewMessages);
        var fault = result.State is null ? null : work.Fault?.Kind;
        switch (fault)
        {
            case FaultKind.CrashBeforeCommit:
                throw Crashed(work, "crashed before the commit");
            case FaultKind.TornCommit:
                _hub.CommitMessagesOnly(episode, result);
                throw Crashed(work, "crashed in the commit");
            case FaultKind.StaleCommit:
                // Another host has the instance from here on; this one does not know yet.
                _hub.Return(episode);
                var turn = TurnAsync(work);
                work.Returned();
                await turn;
                if (work.IsDead)
                    throw new SessionAbortedException("the host has ended");
                _hub.CommitMessagesOnly(episode, result);
                break;
        }
        if (!_hub.Commit(episode, result))
        {
            work.Outcome = "refused: not the owner any more";
            throw new SessionAbortedException("another worker has the instance");
        }
        work.Outcome = result.State is { } state ? Describe(state, result) : "dropped: for nothing that runs";
        _recorder?.Add(episode, result);
        if (fault == FaultKind.CrashAfterCommit)
        {
            _hub.Redeliver(instance, consumed);
            work.Outcome += ", then crashed";
            work.Process.Kill(work.Outcome);
        }
    }

    void IHubDriver.Release(Episode episode)
    {
        if (!episode.Work!.IsDead)
            _hub.Return(episode);
        episode.Work.End();
    }

    Task IHubDriver.CompleteAsync(ActivityInHand activity, TaskMessage response)
    {
        var work = activity.Work!;
        if (work.IsDead)
            return Task.CompletedTask;
        var fault = work.Fault?.Kind;
        if (fault == FaultKind.CrashBeforeCommit)
            throw Crashed(work, "crashed before the commit");
        if (fault == FaultKind.LostAnswer)
        {
            work.Outcome = "result lost";
            throw new SessionAbortedException(work.Outcome);
        }
        if (fault == FaultKind.ReportedFailed)
            response.Event = Failure((TaskScheduledEvent)activity.TaskMessage.Event);
        var failure = (response.Event as TaskFailedEvent)?.FailureDetails;
        work.Outcome = response.Event is TaskFailedEvent ? $"failed: {failure?.ErrorType}" : "completed";
        work.Detail = failure?.ErrorMessage;
        _hub.Complete(activity, response);
        if (fault == FaultKind.Redelivery)
        {
            _hub.RunAgain(activity);
            work.Outcome += ", and delivered again";
        }
        if (fault == FaultKind.CrashAfterCommit)
        {
            work.Outcome += ", then crashed";
            work.Process.Kill(work.Outcome);
        }
        work.End();
        return Task.CompletedTask;
    }

    void IHubDriver.Abandon(ActivityInHand activity)
    {
        if (!activity.Work!.IsDead)
            _hub.Return(activity);
        activity.Work.End();
    }

    /// <summary>Runs something as a part of a run of a host, and what that leaves running too.</summary>
    internal async Task<T> InProcessAsync<T>(SimulatedProcess process, Func<Task<T>> code)
    {
        (_process.Value, _current.Value) = (process, null);
        return await code().ConfigureAwait(false);
    }

    /// <summary>On whose behalf goes on what runs here.</summary>
    internal void SetCurrent(WorkInHand work) => _current.Value = work;

    /// <summary>Holds an activity up that begins late.</summary>
    internal async Task BeginAsync(WorkInHand work)
    {
        if (work.Fault is not { Kind: FaultKind.SlowActivity, Delay: var wait } || wait <= TimeSpan.Zero)
            return;
        var delay = Task.Delay(wait, Clock);
        work.Returned();
        await delay;
    }

    /// <summary>Ends the run with an error once the present step is over.</summary>
    internal void Fail(Exception failure) => _failure ??= failure;

    // What runs here would go on in the context of a test otherwise, and not at once.
    private static async Task LeaveContextAsync() => await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    // A work item's own code runs in its context; what runs outside of it is in the background, at times of its own.
    private WorkInHand? WorkHere =>
        SynchronizationContext.Current is WorkInHand { HasEnded: false } here && here == _current.Value ? here : null;

    private static SessionAbortedException Crashed(WorkInHand work, string outcome)
    {
        work.Process.Kill(outcome);
        return new SessionAbortedException(outcome);
    }

    private FaultKind? DrawAt(SimulatedProcess process, string point, ReadOnlySpan<FaultKind> kinds)
    {
        if (process.IsDead)
            return FaultKind.CrashInside;
        var fault =
            WorkHere is { } work ? _faults.Draw(work.Instance, work.Name, work.Occurrence, ++work.Points, kinds)
            : Options.Faults.InBackground ? _faults.Draw("", process.Host.Name, process.Number, process.CountPoint(), FaultKind.CrashInside)
            : null;
        if (fault?.Kind == FaultKind.CrashInside)
            process.Kill($"crashed at {point}");
        return fault?.Kind;
    }

    private static string Describe(OrchestrationState state, EpisodeResult result) =>
        $"{state.OrchestrationStatus}, {result.Activities.Count} activities, {result.Timers.Count} timers, "
        + $"{result.Messages.Count} messages";

    private static TaskFailedEvent Failure(TaskScheduledEvent scheduled)
    {
        const string Reason = "the worker process ended";
        return new TaskFailedEvent(
            -1,
            scheduled.EventId,
            Reason,
            null,
            new FailureDetails("WorkerProcessExited", Reason, null, null, false)
        );
    }

    private static string Describe(HistoryEvent message) =>
        message is EventRaisedEvent raised ? $"{message.EventType} {raised.Name}" : $"{message.EventType}";

    private async Task<Step?> TakeStepAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await RestAsync(cancellationToken).ConfigureAwait(false);
        await RestartHostsAsync().ConfigureAwait(false);
        CollectDue();
        var (messages, _, activities) = _hub.CountReady(_messages);
        var episodes = _hub.CountReady(i => _hosts.Exists(h => h.Takes(i)), _episodes);
        int turns,
            calls;
        lock (_turnsLock)
            (turns, calls) = (_turns.Count, _calls.Count);
        var total = messages + episodes + activities + _dueTimers.Count + _due.Count + turns + calls;
        if (total == 0)
            return null;
        if (++_stepsAtThisTime > Options.MaxStepsAtOneTime)
            throw new TimeoutException($"more than {Options.MaxStepsAtOneTime} steps were taken at {Clock.GetUtcNow():u}: an endless loop");
        var number = ++_steps;
        var chosen = Draws.Below(total, Options.Seed, "order", number);
        Step step;
        if (Take(ref chosen, messages))
            step = Deliver(number, chosen);
        else if (Take(ref chosen, episodes))
            step = await RunEpisodeAsync(number, _episodes[chosen], cancellationToken).ConfigureAwait(false);
        else if (Take(ref chosen, activities))
            step = await RunActivityAsync(number, chosen, cancellationToken).ConfigureAwait(false);
        else if (Take(ref chosen, _dueTimers.Count))
            step = FireTimer(number, chosen);
        else if (Take(ref chosen, _due.Count))
            step = await PassTimeAsync(number, _due[chosen], cancellationToken).ConfigureAwait(false);
        else if (Take(ref chosen, turns))
            step = await GiveTurnAsync(number, chosen, cancellationToken).ConfigureAwait(false);
        else
            step = await RunFunctionAsync(number, chosen, cancellationToken).ConfigureAwait(false);
        await EndStepAsync(step).ConfigureAwait(false);
        await RestartHostsAsync().ConfigureAwait(false);
        _inHand.RemoveAll(w => w.HasEnded);
        return step;

        static bool Take(ref int chosen, int count)
        {
            if (chosen < count)
                return true;
            chosen -= count;
            return false;
        }
    }

    private async Task RestartHostsAsync()
    {
        foreach (var host in _hosts.Where(h => h.Process.IsDead).ToList())
            await CrashAsync(host).ConfigureAwait(false);
    }

    private async Task EndStepAsync(Step step)
    {
        _trace.Add(step);
        _traceHash.AppendData(Encoding.UTF8.GetBytes(step + "\n"));
        if (_failure is { } failure)
            throw failure;
        if (AfterStep is not null)
            await AfterStep(step).ConfigureAwait(false);
    }

    // What is in hand and does not rest, since something else than this simulation made it go on.
    private async Task RestAsync(CancellationToken cancellationToken)
    {
        foreach (var work in _inHand.ToList())
            await RestAsync(work, cancellationToken).ConfigureAwait(false);
        _inHand.RemoveAll(w => w.HasEnded);
    }

    // Runs what is queued of any work item in hand: one may wait for what another one began.
    private async Task RestAsync(WorkInHand work, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var wake = _wake.Next;
            var ran = false;
            foreach (var held in _inHand)
                ran |= held.RunPosted();
            if (ran)
                continue;
            if (work.Rests || work.IsBlocked)
                return;
            var mayBeBlocked = _inHand.Exists(w => w != work && w.Process == work.Process && w.Waits);
            try
            {
                var limit = mayBeBlocked ? Options.BlockedAfter : Options.StuckAfter;
                await wake.WaitAsync(limit, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException) when (mayBeBlocked)
            {
                // Where threads wait for a processor, silence means nothing: another run with the same seed would be another one.
                work.IsBlocked = Stopwatch.GetElapsedTime(began) > Options.StuckAfter || !await IsMachineBusyAsync().ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                throw new TimeoutException(
                    $"{work.Kind} {work.Name} of {work.Instance} has neither ended nor waited for the clock within {Options.StuckAfter}"
                );
            }
        }
    }

    // Whether what is queued to run now runs late.
    private static async Task<bool> IsMachineBusyAsync()
    {
        const int Hops = 20;
        var began = Stopwatch.GetTimestamp();
        for (var hop = 0; hop < Hops; hop++)
            await Task.Run(() => { }).ConfigureAwait(false);
        return Stopwatch.GetElapsedTime(began) > TimeSpan.FromMilliseconds(10);
    }

    // What waits on no work item's behalf is none of the steps: it goes on at once.
    private void CollectDue()
    {
        while (_hub.TakeDueTimer() is { } timer)
            _dueTimers.Add(timer);
        for (var rounds = 0; ; rounds++)
        {
            _due.Clear();
            Clock.AddDue(_due);
            if (_due.TrueForAll(t => t.Owner is not null))
                return;
            if (rounds > Options.MaxStepsAtOneTime)
                throw new TimeoutException($"something waits for the clock again and again at {Clock.GetUtcNow():u}");
            foreach (var timer in _due)
                if (timer.Owner is null)
                    timer.Fire();
        }
    }

    private Step Deliver(long number, int chosen)
    {
        var message = _hub.Deliver(_messages[chosen]);
        return new(
            number,
            Clock.GetUtcNow(),
            StepKind.Message,
            "",
            message.OrchestrationInstance.InstanceId,
            Describe(message.Event),
            "arrived"
        );
    }

    private Step FireTimer(long number, int chosen)
    {
        var timer = _dueTimers[chosen];
        _dueTimers.RemoveAt(chosen);
        _hub.Fire(timer);
        var outcome = timer.Event is TimerFiredEvent fired ? $"fired {fired.TimerId}" : "arrived";
        return new(number, Clock.GetUtcNow(), StepKind.Timer, "", timer.OrchestrationInstance.InstanceId, Describe(timer.Event), outcome);
    }

    private async Task<Step> RunEpisodeAsync(long number, int index, CancellationToken cancellationToken)
    {
        var instance = _hub.ReadyInstance(index);
        var host = DrawHost(number, h => h.Takes(instance));
        var work = Begin(
            StepKind.Episode,
            instance.Id,
            instance.State.Name,
            host,
            [FaultKind.CrashBeforeCommit, FaultKind.CrashAfterCommit, FaultKind.TornCommit, FaultKind.StaleCommit]
        );
        var episode = _hub.TakeEpisode(index)!;
        episode.Work = work;
        work.Item = episode;
        host.HandOut(episode);
        return await EndAsync(number, work, StepKind.Episode, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Step> RunActivityAsync(long number, int index, CancellationToken cancellationToken)
    {
        var activity = _hub.TakeActivity(index)!;
        var name = ((TaskScheduledEvent)activity.TaskMessage.Event).Name!;
        var work = Begin(
            StepKind.Activity,
            activity.TaskMessage.OrchestrationInstance.InstanceId,
            name,
            DrawHost(number, _ => true),
            [
                FaultKind.CrashBeforeCommit,
                FaultKind.CrashAfterCommit,
                FaultKind.LostAnswer,
                FaultKind.Redelivery,
                FaultKind.ReportedFailed,
                FaultKind.SlowActivity,
            ]
        );
        activity.Work = work;
        work.Item = activity;
        work.Host.HandOut(activity);
        return await EndAsync(number, work, StepKind.Activity, cancellationToken).ConfigureAwait(false);
    }

    private Task<Step> RunFunctionAsync(long number, int index, CancellationToken cancellationToken)
    {
        FunctionCall call;
        lock (_turnsLock)
        {
            call = _calls[index];
            _calls.RemoveAt(index);
        }
        var work = Begin(StepKind.Function, "", call.Name, DrawHost(number, _ => true), []);
        work.Item = call;
        _ = RunAsync();
        return EndAsync(number, work, StepKind.Function, cancellationToken);

        async Task RunAsync()
        {
            SetCurrent(work);
            await call.RunAsync(work).ConfigureAwait(false);
        }
    }

    private Task<Step> PassTimeAsync(long number, VirtualTimer timer, CancellationToken cancellationToken)
    {
        var work = timer.Owner!;
        work.Resume();
        timer.Fire();
        work.Returned();
        return EndAsync(number, work, timer.IsTimeout ? StepKind.Timeout : StepKind.Wait, cancellationToken);
    }

    private Task<Step> GiveTurnAsync(long number, int index, CancellationToken cancellationToken)
    {
        Turn turn;
        lock (_turnsLock)
        {
            turn = _turns[index];
            _turns.RemoveAt(index);
        }
        turn.Work.Resume();
        turn.Work.EndWait();
        turn.Come.SetResult();
        turn.Work.Returned();
        return EndAsync(number, turn.Work, StepKind.Turn, cancellationToken);
    }

    private SimulatedHost DrawHost(long number, Func<SimulatedHost, bool> takes)
    {
        var able = _hosts.Where(takes).ToList();
        return able[Draws.Below(able.Count, Options.Seed, "host", number)];
    }

    private WorkInHand Begin(StepKind kind, string instance, string name, SimulatedHost host, ReadOnlySpan<FaultKind> faults)
    {
        var occurrence = _faults.Count(instance, name);
        var work = new WorkInHand(++_works, kind, instance, name, host.Process, _wake)
        {
            Occurrence = occurrence,
            Fault = _faults.Draw(instance, name, occurrence, 0, faults),
        };
        _inHand.Add(work);
        host.Process.Add(work);
        return work;
    }

    private async Task<Step> EndAsync(long number, WorkInHand work, StepKind kind, CancellationToken cancellationToken)
    {
        await RestAsync(work, cancellationToken).ConfigureAwait(false);
        var outcome =
            work.HasEnded ? work.Outcome
            : work.IsBlocked ? "waits for another"
            : "waits";
        return new(number, Clock.GetUtcNow(), kind, work.Host.Name, work.Instance, work.Name, outcome) { Detail = work.Detail };
    }

    private Task TurnAsync(WorkInHand work)
    {
        var turn = new Turn(work, new TaskCompletionSource());
        lock (_turnsLock)
            _turns.Add(turn);
        work.BeginWait();
        return turn.Come.Task;
    }

    private async Task CrashAsync(SimulatedHost host)
    {
        Abandon(host);
        await host.BeginAsync(_services!).ConfigureAwait(false);
        await EndStepAsync(new(++_steps, Clock.GetUtcNow(), StepKind.Crash, host.Name, "", "", "started again")).ConfigureAwait(false);
    }

    // What the host has in hand comes again, and what it kept in memory is lost.
    private void Abandon(SimulatedHost host)
    {
        host.Process.Kill("lost: its host has ended");
        foreach (var work in _inHand.Where(w => w.Host == host))
            switch (work.Item)
            {
                case Episode episode:
                    _hub.Return(episode);
                    break;
                case ActivityInHand activity:
                    _hub.Return(activity);
                    break;
                case FunctionCall call:
                    call.Break(host.Name);
                    break;
            }
        lock (_turnsLock)
            _turns.RemoveAll(t => t.Work.IsDead);
        _inHand.RemoveAll(w => w.Host == host);
        Clock.RemoveAbandoned();
        host.Orchestrators.Clear();
    }

    private TimeSpan DeviationOfTimer(TaskMessage timer, DateTime due)
    {
        const string Name = "timer";
        var instance = timer.OrchestrationInstance.InstanceId;
        return _faults.Draw(instance, Name, _faults.Count(instance, Name), 0, FaultKind.LateTimer, FaultKind.EarlyTimer) switch
        {
            { Kind: FaultKind.LateTimer, Delay: var late } => late,
            { Kind: FaultKind.EarlyTimer, Delay: var early } => -early,
            _ => TimeSpan.Zero,
        };
    }

    private bool StartsTwice(OrchestrationInstance instance)
    {
        const string Name = "start";
        return _faults.Draw(instance.InstanceId, Name, _faults.Count(instance.InstanceId, Name), 0, FaultKind.ConcurrentStart) is not null;
    }

    private sealed record Turn(WorkInHand Work, TaskCompletionSource Come);
}
