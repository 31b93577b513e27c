using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Compliance.Changes.Approvals;
using Compliance.Ledger.Privacy;
using Compliance.Offboarding;
using Compliance.Offboarding.Intake;
using Compliance.Text;
using Local;
using SandboxTenant;
using SandboxTenant.Data;
using SandboxTenant.Demo;

namespace EndToEnd.Faults;

/// <summary>
/// One leaver's case with the app as a process of its own, on its own Azurite and its own tenant. HR, two approvers and whoever starts an
/// app that has ended do what they do in life: they try again until they were heard.
/// </summary>
internal sealed class LeaverRun : IAsyncDisposable
{
    // The most there is: every kind of step that the demo's leaver gives cause for.
    private const string Policy = "version: 1\nprivilegedRemovals: true\ndevices: true\nlicences: true\nowners: { privileged: OWNER }\n";
    private const string GlobalAdministrator = "62e90394-69f5-4237-9190-012177145e10";

    private static readonly HostKeys Keys = new(
        "master-key-of-the-kill-tests",
        "an-hr-key-of-at-least-thirty-two-characters"
    );
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan WorkerEndsWithin = TimeSpan.FromSeconds(10);

    private readonly string _folder = Directory.CreateTempSubdirectory("leaver-run-").FullName;
    private readonly TimeSpan _patience;
    private readonly HttpClient _people;
    private readonly byte[] _event;
    private readonly List<(string Request, string Plan, string Person)> _answers = [];
    private HttpClient? _http;
    private ChildProcess? _app;
    private Azurite? _firstStorage;
    private (string State, string Evidence) _connections;
    private bool _told;
    private string? _token;

    private LeaverRun(Sandbox sandbox, Wire wire, TenantData before, DateTimeOffset began, TimeSpan patience)
    {
        (Sandbox, Wire, Before, _patience) = (sandbox, wire, before, patience);
        _event = Event(began);
        _people = new HttpClient(
            new SocketsHttpHandler
            {
                UseProxy = false,
                SslOptions = new SslClientAuthenticationOptions
                {
                    RemoteCertificateValidationCallback = (_, theirs, _, _) =>
                        theirs is X509Certificate2 known && known.GetCertHashString(HashAlgorithmName.SHA256) == wire.Thumbprint,
                },
            }
        );
    }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public Sandbox Sandbox { get; }

    public Wire Wire { get; }

    /// <summary>The directory before anything was done.</summary>
    public TenantData Before { get; }

    /// <summary>Who gets what only the leaver owned: the manager, and by policy an administrator what is privileged.</summary>
    public IReadOnlyList<string> NewOwners => [Before.Managers.Of(DemoLeaver.LeaverId).All().Single().Id, PrivilegedOwner];

    private string PrivilegedOwner =>
        Json.Text(
            Before.DirectoryRoleAssignments.All().First(a => Json.Text(a.Json, "roleDefinitionId") == GlobalAdministrator).Json,
            "principalId"
        )!;

    /// <summary>How long each start took until the app answered.</summary>
    public List<TimeSpan> Starts { get; } = [];

    /// <summary>What the app logged, all its starts.</summary>
    public List<string> Log { get; } = [];

    /// <param name="now">The tenant's ages are counted from it: the same gives the same tenant.</param>
    /// <param name="patience">How long the case may take.</param>
    public static async Task<LeaverRun> StartAsync(DateTimeOffset now, TimeSpan patience)
    {
        var sandbox = await Sandbox.StartAsync(new SandboxOptions { Tenant = DemoTenant.Create(2026, now) }, TimeProvider.System, Stop);
        var run = new LeaverRun(sandbox, await Wire.StartAsync(sandbox, Stop), sandbox.Tenant.CopyOfDirectory(), now, patience);
        await File.WriteAllTextAsync(
            Path.Combine(run._folder, "offboarding.yaml"),
            Policy.Replace("OWNER", run.PrivilegedOwner, StringComparison.Ordinal),
            Stop
        );
        AppDomain.CurrentDomain.ProcessExit += run.LeaveNothingBehind;
        await run.StartStorageAsync();
        run._firstStorage = run.Wire.Azurite!;
        run._connections = (run.Wire.Through(run._firstStorage.StateConnection), run.Wire.Through(run._firstStorage.EvidenceConnection));
        return run;
    }

    public async Task StartStorageAsync() =>
        Wire.Azurite = await Azurite.StartAsync(
            RepositoryRoot.Find(),
            Path.Combine(_folder, "azurite"),
            (0, 0, 0),
            TimeProvider.System,
            Stop
        );

