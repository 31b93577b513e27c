using System.Globalization;
using Compliance.Callers;
using Compliance.Changes.Approvals;
using Compliance.Changes.Flow;
using Compliance.Changes.Guards;
using Compliance.Changes.Pauses;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Minimization;
using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Policy;
using Compliance.Minimization.Sweeps;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Tenants;
using ComplianceFunctions.Tests.Changes;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Simulation;
using Simulation.Storage;
using Testing;

namespace ComplianceFunctions.Tests.Minimization;

/// <summary>
/// Sweeps on the official dispatcher, a virtual clock and storage in memory. Blobs and evidence are outside and outlive a crash; every
/// deletion is held to what may be deleted at that instant.
/// </summary>
internal sealed class SweepWorld : IAsyncDisposable, IDataOwners, IRetentionPolicySource
{
    public const string Tenant = "sweeps";
    public const string Owner = "owner-id";

    public static readonly DateTimeOffset Start = new(2027, 4, 1, 6, 0, 0, TimeSpan.Zero);

    private readonly MemoryStorage _storage;
    private readonly List<ServiceProvider> _processes = [];
    private MemoryStorageTransport? _transport;
    private string _keep = "P90D";
    private DateTimeOffset _began;

    // Whoever came back since then was replaced by a second approver.
    private string? _ownerWhenAsked;

    private SweepWorld(ulong seed, FaultPlan? faults, bool replays)
    {
        Simulation = new DurableSimulation(
            new SimulationOptions
            {
                Seed = seed,
                Start = Start,
                Hosts = [new Simulation.HostOptions { Functions = [typeof(SweepOrchestrations), typeof(SweepActivities)] }],
                Faults = faults ?? new FaultPlan(),
                ReplaysEveryEpisode = replays,
            }
        );
        _storage = new MemoryStorage(Simulation.Clock)
        {
            Faults = request =>
            {
                if (request.Writes && WritesLeft-- == 0)
                    return StorageFault.FailBefore(400, "CutOff");
                return Simulation.CrashesAt("storage") ? StorageFault.CrashBefore : StorageFault.None;
            },
        };
        Blobs = new MemoryBlobs(WhyHarm, Simulation.Clock);
    }

    public DurableSimulation Simulation { get; }

    public MemoryBlobs Blobs { get; }

    public DateTimeOffset Now => Simulation.Clock.GetUtcNow();

    public KeptEvidence Evidence { get; } = new();

    /// <summary>Object id of the owner in the directory; null for one who left.</summary>
    public string? OwnerInDirectory { get; set; } = Owner;

    /// <summary>People who agreed to the sweep's open request, by sweep.</summary>
    public Dictionary<string, HashSet<string>> Yes { get; } = [];

    /// <summary>Sweeps that were cancelled or refused.</summary>
    public HashSet<string> Over { get; } = [];

    /// <summary>Policies by which something was deleted: their rule has had its first act.</summary>
    public HashSet<string> Acted { get; } = [];

    public string? Running { get; private set; }

    public bool IsPaused { get; private set; }

    /// <summary>After so many writes one is refused; negative for none.</summary>
    public int WritesLeft { get; set; } = -1;

    public ApprovalBoard Board => Services.GetRequiredService<ApprovalBoard>();

    public TableSweeps Sweeps => Services.GetRequiredService<TableSweeps>();

    public SweepDocuments Documents => Services.GetRequiredService<SweepDocuments>();

    public SweepFiles Files => Services.GetRequiredService<SweepFiles>();

    public IFindingStore Findings => Services.GetRequiredService<IFindingStore>();

    private IServiceProvider Services => _processes[^1];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<SweepWorld> StartAsync(ulong seed = 1, FaultPlan? faults = null, bool replays = false)
    {
        var world = new SweepWorld(seed, faults, replays);
        await world.Simulation.StartAsync(_ => Task.FromResult(world.StartProcess()));
        return world;
    }

    /// <summary>Name of a blob about prompts of so many days before the start.</summary>
    public static string Prompt(int daysAgo, string name) =>
        $"prompts/{Start.AddDays(-daysAgo).ToString("yyyy/MM/dd", CultureInfo.InvariantCulture)}/{name}";

    /// <summary>How old the data in a blob is at the start, by its name.</summary>
    public static int AgeInDays(BlobFacts blob) => (Start.Date - DayOf(blob).Date).Days;

    /// <summary>Keeps prompts for another time: another policy.</summary>
    public void KeepFor(string period) => _keep = period;

    public RetentionPolicy Load() =>
        RetentionPolicyLoader.Load(
            $$"""
            version: 1
            dataSets:
              - id: prompts
                accounts: [sttrain]
                containers: [raw]
                prefix: prompts/
                classification: restricted
                purpose: quality of answers
                lawfulBasis: GDPR 6(1)(f)
                owner: owner@contoso.example
                caps: { share: 60% }
                rules:
                  - { id: old, after: {{_keep}}, from: name, template: "prompts/{yyyy}/{MM}/{dd}/*", action: delete }
            """,
            "retention.yaml"
        );

    public Task<ChangeOwner?> FindAsync(string owner, CancellationToken cancellationToken) =>
        Task.FromResult((_ownerWhenAsked = OwnerInDirectory) is { } id ? new ChangeOwner(id, owner) : null);

    /// <summary>Starts a sweep.</summary>
    public async Task<Sweep> BeginAsync(string id, string? by = "asker", bool isDryRun = false)
    {
        var sweep = await Sweeps.BeginAsync(
            new()
            {
                Id = id,
                TenantId = Tenant,
                At = Now,
                RequestedBy = by,
                PolicySha256 = Load().Sha256,
                IsDryRun = isDryRun,
            },
            Stop
        );
        if (sweep.Id != id)
            return sweep;
        (Running, _began) = (id, sweep.At);
        await Simulation.Client.ScheduleNewOrchestrationInstanceAsync(
            SweepOrchestrations.Sweep,
            sweep.Run,
            new StartOrchestrationOptions(id),
            Stop
        );
        return sweep;
    }

