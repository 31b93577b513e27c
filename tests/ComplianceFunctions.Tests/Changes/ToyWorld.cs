using Compliance.Callers;
using Compliance.Changes.Approvals;
using Compliance.Changes.Flow;
using Compliance.Changes.Guards;
using Compliance.Changes.Pauses;
using Compliance.Changes.Plans;
using Compliance.Ledger;
using Compliance.Storage;
using Compliance.Tenants;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;
using Simulation;
using Simulation.Storage;
using Testing;

namespace ComplianceFunctions.Tests.Changes;

/// <summary>
/// The toy capability on the official dispatcher, a virtual clock and storage in memory. Boxes and evidence are outside and outlive a
/// crash; every removal is held to what may be removed at that instant.
/// </summary>
internal sealed class ToyWorld : IAsyncDisposable
{
    public const string Tenant = "toy";
    public const int PlansPerHour = 2;

    public static readonly DateTimeOffset Start = new(2027, 3, 1, 8, 0, 0, TimeSpan.Zero);

    private readonly Lock _lock = new();
    private readonly MemoryStorage _storage;
    private readonly Dictionary<string, List<Box>> _boxes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Round> _rounds = new(StringComparer.Ordinal);
    private readonly List<ServiceProvider> _processes = [];
    private MemoryStorageTransport? _transport;

    private ToyWorld(ulong seed, FaultPlan? faults, bool replays)
    {
        Simulation = new DurableSimulation(
            new SimulationOptions
            {
                Seed = seed,
                Start = Start,
                Hosts = [new Simulation.HostOptions { Functions = [typeof(ToyFunctions)] }],
                Faults = faults ?? new FaultPlan(),
                ReplaysEveryEpisode = replays,
            }
        );
        _storage = new MemoryStorage(Simulation.Clock)
        {
            Faults = _ => Simulation.CrashesAt("storage") ? StorageFault.CrashBefore : StorageFault.None,
        };
    }

    public DurableSimulation Simulation { get; }

    public DateTimeOffset Now => Simulation.Clock.GetUtcNow();

    public ChangePolicy Policy { get; set; } = new(new string('a', 64), false, TimeSpan.FromHours(24), TimeSpan.FromHours(72));

    /// <summary>False while the tenant can't be read in full.</summary>
    public bool IsReadable { get; set; } = true;

    /// <summary>False while the service refuses to remove.</summary>
    public bool IsPermitted { get; set; } = true;

    /// <summary>What can't be read when a plan is verified, besides the boxes.</summary>
    public IReadOnlyList<string> UnreadBeside { get; set; } = [];

    /// <summary>True while the service answers that it removed what it leaves.</summary>
    public bool Lies { get; set; }

    /// <summary>Whether acts are paused.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>Happens before the boxes are read; null for nothing.</summary>
    public Func<Task>? BeforeObservation { get; set; }

    /// <summary>Happens after each box that was tried to be removed; null for nothing.</summary>
    public Func<Task>? AfterRemoval { get; set; }

    /// <summary>What was removed: when, and in which round of which case.</summary>
    public List<(DateTimeOffset At, string Case, int Round, string Box)> Removed { get; } = [];

    /// <summary>What no removal may do, and did.</summary>
    public List<string> Harm { get; } = [];

    public KeptEvidence Evidence { get; } = new();

    public ApprovalBoard Board => Services.GetRequiredService<ApprovalBoard>();

    public ChangeFlow<Boxes> Flow => Services.GetRequiredService<ChangeFlow<Boxes>>();

    private IServiceProvider Services => _processes[^1];

    public static async Task<ToyWorld> StartAsync(ulong seed = 1, FaultPlan? faults = null, bool replays = false)
    {
        var world = new ToyWorld(seed, faults, replays);
        await world.Simulation.StartAsync(_ => Task.FromResult(world.StartProcess()));
        return world;
    }

    /// <summary>A box that is removed only when two people agree.</summary>
    public static bool IsPrecious(string box) => box.StartsWith('p');

    /// <summary>The round of a case that is wanted, with the people who asked for it.</summary>
    public ChangeRun Run(string caseId) => new(Tenant, caseId, _rounds[caseId].Number, "subject") { Requesters = ["asker"] };

    public ChangeDue DueOf(ChangeRun run) =>
        _rounds[run.CaseId] is var round && round.Number == run.Round && !round.IsCancelled ? new(true, round.From) : new(false);

    public Boxes Observe(string caseId)
    {
        lock (_lock)
            return new([.. _boxes.GetValueOrDefault(caseId, [])], IsReadable);
    }

    public void Put(string caseId, Box box)
    {
        lock (_lock)
            _boxes[caseId] = [.. _boxes.GetValueOrDefault(caseId, []).Where(b => b.Id != box.Id), box];
    }

    public void Cancel(string caseId) => _rounds[caseId] = _rounds[caseId] with { IsCancelled = true };

    public void PutOff(string caseId, DateTimeOffset from) => _rounds[caseId] = _rounds[caseId] with { From = from };

    /// <summary>Opens another round of a case, whose phases a test calls by itself; the one before is over.</summary>
    public ChangeRun Open(string caseId)
    {
        _rounds[caseId] = new(_rounds.GetValueOrDefault(caseId)?.Number + 1 ?? 1);
        return Run(caseId);
    }