    /// <summary>Ends Azurite with TERM, which makes it save what it has acknowledged.</summary>
    public async Task StopStorageAsync()
    {
        var azurite = Wire.Azurite!;
        Wire.Azurite = null;
        await azurite.DisposeAsync();
    }

    /// <summary>Ends a part of the app with KILL and waits until it is gone; the worker does not outlive its host.</summary>
    /// <returns>False when it does not run.</returns>
    public async Task<bool> KillAsync(Part part)
    {
        if (_app is not { Process.HasExited: false } app)
            return false;
        using var worker = await WorkerAsync();
        if (part == Part.Worker && worker is null)
            return false;
        if (part.HasFlag(Part.Worker))
            worker?.Kill();
        if (part.HasFlag(Part.Host))
        {
            app.Process.Kill();
            await app.Process.WaitForExitAsync(Stop);
        }
        if (worker is not null)
            await worker.WaitForExitAsync(Stop).WaitAsync(WorkerEndsWithin, TimeProvider.System, Stop);
        Wire.HangUp(part.HasFlag(Part.Host) ? Part.Both : Part.Worker);
        return true;
    }

    /// <summary>Goes on until the case is clear, certified, and its orchestration has ended.</summary>
    public async Task<LeaverCase> ToTheEndAsync()
    {
        var began = TimeProvider.System.GetTimestamp();
        LeaverCase? known = null;
        while (true)
        {
            try
            {
                await EnsureAppAsync();
                var caseId = known?.Id ?? await TellAsync();
                known = await GetAsync<LeaverCase>($"/api/offboarding/cases/{caseId}");
                await AnswerAsync(caseId);
                if (await EndedAsync(known.InstanceId) && known.Stage == LeaverStage.Clear && known.CertificateSha256 is not null)
                    return known;
            }
            catch (Exception e)
                when (e is HttpRequestException or SocketException or LaunchException
                    || (e is OperationCanceledException && !Stop.IsCancellationRequested)
                )
            {
                // The app was ended, or could not do it just now: whoever wanted something asks again. (A connection that is reset right
                // after it was made is a bare SocketException.)
            }
            if (TimeProvider.System.GetElapsedTime(began) > _patience)
                throw new TimeoutException(
                    $"the case is at {known?.Stage}, round {known?.Round}, told {_told}: "
                        + $"{known?.Note}\n{await HistoryAsync(known?.InstanceId)}\n{string.Join('\n', Log.TakeLast(30))}"
                );
            await Task.Delay(Between, TimeProvider.System, Stop);
        }
    }

    public async Task<byte[]> DocumentAsync(string caseId, string name) =>
        await SendAsync(await ReadingAsync($"/api/offboarding/cases/{caseId}/{name}"));

    /// <summary>The lines of the ledger, in their order.</summary>
    /// <summary>Who is who in the ledger.</summary>
    public async Task<IReadOnlyList<Pseudonym>> PeopleAsync()
    {
        var people = new List<Pseudonym>();
        var container = new BlobContainerClient(Wire.Azurite!.EvidenceConnection, BlobPseudonyms.Container);
        await foreach (var blob in container.GetBlobsAsync(cancellationToken: Stop))
            people.Add(
                (await container.GetBlobClient(blob.Name).DownloadContentAsync(Stop)).Value.Content.ToObjectFromJson<Pseudonym>(
                    ComplianceJson.Compact
                )!
            );
        return people;
    }

