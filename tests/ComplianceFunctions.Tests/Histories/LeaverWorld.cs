using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure;
using Azure.Core.Pipeline;
using Compliance.Changes.Approvals;
using Compliance.Changes.Pauses;
using Compliance.Ledger.Format;
using Compliance.Offboarding;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Desk;
using Compliance.Offboarding.Erasure;
using Compliance.Offboarding.Policy;
using Compliance.Tenants;
using Compliance.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SandboxTenant;
using SandboxTenant.Data;
using Simulation;
using Simulation.Storage;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>
/// The whole program in one process on a virtual clock: its own container and functions, the official dispatcher, a sandbox tenant and
/// storage in memory.
/// </summary>
internal sealed class LeaverWorld : IAsyncDisposable
{
    /// <summary>When histories begin.</summary>
    public static readonly DateTimeOffset Start = new(2027, 1, 4, 8, 0, 0, TimeSpan.Zero);

    private const int MaxTries = 50;
    private const string Address = "https://localhost:8443";
    private const string Secret = "sbx~simulated";

    private readonly CancellationToken _cancellationToken;
    private readonly Action<IServiceCollection>? _services;
    private readonly PolicyInMemory _policy = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("history-").FullName;
    private readonly List<IHost> _processes = [];
    private readonly Dictionary<string, int> _requests = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _tokens = new(StringComparer.Ordinal);
    private MemoryStorageTransport? _transport;

    private LeaverWorld(
        ulong seed,
        FaultPlan faults,
        double trouble,
        bool replays,
        bool records,
        Action<IServiceCollection>? services,
        CancellationToken cancellationToken
    )
    {
        _services = services;
        _cancellationToken = cancellationToken;
        Simulation = new DurableSimulation(
            new SimulationOptions
            {
                Seed = seed,
                Start = Start,
                Hosts =
                [
                    new Simulation.HostOptions
                    {
                        Functions = [typeof(LeaverActivities), typeof(LeaverOrchestrations)],
                        Version = OrchestrationVersions.Current,
                    },
                ],
                Faults = faults,
                ReplaysEveryEpisode = replays,
                RecordsHistories = records,
            }
        );
        Storage = new MemoryStorage(Simulation.Clock)
        {
            Faults = request => Simulation.CrashesAt("storage") ? StorageFault.CrashBefore : Trouble(seed, trouble, request),
        };
    }

    /// <summary>The dispatcher and the clock.</summary>
    public DurableSimulation Simulation { get; }

    /// <summary>Both accounts.</summary>
    public MemoryStorage Storage { get; }

    /// <summary>The tenant.</summary>
    public Sandbox Sandbox { get; private set; } = null!;

    /// <summary>The clock's time.</summary>
    public DateTimeOffset Now => Simulation.Clock.GetUtcNow();

    /// <summary>SHA-256 of the policy in force.</summary>
    public OffboardingPolicy Policy => _policy.Load();

    /// <summary>The program's services, of the process that runs now.</summary>
    public IServiceProvider Services => _processes[^1].Services;