    /// <summary>What the timer does each day.</summary>
    public async Task EnsureAsync()
    {
        foreach (var sweep in await Sweeps.ExpectedAsync(Tenant, Stop))
            await new SweepDispatcher(NullLogger<SweepDispatcher>.Instance).EnsureAsync(sweep, Simulation.Client, Stop);
    }

    /// <summary>Pauses acts, or lets them continue.</summary>
    public async Task PauseAsync(bool isPaused)
    {
        await Services.GetRequiredService<TablePause>().SetAsync(isPaused, Now);
        IsPaused = isPaused;
    }

    public async Task CancelAsync(string id)
    {
        Over.Add(id);
        var sweep = await Sweeps.ChangeAsync(Tenant, id, s => s.IsOpen ? s with { Stage = SweepStage.Cancelled } : s, Stop);
        foreach (var instance in sweep.Instances)
            await Simulation.Client.RaiseEventAsync(instance, ChangeOrchestration.Changed, "", Stop);
    }

    public Task RunAsync(TimeSpan time) => Simulation.RunForAsync(time, Stop);

    public Task<IReadOnlyList<ApprovalRequest>> OpenAsync() => Board.OpenAsync(Tenant, Now, Stop);

    /// <summary>Answers the open request; null when there is none.</summary>
    public async Task<AnswerOutcome?> AnswerAsync(string who, bool approve, AppRole? role = null)
    {
        if (await OpenAsync() is not [.., var open])
            return null;
        var outcome = await Board.AnswerAsync(
            Tenant,
            open.Id,
            open.PlanId,
            new CallerIdentity(who, who, null, true, [role ?? (who == Owner ? AppRole.Owner : AppRole.Approver)]),
            approve,
            null,
            Now,
            Stop
        );
        var sweep = Running!;
        if (outcome.Objection is null && approve)
            (Yes.TryGetValue(sweep, out var yes) ? yes : Yes[sweep] = []).Add(who);
        if (outcome.Objection is null && !approve)
            Over.Add(sweep);
        await Simulation.Client.RaiseEventAsync(open.InstanceId, ChangeEvents.Answered, open.Id, Stop);
        return outcome;
    }

    /// <summary>What became of each item of a sweep, by the files of outcomes.</summary>
    public async Task<IReadOnlyList<OutcomeRow>> OutcomesAsync(string id)
    {
        var rows = new Dictionary<(string, long), OutcomeRow>();
        foreach (var slice in (await Documents.PlansAsync(id, Stop)).SelectMany(p => p.Slices).Where(s => s.DataSet is not null))
            foreach (var part in (await Documents.ProgressAsync(slice, Stop)).Parts)
                foreach (var row in OutcomeFile.Rows((await Files.LoadAsync(part.File, Stop))!.Value))
                    rows[(slice.Manifest, row.Row)] = row;
        return [.. rows.Values];
    }

    public async ValueTask DisposeAsync()
    {
        await Simulation.DisposeAsync();
        foreach (var process in _processes)
            await process.DisposeAsync();
    }

    // What the world knows by itself, not by the code under test.
    private string? WhyHarm(BlobFacts blob)
    {
        var days = int.Parse(_keep[1..^1], CultureInfo.InvariantCulture);
        if (DayOf(blob).AddDays(days + 1) > Now)
            return "it is not old enough";
        if (blob.Tags!.ContainsKey("legalhold"))
            return "it is on hold";
        if (blob.LastModified > _began)
            return "it was written after its sweep was begun";
        if (Over.Contains(Running!))
            return "its sweep was cancelled or refused";
        var policy = Load().Sha256;
        var isFirst = !Acted.Contains(policy);
        var yes = Yes.GetValueOrDefault(Running!, []);
        if (isFirst && (yes.Count < 2 || (_ownerWhenAsked == Owner && !yes.Contains(Owner))))
            return $"it is the first act of its rule, and {string.Join(", ", yes)} agreed";
        if (IsPaused)
            return "acts are paused";
        Acted.Add(policy);
        return null;
    }

    private static DateTimeOffset DayOf(BlobFacts blob) =>
        DateTimeOffset.ParseExact(
            string.Join('/', blob.Name.Split('/')[1..4]),
            "yyyy/MM/dd",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal
        );

    private IServiceProvider StartProcess()
    {
        _transport?.Crash();
        _transport = _storage.Open();
        var storage = new StateStorage(StorageOptions.Read(MemoryStorageFixture.Settings), _transport);
        _processes.Add(
            new ServiceCollection()
                .AddSingleton<TimeProvider>(Simulation.Clock)
                .AddSingleton(storage)
                .AddSingleton<TablePolicyActs>()
                .AddSingleton<IEvidenceLog>(Evidence)
                .AddSingleton<ApprovalBoard>()
                .AddLogging()
                .AddSingleton(new TenantId(Tenant))
                .AddSingleton<TablePause>()
                .AddSingleton<IPause>(p => p.GetRequiredService<TablePause>())
                .AddFindings()
                .AddSingleton<IRunLog, TableRunLog>()
                .AddSingleton<ScheduledRuns>()
                .AddSingleton<IBlobData>(Blobs)
                .AddSingleton<ISweepStorage>(Blobs)
                .AddSingleton<IDataOwners>(this)
                .AddSingleton<IRetentionPolicySource>(this)
                .AddSingleton(new OwnAccounts(new HashSet<string>()))
                .AddSweeps()
                .BuildServiceProvider()
        );
        return _processes[^1];
    }
}