    /// <summary>
    /// The records, with the people's ids in the place of their pseudonyms. That none of their ids is in the ledger itself is checked here.
    /// </summary>
    public async Task<IReadOnlyList<JsonObject>> LedgerAsync()
    {
        var lines = new List<JsonObject>();
        var people = await PeopleAsync();
        var container = new BlobContainerClient(Wire.Azurite!.EvidenceConnection, "ledger");
        await foreach (var blob in container.GetBlobsAsync(new GetBlobsOptions { Prefix = $"{Sandbox.TenantId}/log/" }, Stop))
        {
            var content = await container.GetBlobClient(blob.Name).DownloadContentAsync(Stop);
            var text = content.Value.Content.ToString();
            Assert.All(people, p => Assert.DoesNotContain(p.Id, text, StringComparison.OrdinalIgnoreCase));
            text = people.Aggregate(text, (t, p) => t.Replace(p.Name, p.Id, StringComparison.Ordinal));
            lines.AddRange(text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!.AsObject()));
        }
        return lines;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAppAsync();
        await Wire.DisposeAsync();
        if (Wire.Azurite is not null)
            await StopStorageAsync();
        AppDomain.CurrentDomain.ProcessExit -= LeaveNothingBehind;
        await Sandbox.DisposeAsync();
        _people.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static byte[] Event(DateTimeOffset now) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new JsonObject
            {
                ["specversion"] = "1.0",
                ["id"] = "killed-1",
                ["source"] = "urn:hr",
                ["type"] = "hr.employee.terminated",
                ["time"] = Iso(now) + "Z",
                ["datacontenttype"] = "application/json",
                ["data"] = new JsonObject
                {
                    ["employeeId"] = DemoLeaver.EmployeeId,
                    ["employment"] = "1",
                    ["sequence"] = 1,
                    ["forCause"] = true,
                    ["leaves"] = new JsonObject { ["local"] = Iso(now), ["timeZone"] = "Etc/UTC" },
                },
            }
        );

    private static string Iso(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);

    // Where the test run itself is ended.
    private void LeaveNothingBehind(object? sender, EventArgs e)
    {
        foreach (var process in new[] { _app?.Process, Wire.Azurite?.Process })
            if (process is { HasExited: false })
                process.Kill();
    }

    /// <summary>Starts the app unless it runs.</summary>
    public async Task EnsureAppAsync()
    {
        if (_app is { Process.HasExited: false })
            return;
        await EndAppAsync();
        var began = TimeProvider.System.GetTimestamp();
        var tenant = new SandboxReady(0, Wire.TenantUrl, Wire.Thumbprint, Sandbox.TenantId, Sandbox.ClientId, Sandbox.ClientSecret);
        var programs = Programs.OfCheckout();
        // As the launcher does; no timer and no queue makes up for what got lost.
        var given = AppSettings.ForApp(new RunOptions { Once = true }, Keys, _firstStorage!, tenant);
        var settings = new Dictionary<string, string>(AppSettings.ForLocalHost(given, port: 0, Keys, Path.Combine(_folder, "journal")))
        {
            ["AzureWebJobsStorage"] = _connections.State,
            ["EvidenceStorage"] = _connections.Evidence,
            ["AzureWebJobs.HrEventQueue.Disabled"] = "true",
            ["AzureWebJobs.NotificationQueue.Disabled"] = "true",
            // A message that was taken by a process that was killed comes back after so long, and not after a minute as in production. It
            // must be longer than any activity takes: the engine renews what it works on for the first time after more than that.
            ["LocalHost__Durable__VisibilityTimeout"] = "00:00:12",
            ["Policy__Offboarding"] = Path.Combine(_folder, "offboarding.yaml"),
        };
        _app = ChildProcess.Start(
            new ChildSpec("app", programs.App)
            {
                Environment = settings,
                WorkingDirectory = Path.GetDirectoryName(programs.App[^1]),
                OnLine = line =>
                {
                    lock (Log)
                        Log.Add(LogLine.Parse(line).Short("app"));
                },
            }
        );
        var app = _app;
        using var client = await _app.WhenReadyAsync(
            ending => HostClient.WhenRunningAsync(app, Keys, TimeProvider.System, ending),
            StartWithin,
            TimeProvider.System,
            Stop
        );
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = client.Address };
        Starts.Add(TimeProvider.System.GetElapsedTime(began));
    }

    // The host knows its worker, once it runs.
    private async Task<Process?> WorkerAsync()
    {
        if (_http is null)
            return null;
        try
        {
            using var status = JsonDocument.Parse(await SendAsync(Keyed("/admin/host/status")));
            return status.RootElement.GetProperty("workerProcessId") is { ValueKind: JsonValueKind.Number } id
                ? Process.GetProcessById(id.GetInt32())
                : null;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or ArgumentException)
        {
            return null; // It is ending, or has ended.
        }
    }

    private async Task EndAppAsync()
    {
        await KillAsync(Part.Both);
        if (_app is not null)
        {
            Wire.HangUp(Part.Both);
            await _app.DisposeAsync();
        }
        _app = null;
        _http?.Dispose();
        _http = null;
    }

    // The sender sends until it hears 202.
    private async Task<string> TellAsync()
    {
        var now = TimeProvider.System.GetUtcNow();
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/hr/events")
        {
            Content = new ByteArrayContent(_event) { Headers = { ContentType = new("application/cloudevents+json") } },
        };
        request.Headers.Add(WebhookSignature.TimestampHeader, WebhookSignature.Seconds(now));
        request.Headers.Add(WebhookSignature.SignatureHeader, WebhookSignature.Sign(Encoding.UTF8.GetBytes(Keys.Hr), now, _event));
        using var answer = JsonDocument.Parse(await SendAsync(request));
        _told = true;
        return answer.RootElement.GetProperty("caseId").GetString()!;
    }

    // Two people agree to whatever waits; an answer that nobody confirmed is given again.
    private async Task AnswerAsync(string caseId)
    {
        foreach (var request in (await GetAsync<IReadOnlyList<ApprovalRequest>>("/api/approvals")).Where(r => r.CaseId == caseId))
            foreach (var person in Approvers().Take(ApprovalRules.PeopleNeeded))
                if (!_answers.Contains((request.Id, request.PlanId, person)) && !request.Answers.Any(a => a.ApproverId == person))
                    _answers.Add((request.Id, request.PlanId, person));
        while (_answers is [var (id, plan, who), ..])
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, $"/api/approvals/{id}")
            {
                Content = JsonContent.Create(new { planId = plan, approve = true }),
                Headers = { Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(who)) },
            };
            using var response = await _http!.SendAsync(message, Stop);
            // 404 and 409: void by now, so nobody waits for it.
            if (!response.IsSuccessStatusCode && response.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.Conflict))
                throw new HttpRequestException($"the answer got {response.StatusCode}");
            _answers.RemoveAt(0);
        }
    }

    private string[] Approvers() =>
        [
            .. Before
                .AppRoleAssignments.All()
                .Where(a => Json.Text(a.Json, "appRoleId") == DemoLeaver.ApproverRole)
                .Select(a => Json.Text(a.Json, "principalId")!)
                .Distinct(StringComparer.OrdinalIgnoreCase),
        ];

    private async Task<string> TokenAsync(string person)
    {
        using var form = new FormUrlEncodedContent(
            new Dictionary<string, string>
            {
                ["grant_type"] = "password",
                ["client_id"] = Sandbox.ClientId,
                ["username"] = Json.Text(Before.Users.Find(person)!.Json, "userPrincipalName")!,
                ["password"] = Sandbox.ClientSecret,
                ["scope"] = $"api://{DemoLeaver.ComplianceAppId}/.default",
            }
        );
        using var response = await _people.PostAsync(new Uri($"{Wire.TenantUrl}/{Sandbox.TenantId}/oauth2/v2.0/token"), form, Stop);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Stop));
        return answer.RootElement.GetProperty("access_token").GetString()!;
    }

    private async Task<bool> EndedAsync(string instanceId)
    {
        using var status = JsonDocument.Parse(await SendAsync(Keyed($"/runtime/webhooks/durabletask/instances/{instanceId}")));
        return status.RootElement.GetProperty("runtimeStatus").GetString() switch
        {
            "Completed" => true,
            "Running" or "Pending" => false,
            var other => throw new InvalidOperationException($"the orchestration is {other}: {status.RootElement}"),
        };
    }

    private async Task<string> HistoryAsync(string? instanceId)
    {
        try
        {
            return Encoding.UTF8.GetString(
                await SendAsync(Keyed($"/runtime/webhooks/durabletask/instances/{instanceId}?showHistory=true"))
            );
        }
        catch (HttpRequestException e)
        {
            return $"the history cannot be read: {e.Message}";
        }
    }

    /// <summary>What the app answers, whatever it is.</summary>
    public async Task<(HttpStatusCode Status, string Body)> AskAsync(string path)
    {
        using var request = await ReadingAsync(path);
        using var response = await _http!.SendAsync(request, Stop);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Stop));
    }

    private async Task<T> GetAsync<T>(string path) =>
        JsonSerializer.Deserialize<T>(await SendAsync(await ReadingAsync(path)), ComplianceJson.Readable)!;

    // One token is good for the whole run.
    private async Task<HttpRequestMessage> ReadingAsync(string path)
    {
        _token ??= await TokenAsync(Approvers()[0]);
        return new(HttpMethod.Get, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", _token) } };
    }

    // What is the host's own.
    private static HttpRequestMessage Keyed(string path) => new(HttpMethod.Get, path) { Headers = { { "x-functions-key", Keys.Master } } };

    private async Task<byte[]> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            using var response = await _http!.SendAsync(request, Stop);
            response.EnsureSuccessStatusCode();
            return await response.Content.ReadAsByteArrayAsync(Stop);
        }
    }
}
