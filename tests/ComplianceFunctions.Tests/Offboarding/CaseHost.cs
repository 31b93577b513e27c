using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs.Models;
using Compliance.Findings;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;
using Compliance.Offboarding;
using Compliance.Offboarding.Desk;
using Compliance.Offboarding.Erasure;
using Compliance.Tenants;
using Local;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using NJsonSchema;
using SandboxTenant;
using SandboxTenant.Data;
using SandboxTenant.Demo;
using Simulation;
using Testing;

namespace ComplianceFunctions.Tests.Offboarding;

/// <summary>
/// The app's services and offboarding functions over a real sandbox tenant and real storage, its orchestrations on the official engine, on
/// a clock that the test moves. A trigger is its method, called as the worker calls it: in a scope of its own.
/// </summary>
internal sealed class CaseHost : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static int _hosts;

    private readonly AzuriteFixture _azurite;
    private readonly string _folder = Directory.CreateTempSubdirectory("case-host-").FullName;
    private readonly DurableEngine _engine;
    private int? _graphWriteLimit;
    private Action<IServiceCollection>? _services;
    private IHost? _host;

    private CaseHost(AzuriteFixture azurite, Sandbox sandbox, FakeTimeProvider clock)
    {
        (_azurite, Sandbox, Clock) = (azurite, sandbox, clock);
        _engine = new DurableEngine([typeof(LeaverActivities), typeof(LeaverOrchestrations)], clock);
    }

    public Sandbox Sandbox { get; }

    public FakeTimeProvider Clock { get; }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public CaseDesk Cases => _host!.Services.GetRequiredService<CaseDesk>();

    public ApprovalDesk Approvals => _host!.Services.GetRequiredService<ApprovalDesk>();

    public IServiceProvider Services => _host!.Services;

    /// <summary>
    /// Starts over a demo tenant of its own: another seed is another tenant id, so that hosts that share Azurite keep apart.
    /// </summary>
    public static async Task<CaseHost> StartAsync(
        AzuriteFixture azurite,
        string policy = "",
        Action<TenantData>? change = null,
        int? graphWriteLimit = null,
        Action<IServiceCollection>? services = null
    )
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var tenant = DemoTenant.Create(
            (ulong)(Environment.ProcessId * 1000L) + (ulong)Interlocked.Increment(ref _hosts),
            clock.GetUtcNow()
        );
        change?.Invoke(tenant);
        var sandbox = await Sandbox.StartAsync(new SandboxOptions { Tenant = tenant, Clock = clock }, TimeProvider.System, Stop);
        var host = new CaseHost(azurite, sandbox, clock) { _graphWriteLimit = graphWriteLimit, _services = services };
        await File.WriteAllTextAsync(
            Path.Combine(host._folder, "offboarding.yaml"),
            "version: 1\n" + (policy.Contains("approvals:", StringComparison.Ordinal) ? "" : "approvals: { firstAct: false }\n") + policy,
            Stop
        );
        await host.StartAppAsync();
        return host;
    }

    public async Task StartAppAsync()
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ContentRootPath = _folder });
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?>
            {
                ["AzureWebJobsStorage"] = _azurite.StateConnection,
                ["EvidenceStorage"] = _azurite.EvidenceConnection,
                ["Tenant:Id"] = Sandbox.TenantId,
                ["Tenant:GraphEndpoint"] = $"https://localhost:{Sandbox.Port}/v1.0",
                ["Tenant:ResourceManagerEndpoint"] = $"https://localhost:{Sandbox.Port}",
                ["Tenant:AuthorityHost"] = $"https://localhost:{Sandbox.Port}",
                ["Tenant:ClientId"] = Sandbox.ClientId,
                ["Tenant:ClientSecret"] = Sandbox.ClientSecret,
                ["Tenant:PinnedThumbprint"] = Sandbox.Thumbprint,
                ["Evidence:SigningKey"] = Path.Combine(_folder, "evidence-key.pem"),
                ["Tenant:GraphWriteLimit"] = _graphWriteLimit?.ToString(CultureInfo.InvariantCulture),
                ["Hr:WebhookKeys"] = Requests.HrKey,
                ["Approvals:Audience"] = DemoLeaver.ComplianceAppId,
                ["Policy:Offboarding"] = Path.Combine(_folder, "offboarding.yaml"),
            }
        );
        builder.AddComplianceApp();
        builder.Services.AddMvcCore();
        builder.Services.AddSingleton<TimeProvider>(Clock);
        _services?.Invoke(builder.Services);
        _host = builder.Build();
        await _host.StartAsync(Stop);
        await _engine.StartAsync(_host.Services);
    }

    /// <summary>Another text of the same policy: it voids what was approved under the old one.</summary>
    public Task ChangePolicyAsync() => File.AppendAllTextAsync(Path.Combine(_folder, "offboarding.yaml"), "\n# changed\n", Stop);

    public async Task StopAppAsync()
    {
        await _engine.StopAsync();
        await _host!.StopAsync(CancellationToken.None);
        _host.Dispose();
    }

    /// <summary>An event for the demo's leaver, for cause unless a time is given.</summary>
    public byte[] Event(
        string type = "hr.employee.terminated",
        long sequence = 1,
        DateTimeOffset? leaves = null,
        string? id = null,
        string employment = "1"
    ) => Requests.Event(id ?? $"{type}-{sequence}", type, Clock.GetUtcNow(), Data(type, sequence, leaves, employment));

    public async Task<(HttpStatusCode Status, string? CaseId)> SendAsync(
        byte[] body,
        string contentType = "application/cloudevents+json",
        TimeSpan late = default,
        string key = Requests.HrKey
    )
    {
        var request = Requests.Signed(body, Clock.GetUtcNow() - late, contentType, key);
        var (status, answer) = await CallAsync(request, (OffboardingFunctions f) => f.HrEventWebhook(request, _engine.Client, Stop));
        return (status, answer["caseId"]?.GetValue<string>());
    }

    /// <summary>Sends an event unsigned, with the token of an application of the tenant.</summary>
    public async Task<(HttpStatusCode Status, string? CaseId)> SendAsApplicationAsync(byte[] body, string application)
    {
        var sender = Sandbox.Tenant.ServicePrincipals.All().First(p => Json.Text(p.Json, "displayName") == application);
        using var form = new FormUrlEncodedContent(
            new Dictionary<string, string>
            {
                ["grant_type"] = "client_credentials",
                ["client_id"] = Json.Text(sender.Json, "appId")!,
                ["client_secret"] = Sandbox.ClientSecret,
                ["scope"] = $"api://{DemoLeaver.ComplianceAppId}/.default",
            }
        );
        using var signedIn = await Services
            .GetRequiredService<TenantConnection>()
            .SignIn.PostAsync(new Uri($"https://localhost:{Sandbox.Port}/{Sandbox.TenantId}/oauth2/v2.0/token"), form, Stop);
        var token = JsonNode.Parse(await signedIn.Content.ReadAsStringAsync(Stop))!["access_token"]!.GetValue<string>();
        var request = Requests.Post(body, "application/cloudevents+json");
        request.Headers.Authorization = "Bearer " + token;
        var (status, answer) = await CallAsync(request, (OffboardingFunctions f) => f.HrEventWebhook(request, _engine.Client, Stop));
        return (status, answer["caseId"]?.GetValue<string>());
    }

    /// <summary>Sends an event that must be taken, and gives its case.</summary>
    public async Task<string> TakenAsync(byte[] body)
    {
        var (status, id) = await SendAsync(body);
        Assert.Equal(HttpStatusCode.Accepted, status);
        return id!;
    }

    /// <summary>The case, once it is so. The clock goes on by a second at a time meanwhile, so that waits for it end.</summary>
    public async Task<LeaverCase> UntilAsync(string caseId, Func<LeaverCase, bool> so, TimeSpan? step = null)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var known = await Cases.CaseAsync(caseId, Stop);
            if (known is not null && so(known))
                return known;
            var instance = known is null ? null : await _engine.Client.GetInstanceAsync(known.InstanceId, Stop);
            if (instance is { RuntimeStatus: OrchestrationRuntimeStatus.Failed, FailureDetails: var failure })
                throw new InvalidOperationException($"the orchestration of the case failed: {failure?.ErrorMessage}");
            if (TimeProvider.System.GetElapsedTime(began) > Patience)
                throw new TimeoutException(
                    $"the case is at {known?.Stage}, round {known?.Round}: {known?.Note}; "
                        + (
                            await Cases.DocumentAsync(caseId, "state.json", Stop) is { } state
                                ? JsonNode.Parse(state)!["verified"]?.ToJsonString()
                                : null
                        )
                );
            Clock.Advance(step ?? TimeSpan.FromSeconds(1));
            // What goes on between two turns is input and output, which no clock moves, or a step that itself waits for the clock.
            await Task.WhenAny(_engine.WhenIdleAsync(Stop), Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Stop));
        }
    }

    /// <summary>Which history the case's orchestration is in: another one after each time that it was continued as new.</summary>
    public async Task<string?> HistoryAsync(string caseId) => _engine.HistoryOf((await Cases.CaseAsync(caseId, Stop))!.InstanceId);

    /// <summary>Once no orchestration and no step has anything left to do at the clock's present time.</summary>
    public Task IdleAsync() => _engine.WhenIdleAsync(Stop).WaitAsync(Patience, Stop);

    /// <summary>
    /// Once the case's orchestration has seen the clock's present time and nothing is left to do then, whatever it made of it.
    /// </summary>
    public async Task AwakeAsync(string caseId)
    {
        var now = Clock.GetUtcNow();
        await IdleAsync();
        var instance = (await _engine.Client.GetInstanceAsync(caseId, Stop))!;
        Assert.True(instance.LastUpdatedAt >= now, $"the orchestration of {caseId} did not wake");
    }

    /// <summary>
    /// Two people agree to the removal plan, once they are asked: for these guards and no others. Dana's plan always waits, since she alone
    /// owns a privileged application.
    /// </summary>
    public async Task AgreedAsync(string caseId, params string[] alsoFor)
    {
        var asked = await UntilAsync(caseId, c => c.Stage == LeaverStage.AwaitingApproval);
        var request = Assert.Single(await Approvals.OpenApprovalsAsync(Stop), r => r.CaseId == caseId);
        Assert.Equal(
            (asked.PlanId, string.Join(",", alsoFor.Append(GuardNames.LastOwner).Order(StringComparer.Ordinal))),
            (request.PlanId, string.Join(",", request.Guards.Order(StringComparer.Ordinal)))
        );
        await ApproveAsync(caseId);
    }

    /// <summary>The case, once two people agreed to its removal plan, unless they did, and its certificate was issued.</summary>
    public async Task<LeaverCase> CertifiedAsync(string caseId, TimeSpan? step = null, bool agreed = false)
    {
        if (!agreed)
            await AgreedAsync(caseId);
        return await UntilAsync(caseId, c => c.CertificateSha256 is not null, step);
    }

    /// <summary>Everything that changed something in the tenant, as METHOD path.</summary>
    public IReadOnlyList<string> Changes =>
        [
            .. Sandbox
                .Requests.Where(r =>
                    r.Method is "PATCH" or "DELETE" or "PUT"
                    || (
                        r.Method == "POST"
                        && !r.Path.EndsWith("/token", StringComparison.Ordinal)
                        && !r.Path.EndsWith("$batch", StringComparison.Ordinal)
                        && !r.Path.EndsWith("/resources", StringComparison.Ordinal)
                    )
                )
                .Select(r => $"{r.Method} {r.Path}"),
        ];

    public async Task<IReadOnlyList<Finding>> FindingsAsync(string caseId)
    {
        var found = new List<Finding>();
        await foreach (var finding in Services.GetRequiredService<IFindingStore>().ListOpenAsync(Sandbox.TenantId, Stop))
            if (finding.Detection.Subject.Id == caseId)
                found.Add(finding);
        return found;
    }

    /// <summary>What an auditor finds who has the public key and nothing else; null while there is no key yet.</summary>
    public async Task<LedgerVerification?> VerifyLedgerAsync()
    {
        if (!File.Exists(LedgerKeyFile))
            return null;
        var source = new BlobLedgerSource(_azurite.EvidenceBlobs, Sandbox.TenantId);
        return await new LedgerVerifier(source, new VerifyOptions { Keys = [await LedgerKeyAsync()] }).VerifyAsync(Stop);
    }

    /// <summary>The public key that checkpoints are verified with; there is one once something was signed.</summary>
    public async Task<NoteKey> LedgerKeyAsync() => NoteKey.Parse((await File.ReadAllTextAsync(LedgerKeyFile, Stop)).Trim());

    private string LedgerKeyFile => Path.Combine(_folder, "evidence-key.vkey");

    /// <summary>Ids of the tenant's evidence records, as they are in the ledger; each must be as the schema says.</summary>
    public async Task<IReadOnlyList<string>> LedgerIdsAsync() =>
        [
            .. (await LedgerAsync())
                .Select(r => r["id"]!.GetValue<string>())
                .Where(id => !id.StartsWith("ledger-", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>The tenant's evidence records, as they are in the ledger; each must be as the schema says.</summary>
    public async Task<IReadOnlyList<JsonNode>> LedgerAsync()
    {
        var records = new List<JsonNode>();
        var schema = await JsonSchema.FromFileAsync(
            Path.Combine(RepositoryRoot.Find(), "src", "ComplianceFunctions", "schemas", "evidence-record.schema.json"),
            Stop
        );
        var ledger = _azurite.EvidenceBlobs.GetBlobContainerClient("ledger");
        await foreach (var blob in ledger.GetBlobsAsync(new GetBlobsOptions { Prefix = Sandbox.TenantId + "/log/" }, Stop))
            records.AddRange(
                (await ledger.GetBlobClient(blob.Name).DownloadContentAsync(Stop))
                    .Value.Content.ToString()
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(line =>
                    {
                        Assert.Empty(schema.Validate(line));
                        return JsonNode.Parse(line)!;
                    })
            );
        return records;
    }

    public string[] Approvers =>
        [
            .. Sandbox
                .Tenant.AppRoleAssignments.All()
                .Where(a => Json.Text(a.Json, "appRoleId") == DemoLeaver.ApproverRole)
                .Select(a => Json.Text(a.Json, "principalId")!)
                .Where(p => Sandbox.Tenant.Users.Find(p) is not null)
                .Distinct(StringComparer.OrdinalIgnoreCase),
        ];

    public async Task<HttpStatusCode> AnswerAsync(string caseId, string person, bool approve = true)
    {
        var request = (await Approvals.OpenApprovalsAsync(Stop)).Where(r => r.CaseId == caseId).MaxBy(r => r.AskedAt)!;
        var message = Requests.Post(JsonSerializer.SerializeToUtf8Bytes(new { planId = request.PlanId, approve }));
        message.Headers.Authorization = "Bearer " + await TokenAsync(person);
        return (await CallAsync(message, (ApprovalFunctions f) => f.Answer(message, request.Id, _engine.Client, Stop))).Status;
    }

    /// <summary>Asks for a case's details to be erased, or what would be; without a token when nobody is named.</summary>
    public async Task<(HttpStatusCode Status, KeptDetails? Details)> EraseAsync(string caseId, string? person, bool confirm)
    {
        var request = Requests.Post([]);
        if (confirm)
            request.QueryString = new QueryString("?confirm=true");
        if (person is not null)
            request.Headers.Authorization = "Bearer " + await TokenAsync(person);
        var (status, answer) = await CallAsync(request, (CaseFunctions f) => f.Erase(request, caseId, Stop));
        return (status, answer["details"].Deserialize<KeptDetails>(JsonSerializerOptions.Web));
    }

    /// <summary>The first approver asks for a case's details to be erased, and the two others agree.</summary>
    public async Task<(HttpStatusCode Status, KeptDetails? Details)> ErasedAsync(string caseId)
    {
        var asked = await EraseAsync(caseId, Approvers[0], confirm: true);
        foreach (var person in Approvers.Skip(1).Take(2))
            Assert.Equal(HttpStatusCode.OK, await AnswerAsync(caseId, person));
        return asked;
    }

    public async Task ApproveAsync(string caseId)
    {
        foreach (var person in Approvers.Take(2))
            Assert.Equal(HttpStatusCode.OK, await AnswerAsync(caseId, person));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAppAsync();
        await _engine.DisposeAsync();
        await Sandbox.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<(HttpStatusCode Status, JsonNode Answer)> CallAsync<T>(HttpRequest request, Func<T, Task<IActionResult>> function)
    {
        var (status, body) = await Requests.AnswerAsync(Services, request, function);
        return (status, JsonNode.Parse(body)!);
    }

    private JsonObject Data(string type, long sequence, DateTimeOffset? leaves, string employment)
    {
        var data = new JsonObject
        {
            ["employeeId"] = DemoLeaver.EmployeeId,
            ["employment"] = employment,
            ["sequence"] = sequence,
        };
        if (type is "hr.employee.terminated" or "hr.employee.termination.rescheduled")
        {
            data["leaves"] = new JsonObject { ["local"] = Requests.Iso(leaves ?? Clock.GetUtcNow()), ["timeZone"] = "UTC" };
            data["forCause"] = leaves is null;
        }

        return data;
    }

    private Task<string> TokenAsync(string person) =>
        Requests.TokenAsync(
            Services.GetRequiredService<TenantConnection>().SignIn,
            $"https://localhost:{Sandbox.Port}/{Sandbox.TenantId}",
            Sandbox.ClientId,
            Sandbox.ClientSecret,
            Json.Text(Sandbox.Tenant.Users.Find(person)!.Json, "userPrincipalName")!,
            DemoLeaver.ComplianceAppId,
            Stop
        );
}