    /// <summary>Begins another round of a case; the one before is over.</summary>
    public async Task BeginAsync(string caseId)
    {
        var run = Open(caseId);
        await Simulation.Client.ScheduleNewOrchestrationInstanceAsync(
            nameof(ToyFunctions.ToyRound),
            run,
            new StartOrchestrationOptions(run.InstanceId),
            TestContext.Current.CancellationToken
        );
    }

    /// <summary>Pauses acts, or lets them continue.</summary>
    public async Task PauseAsync(bool isPaused)
    {
        await Services.GetRequiredService<TablePause>().SetAsync(isPaused, Now);
        IsPaused = isPaused;
    }

    /// <summary>Requests that wait for answers.</summary>
    public Task<IReadOnlyList<ApprovalRequest>> OpenAsync() => Board.OpenAsync(Tenant, Now, TestContext.Current.CancellationToken);

    /// <summary>Answers the open request of a case; null when there is none.</summary>
    public async Task<AnswerOutcome?> AnswerAsync(string caseId, string who, bool approve, bool raises = true)
    {
        var open = (await OpenAsync()).LastOrDefault(r => r.CaseId == caseId);
        if (open is null)
            return null;
        var outcome = await Board.AnswerAsync(
            Tenant,
            open.Id,
            open.PlanId,
            new CallerIdentity(who, who, null, true, [AppRole.Approver]),
            approve,
            null,
            Now,
            TestContext.Current.CancellationToken
        );
        var round = _rounds[caseId];
        if (outcome.Objection is null && approve && open.InstanceId == Run(caseId).InstanceId)
            _rounds[caseId] = round with { Approvers = [.. round.Approvers.Append(who).Distinct()] };
        if (raises)
            await Simulation.Client.RaiseEventAsync(open.InstanceId, ChangeEvents.Answered, open.Id, TestContext.Current.CancellationToken);
        return outcome;
    }

    public StepOutcome Remove(ActionPlan plan, PlanStep step)
    {
        lock (_lock)
        {
            StepOutcome Ended(StepResult result, string? reason = null) => new(step.Id, result, Now, reason);
            var round = _rounds[plan.CaseId];
            if (!IsPermitted)
                return Ended(StepResult.NotPermitted, "403");
            if (_boxes[plan.CaseId].Find(b => b.Id == step.Target.Id) is not { } box)
                return Ended(StepResult.AlreadySo);
            if (step.Arguments["version"] != $"{box.Version}")
                return Ended(StepResult.Refused, "it changed since the plan was made");
            if (IsPaused)
                Harm.Add($"{box.Id} was removed though acts are paused");
            if (!box.IsOld)
                Harm.Add($"{box.Id} was removed though it is not old");
            if (round.IsCancelled || round.From > Now)
                Harm.Add($"{box.Id} was removed though its round was cancelled or put off");
            // Two people may let a plan past what could not be read.
            if (!IsReadable && round.Approvers.Count < 2)
                Harm.Add($"{box.Id} was removed though not all could be read");
            if (IsPrecious(box.Id) && round.Approvers.Count < 2)
                Harm.Add($"{box.Id} was removed though {round.Approvers.Count} people approved in its round");
            if (Lies)
                return Ended(StepResult.Done);
            _boxes[plan.CaseId].Remove(box);
            Removed.Add((Now, plan.CaseId, round.Number, box.Id));
            return Ended(StepResult.Done);
        }
    }

    /// <summary>How a round's orchestration ended; null while it runs.</summary>
    public async Task<string?> OutputAsync(string instanceId)
    {
        var instance = await Simulation.Client.GetInstanceAsync(
            instanceId,
            getInputsAndOutputs: true,
            TestContext.Current.CancellationToken
        );
        return instance is { IsCompleted: true } ? instance.ReadOutputAs<string>() : null;
    }

    public async Task<ChangeCertificate?> CertificateAsync(string caseId) =>
        await Services
            .GetRequiredService<BlobDocumentStore>()
            .LoadAsync<ChangeCertificate>($"{caseId}/{Run(caseId).Round}/certificate.json", TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Simulation.DisposeAsync();
        foreach (var process in _processes)
            await process.DisposeAsync();
    }

    private IServiceProvider StartProcess()
    {
        _transport?.Crash();
        _transport = _storage.Open();
        var storage = new StateStorage(StorageOptions.Read(MemoryStorageFixture.Settings), _transport);
        _processes.Add(
            new ServiceCollection()
                .AddSingleton(this)
                .AddSingleton<TimeProvider>(Simulation.Clock)
                .AddSingleton(storage)
                .AddSingleton<TablePolicyActs>()
                .AddSingleton<IEvidenceLog>(Evidence)
                .AddSingleton<ApprovalBoard>()
                .AddLogging()
                .AddSingleton(new TenantId(Tenant))
                .AddSingleton<TablePause>()
                .AddSingleton<IPause>(p => p.GetRequiredService<TablePause>())
                .AddSingleton<IChange<Boxes>, ToyChange>()
                .AddSingleton(new BlobDocumentStore(storage, "toy"))
                .AddSingleton<ToyExecutor>()
                .AddChangeFlow<Boxes>("toy", "toycaps", p => p.GetRequiredService<ToyExecutor>())
                .BuildServiceProvider()
        );
        return _processes[^1];
    }

    private sealed record Round(int Number)
    {
        public bool IsCancelled { get; init; }

        public DateTimeOffset? From { get; init; }

        public IReadOnlyList<string> Approvers { get; init; } = [];
    }
}