    /// <summary>A world at <see cref="Start"/>, the program running and nothing to do.</summary>
    /// <param name="seed">Draws the order of steps, and faults.</param>
    /// <param name="faults">What goes wrong in the engine and between it and the program's storage.</param>
    /// <param name="trouble">Share of requests to storage that fail, or whose answer is lost.</param>
    /// <param name="replays">Whether every episode is also replayed from its history.</param>
    /// <param name="records">Whether histories are kept.</param>
    /// <param name="services">Changes the program's services.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    public static async Task<LeaverWorld> StartAsync(
        ulong seed = 1,
        FaultPlan? faults = null,
        double trouble = 0,
        bool replays = false,
        bool records = false,
        Action<IServiceCollection>? services = null,
        CancellationToken cancellationToken = default
    )
    {
        var world = new LeaverWorld(seed, faults ?? new FaultPlan(), trouble, replays, records, services, cancellationToken);
        var options = new SandboxOptions
        {
            InProcess = true,
            Port = 8443,
            Tenant = SmallTenant.Create(),
            Clock = world.Simulation.Clock,
            ClientId = SmallTenant.ClientId,
            ClientSecret = Secret,
        };
        world.Sandbox = await Sandbox.StartAsync(options, TimeProvider.System, cancellationToken);
        await world.Simulation.StartAsync(_ => world.StartProcessAsync());
        return world;
    }

    /// <summary>Runs the program until a time, its timers included.</summary>
    public async Task RunUntilAsync(DateTimeOffset end)
    {
        while (Now < end)
        {
            var (sweep, watch) = (NextSweep(), NextWatch());
            var next = sweep < watch ? sweep : watch;
            if (next > end)
            {
                await Simulation.RunUntilAsync(end, _cancellationToken);
                return;
            }
            await Simulation.RunUntilAsync(next, _cancellationToken);
            // A timer that failed comes again at its next time.
            if (next == sweep)
                await CallAsync("LeaverSweep", f => f.Sweep(new TimerInfo(), Simulation.Client, _cancellationToken));
            if (next == watch)
                await CallAsync("LeaverWatch", f => f.Watch(new TimerInfo(), Simulation.Client, _cancellationToken));
        }
    }

    /// <summary>Lets something happen, at the clock's present time.</summary>
    public async Task HappenAsync(Happening happening)
    {
        switch (happening)
        {
            case HrSends hr:
                await SendAsync(hr);
                break;
            case Answers answer:
                await AnswerAsync(answer);
                break;
            case StartsForCause start:
                await StartForCauseAsync(start.Approver, SmallTenant.IdOf(start.Who));
                break;
            case Pauses pause:
                await PauseAsync(pause.Approver, pause.Blocking);
                break;
            case AsksToResume ask:
                await ResumeAsync(ask.Approver);
                break;
            case AnswersResume answer:
                await AnswerResumeAsync(answer);
                break;
            case EditsPolicy { Edit: var edit }:
                _policy.Change(edit);
                break;
            case Permits { Permission: var permission, Granted: var granted }:
                if (granted)
                    Sandbox.Tenant.Denied.TryRemove(permission, out _);
                else
                    Sandbox.Tenant.Denied[permission] = true;
                break;
            case EditsDirectory edit:
                Change(edit);
                break;
            case ServiceFails { Rule: var rule }:
                Sandbox.SetFaults(rule);
                break;
            case Erases erases:
                await EraseAsync(erases);
                break;
            case Terminates terminates:
                await TerminateAsync(terminates);
                break;
            case Restarts:
                await Simulation.CrashAsync("host");
                break;
            default:
                throw new NotSupportedException($"{happening.GetType().Name} is not known");
        }
    }

    // One that has not ended is refused; one that was cut off is done again.
    private async Task EraseAsync(Erases erases)
    {
        if (await CaseAsync(erases.Who, erases.Employment) is not { IsNotGivenBack: false } known)
            return;
        for (var tries = 1; ; tries++)
            try
            {
                await Services.GetRequiredService<DetailErasure>().EraseAsync(known.Id, "test", [], Policy.Sha256, _cancellationToken);
                return;
            }
            catch (ErasureRefusedException)
            {
                return;
            }
            catch (RequestFailedException) when (tries < MaxTries) { }
    }

    private async Task TerminateAsync(Terminates terminates)
    {
        if (await CaseAsync(terminates.Who, terminates.Employment) is not { } known)
            return;
        foreach (var instance in new[] { known.InstanceId, known.UndoInstanceId })
            if (
                await Simulation.Client.GetInstanceAsync(instance, _cancellationToken) is
                { RuntimeStatus: OrchestrationRuntimeStatus.Running or OrchestrationRuntimeStatus.Pending }
            )
                await Simulation.Client.TerminateInstanceAsync(instance, cancellation: _cancellationToken);
    }

    /// <summary>Ends the trouble of <see cref="ServiceFails"/>.</summary>
    public void ServicesRecover() => Sandbox.SetFaults(null);

    /// <summary>All cases, as stored.</summary>
    public IReadOnlyList<LeaverCase> Cases() =>
        [.. Storage.State.Rows(TableLeaverCases.Table).Select(r => TableLeaverCases.Read(r.ToEntity()))];

    /// <summary>All requests for approval, void ones too, as stored.</summary>
    public IReadOnlyList<ApprovalRequest> ApprovalRequests() =>
        [.. Storage.State.Rows(ApprovalBoard.Table).Select(r => ApprovalBoard.Read(r.ToEntity()).Request)];

    /// <summary>The latest pause, as stored; null before the first.</summary>
    public ActPause? StoredPause() =>
        Storage
            .State.Rows(TablePause.Table)
            .Select(r => JsonSerializer.Deserialize<PauseState>((string)r["Body"]!, ComplianceJson.Compact)!.Latest)
            .SingleOrDefault();

    /// <summary>How many lines the evidence log has.</summary>
    public long EvidenceRecords() => EvidenceLogs().Sum(log => log.LongCount(b => b == '\n'));

    /// <summary>
    /// How much is stored: state, and the evidence log. What checkpoints hold beside it repeats the log's last records, however little is
    /// added.
    /// </summary>
    public long StoredBytes()
    {
        var state = Storage.State.Size();
        return state.RowBytes + state.BlobBytes + EvidenceLogs().Sum(log => (long)log.Length);
    }

    /// <summary>Whether a control has an open finding.</summary>
    public bool HasFinding(string control) =>
        Storage.State.Rows("findings").Any(r => (string?)r["Status"] == "Open" && r.RowKey.StartsWith(control, StringComparison.Ordinal));

    /// <summary>Ids of the records in the evidence log but the log's own.</summary>
    public IReadOnlyList<string> EvidenceIds() =>
        [.. EvidenceLines().Select(r => r["id"]!.GetValue<string>()).Where(id => !id.StartsWith("ledger-", StringComparison.Ordinal))];

    /// <summary>The policies that the records of an action name.</summary>
    public IEnumerable<string> EvidencePolicies(string action) =>
        EvidenceLines().Where(r => r["action"]!.GetValue<string>() == action).Select(r => r["policySha256"]!.GetValue<string>());

    /// <summary>What each record in the evidence log is about: its action, and the controls it names.</summary>
    public IReadOnlyList<(string Action, IReadOnlyList<string> Controls)> EvidenceControls() =>
        [
            .. EvidenceLines()
                .Select(r =>
                    (
                        r["action"]!.GetValue<string>(),
                        (IReadOnlyList<string>)[.. r["controls"]!.AsArray().Select(c => c!.GetValue<string>())]
                    )
                ),
        ];

    /// <summary>The case of an employment; null when there is none.</summary>
    public Task<LeaverCase?> CaseAsync(Person who, string employment) =>
        Services
            .GetRequiredService<CaseDesk>()
            .CaseAsync(HrEventKeys.CaseOf(SmallTenant.Id, SmallTenant.EmployeeIdOf(who), employment), _cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Simulation.DisposeAsync();
        foreach (var process in _processes)
            process.Dispose();
        await Sandbox.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    // Drawn for the request and not for its place among all, which threads may change.
    private StorageFault Trouble(ulong seed, double share, StorageRequest request)
    {
        if (share <= 0)
            return StorageFault.None;
        var key = $"{request.Operation} {request.Resource}";
        int count;
        lock (_requests)
            count = _requests[key] = _requests.GetValueOrDefault(key) + 1;
        return Draws.Fraction(seed, string.Create(CultureInfo.InvariantCulture, $"storage {key} {count}")) switch
        {
            var drawn when drawn < share / 2 => StorageFault.FailBefore(),
            var drawn when drawn < share => StorageFault.LoseAnswer,
            _ => StorageFault.None,
        };
    }

    private async Task<IServiceProvider> StartProcessAsync()
    {
        _transport?.Crash();
        _transport = Storage.Open();
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ContentRootPath = _folder });
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?>
            {
                ["AzureWebJobsStorage"] = MemoryStorage.StateConnection,
                ["EvidenceStorage"] = MemoryStorage.EvidenceConnection,
                ["Tenant:Id"] = SmallTenant.Id,
                ["Tenant:GraphEndpoint"] = Address + "/v1.0",
                ["Tenant:ResourceManagerEndpoint"] = Address,
                ["Tenant:AuthorityHost"] = Address,
                ["Tenant:ClientId"] = SmallTenant.ClientId,
                ["Tenant:ClientSecret"] = Secret,
                ["Tenant:PinnedThumbprint"] = new string('0', 64),
                ["Evidence:SigningKey"] = Path.Combine(_folder, "evidence-key.pem"),
                ["Hr:WebhookKeys"] = Requests.HrKey,
                ["Approvals:Audience"] = SmallTenant.ComplianceApp,
            }
        );
        builder.AddComplianceApp();
        builder.Services.AddMvcCore();
        builder.Services.AddSingleton<TimeProvider>(Simulation.Clock);
        builder.Services.AddSingleton<HttpPipelineTransport>(_transport);
        builder.Services.AddSingleton(new TenantTransport(Sandbox.CreateHandler()));
        builder.Services.AddSingleton<IOffboardingPolicySource>(_policy);
        _services?.Invoke(builder.Services);
        var process = builder.Build();
        _processes.Add(process);
        await process.StartAsync(_cancellationToken);
        // What runs once at the start would otherwise go on beside the first steps, and not in the same order each time.
        foreach (var service in process.Services.GetServices<IHostedService>().OfType<BackgroundService>())
            if (service.ExecuteTask is { } started)
                await ((Task)started).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return process.Services;
    }

    // Every six hours, where production does it every five minutes: a history of months would be mostly sweeps.
    private DateTimeOffset NextSweep() => Today().AddHours(Now.Hour - (Now.Hour % 6) + 6);

    private DateTimeOffset NextWatch() => Today().AddHours(5.5) is var today && today > Now ? today : today.AddDays(1);

    private DateTimeOffset Today() => new(Now.UtcDateTime.Date, TimeSpan.Zero);

    private async Task SendAsync(HrSends hr)
    {
        var data = new JsonObject
        {
            ["employeeId"] = hr.OtherSpelling ? SmallTenant.EmployeeIdOf(hr.Who).ToLowerInvariant() : SmallTenant.EmployeeIdOf(hr.Who),
            ["employment"] = hr.Employment,
            ["sequence"] = hr.Sequence,
        };
        if (hr.Mail is { } mail)
            data["mail"] = SmallTenant.AddressOf(mail);
        if (hr.Type is "terminated" or "termination.rescheduled")
        {
            data["leaves"] = new JsonObject { ["local"] = Requests.Iso(Start + (hr.Leaves ?? hr.At)), ["timeZone"] = "UTC" };
            data["forCause"] = hr.ForCause;
        }
        var body = Requests.Event(
            string.Create(CultureInfo.InvariantCulture, $"{hr.Who}-{hr.Employment}-{hr.Sequence}{(hr.OtherSpelling ? "-b" : "")}"),
            "hr.employee." + hr.Type,
            Start + (hr.Sent ?? hr.At),
            data
        );
        // HR tries again until it has an answer.
        for (var tries = 1; ; tries++)
        {
            var request = Requests.Signed(body, Now);
            var status = await AskAsync("HrEventWebhook", request, (OffboardingFunctions f) =>
                f.HrEventWebhook(request, Simulation.Client, _cancellationToken)
            );
            if (status is not null)
            {
                if (status is HttpStatusCode.Accepted or HttpStatusCode.Conflict)
                    return;
                throw new InvalidOperationException($"HR's event was answered {status}");
            }
            if (tries == MaxTries)
                throw new TimeoutException("HR's event was not taken");
            await Simulation.RunForAsync(TimeSpan.FromSeconds(30), _cancellationToken);
        }
    }

    /// <summary>Asks for a person's access to be ended for cause; the answer's status, null when there was none.</summary>
    /// <param name="approver">Which approver asks; null without a token.</param>
    /// <param name="user">Whose.</param>
    /// <param name="reason">Why.</param>
    public async Task<HttpStatusCode?> StartForCauseAsync(int? approver, string user, string reason = "copied the customer list")
    {
        var message = Requests.Post(
            JsonSerializer.SerializeToUtf8Bytes(
                new
                {
                    user,
                    forCause = true,
                    reason,
                }
            )
        );
        if (approver is { } who)
            message.Headers.Authorization = "Bearer " + await TokenAsync(SmallTenant.Approvers[who]);
        return await AskAsync("StartLeaver", message, (OffboardingFunctions f) => f.Start(message, Simulation.Client, _cancellationToken));
    }

    /// <summary>Whether acts are paused, as an administrator was last answered; null when they were never paused.</summary>
    public PauseView? Paused { get; private set; }

    /// <summary>Pauses acts; the answer's status, null when there was none.</summary>
    /// <param name="approver">Which approver; null without a token.</param>
    /// <param name="blocking">Whether blocking is held too.</param>
    /// <param name="reason">Why.</param>
    public async Task<HttpStatusCode?> PauseAsync(int? approver, bool blocking = false, string reason = "a bad policy")
    {
        var message = Requests.Post(JsonSerializer.SerializeToUtf8Bytes(new { reason, blocking }));
        if (approver is { } who)
            message.Headers.Authorization = "Bearer " + await TokenAsync(SmallTenant.Approvers[who]);
        return await AskAboutPauseAsync("PauseActs", message, f => f.Pause(message, _cancellationToken));
    }

    /// <summary>Asks to resume acts; the answer's status, null when there was none.</summary>
    public async Task<HttpStatusCode?> ResumeAsync(int? approver)
    {
        var message = Requests.Post([]);
        if (approver is { } who)
            message.Headers.Authorization = "Bearer " + await TokenAsync(SmallTenant.Approvers[who]);
        return await AskAboutPauseAsync("ResumeActs", message, f => f.Resume(message, _cancellationToken));
    }

    /// <summary>Answers the open question whether to resume; the answer's status, null when there was no question or no answer.</summary>
    public async Task<HttpStatusCode?> AnswerResumeAsync(AnswersResume answer)
    {
        var open = await Services.GetRequiredService<ApprovalDesk>().OpenApprovalsAsync(_cancellationToken);
        return open.FirstOrDefault(PauseSwitch.Asks) is { } request
            ? await AnswerAsync(request.Id, request.PlanId, answer.Approver, answer.Approve)
            : null;
    }

    /// <summary>Answers a request of which all is known; the answer's status, null when there was none.</summary>
    public async Task<HttpStatusCode?> AnswerAsync(string requestId, string planId, int approver, bool approve = true)
    {
        var message = Requests.Post(JsonSerializer.SerializeToUtf8Bytes(new { planId, approve }));
        message.Headers.Authorization = "Bearer " + await TokenAsync(SmallTenant.Approvers[approver]);
        return await AskAsync("AnswerApproval", message, (ApprovalFunctions f) =>
            f.Answer(message, requestId, Simulation.Client, _cancellationToken)
        );
    }

    private async Task<HttpStatusCode?> AskAboutPauseAsync(
        string name,
        HttpRequest request,
        Func<ChangeFunctions, Task<IActionResult>> function
    )
    {
        HttpStatusCode? status = null;
        await CallAsync(name, async services =>
        {
            (status, var body) = await Requests.AnswerAsync(services, request, function);
            if (status is HttpStatusCode.OK or HttpStatusCode.Accepted)
                Paused = JsonSerializer.Deserialize<PauseView>(body, ComplianceJson.Readable);
        });
        return status;
    }

    /// <summary>Answers a request; the answer's status, null when there was no request or no answer.</summary>
    public async Task<HttpStatusCode?> AnswerAsync(Answers answer)
    {
        var employeeId = SmallTenant.EmployeeIdOf(answer.Who);
        var cases = (await Services.GetRequiredService<CaseDesk>().CasesAsync(_cancellationToken))
            .Where(c => c.EmployeeId == employeeId)
            .Select(c => c.Id)
            .ToList();
        var open = (await Services.GetRequiredService<ApprovalDesk>().OpenApprovalsAsync(_cancellationToken)).Where(r =>
            cases.Contains(r.CaseId)
        );
        if (open.Where(r => ForCauseStarts.Asks(r) == answer.ForCause).MaxBy(r => r.AskedAt) is not { } request)
            return null;
        return await AnswerAsync(request.Id, request.PlanId, answer.Approver, answer.Approve);
    }

    private void Change(EditsDirectory edit)
    {
        var (tenant, id) = (Sandbox.Tenant, SmallTenant.IdOf(edit.Who));
        if (tenant.Users.Find(id) is null)
            return;
        switch (edit.Edit)
        {
            case DirectoryEdit.Enable:
                tenant.Change("users", id, """{"accountEnabled":true}""");
                break;
            case DirectoryEdit.Disable:
                tenant.Change("users", id, """{"accountEnabled":false}""");
                break;
            case DirectoryEdit.AddToGroup:
                if (tenant.GroupMembers.Of(SmallTenant.OtherGroup).Find(id) is null)
                    SmallTenant.AddToGroup(tenant, SmallTenant.OtherGroup, edit.Who);
                break;
            case DirectoryEdit.ClearEmployeeId:
                tenant.Change("users", id, """{"employeeId":null}""");
                break;
            case DirectoryEdit.SetEmployeeId:
                tenant.Change("users", id, new JsonObject { ["employeeId"] = SmallTenant.EmployeeIdOf(edit.Who) }.ToJsonString());
                break;
            case DirectoryEdit.TakeLeasEmployeeId:
                if (tenant.Users.Find(SmallTenant.IdOf(Person.Lea)) is not null)
                    tenant.Change("users", SmallTenant.IdOf(Person.Lea), """{"employeeId":null}""");
                tenant.Change("users", id, new JsonObject { ["employeeId"] = SmallTenant.EmployeeIdOf(Person.Lea) }.ToJsonString());
                break;
            case DirectoryEdit.Delete:
                tenant.Remove("users", id);
                tenant.DeletedUsers[id] = true;
                break;
            default:
                throw new NotSupportedException($"{edit.Edit} is not known");
        }
    }

    // Who cannot sign in any more still has the token from before.
    /// <summary>A person's token for the app.</summary>
    public async Task<string> TokenAsync(string person)
    {
        var user = Json.Object(Sandbox.Tenant.Users.Find(person)!.Json);
        if (user["accountEnabled"]!.GetValue<bool>())
            _tokens[person] = await SignInAsync(user["userPrincipalName"]!.GetValue<string>());
        return _tokens[person];
    }

    private async Task<string> SignInAsync(string principalName)
    {
        using var client = new HttpMessageInvoker(Sandbox.CreateHandler());
        return await Requests.TokenAsync(
            client,
            $"{Address}/{SmallTenant.Id}",
            SmallTenant.ClientId,
            Secret,
            principalName,
            SmallTenant.ComplianceApp,
            _cancellationToken
        );
    }

    private IEnumerable<JsonNode> EvidenceLines() =>
        EvidenceLogs()
            .SelectMany(log => Encoding.UTF8.GetString(log).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            .Select(line => JsonNode.Parse(line)!);

    private IEnumerable<byte[]> EvidenceLogs() =>
        Storage
            .Evidence.Blobs(LedgerLayout.Container)
            .Where(b => b.Name.Contains($"/{LedgerLayout.LogFolder}", StringComparison.Ordinal))
            .Select(b => b.Content.ToArray());

    private Task<bool> CallAsync(string name, Func<LeaverTimers, Task> function) => CallAsync(name, async services =>
        {
            await using var scope = services.CreateAsyncScope();
            await function(ActivatorUtilities.CreateInstance<LeaverTimers>(scope.ServiceProvider));
        });

    // A step among the others, at the present time. False when it failed or its process ended.
    private async Task<bool> CallAsync(string name, Func<IServiceProvider, Task> function)
    {
        var call = Simulation.Call(name, function);
        await Simulation.RunUntilIdleAsync(_cancellationToken);
        while (!call.Ended.IsCompleted)
            await Simulation.RunForAsync(TimeSpan.FromSeconds(1), _cancellationToken);
        return call.Ended.IsCompletedSuccessfully;
    }

    // The answer's status; null when there was none.
    private async Task<HttpStatusCode?> AskAsync<T>(string name, HttpRequest request, Func<T, Task<IActionResult>> function)
    {
        HttpStatusCode? status = null;
        await CallAsync(name, async services =>
        {
            (status, _) = await Requests.AnswerAsync(services, request, function);
        });
        return status;
    }

    // Read once for each text: reading and checking the file takes longer than a step.
    private sealed class PolicyInMemory : IOffboardingPolicySource
    {
        private bool _protected;
        private bool _firstAct;
        private bool _blockGroup;
        private bool _broken;
        private string? _owner;
        private int _comments;
        private OffboardingPolicy? _loaded;

        public OffboardingPolicy Load() => _loaded ??= OffboardingPolicyLoader.Load(Text(), "offboarding.yaml");

        public void Change(PolicyEdit edit)
        {
            switch (edit)
            {
                case PolicyEdit.Comment:
                    _comments++;
                    break;
                case PolicyEdit.ProtectLea or PolicyEdit.UnprotectLea:
                    _protected = edit == PolicyEdit.ProtectLea;
                    break;
                case PolicyEdit.NameBlockGroup or PolicyEdit.NameNoBlockGroup:
                    _blockGroup = edit == PolicyEdit.NameBlockGroup;
                    break;
                case PolicyEdit.Break or PolicyEdit.Correct:
                    _broken = edit == PolicyEdit.Break;
                    break;
                case PolicyEdit.NameNoaAsOwner:
                    _owner = SmallTenant.IdOf(Person.Noa);
                    break;
                default:
                    _firstAct = edit == PolicyEdit.ApproveFirstAct;
                    break;
            }
            _loaded = null;
        }

        private string Owners => _owner is null ? "" : $"owners: {{ fallback: {_owner} }}";

        private string Text() =>
            string.Create(
                CultureInfo.InvariantCulture,
                $$"""
                version: 1
                approvals: { firstAct: {{(_firstAct ? "true" : "false")}} }
                protected: { accounts: [{{(_protected ? SmallTenant.IdOf(Person.Lea) : "")}}] }
                {{Owners}}
                {{(_blockGroup ? $"blockGroup: {SmallTenant.OtherGroup}" : "")}}
                # edited {{_comments}} times
                {{(_broken ? "nonsense: true" : "")}}
                """
            );
    }
}
