using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Compliance.Offboarding;
using Compliance.Offboarding.Intake;
using Compliance.Tenants;
using Compliance.Text;
using Local;
using Microsoft.Extensions.Logging.Abstractions;
using SandboxTenant.Demo;

namespace Benchmarks;

/// <summary>The whole app over a tenant of leavers: Azurite, sandbox, and the host with its worker, each a process of its own.</summary>
internal sealed class LeaverApp : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TokenGoodFor = TimeSpan.FromMinutes(30);

    private readonly HostKeys _keys;
    private readonly TimeProvider _time;
    private readonly List<IDisposable> _signals = [];
    private ChildProcess? _app;
    private HttpClient? _http;
    private TenantConnection? _signIn;
    private long _tokenFrom;

    private LeaverApp(HostKeys keys, Azurite azurite, LeaverSandbox sandbox, StorageTraffic? traffic, TimeProvider time) =>
        (_keys, Azurite, Sandbox, Traffic, _time) = (keys, azurite, sandbox, traffic, time);

    /// <summary>The storage.</summary>
    public Azurite Azurite { get; }

    /// <summary>The tenant.</summary>
    public LeaverSandbox Sandbox { get; }

    /// <summary>What the app asks of storage; null when nothing is between the two.</summary>
    public StorageTraffic? Traffic { get; }

    /// <summary>Starts all of it.</summary>
    /// <param name="leavers">How many people may leave, by number from 0.</param>
    /// <param name="quotas">Whether the tenant refuses what is over a quota.</param>
    /// <param name="counted">Whether requests to storage are counted on their way.</param>
    /// <param name="time">The clock.</param>
    public static async Task<LeaverApp> StartAsync(int leavers, bool quotas, bool counted, TimeProvider time)
    {
        var data = Directory.CreateTempSubdirectory("bench-").FullName;
        var programs = Programs.OfCheckout();
        var azurite = await Azurite.StartAsync(
            programs.RepositoryRoot,
            Path.Combine(data, "azurite"),
            (0, 0, 0),
            time,
            CancellationToken.None
        );
        var sandbox = await LeaverSandbox.StartAsync(leavers, quotas);
        var keys = HostKeys.ReadOrMake(Path.Combine(data, "keys.json"));
        var app = new LeaverApp(keys, azurite, sandbox, counted ? await StorageTraffic.StartAsync(azurite, time) : null, time);
        try
        {
            await app.StartAsync(programs, data, leavers);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Seconds in which each part has kept a processor busy.</summary>
    public (double Azurite, double App, double Sandbox) ProcessorSeconds() =>
        (ProcessorTime.OfTree(Azurite.Process), ProcessorTime.OfTree(_app!.Process), Sandbox.ProcessorSeconds);

    /// <summary>HR's id of a leaver.</summary>
    public static string Employee(int number) => string.Create(CultureInfo.InvariantCulture, $"L-{number:D4}");

    /// <summary>HR sends that somebody leaves now, for cause.</summary>
    public async Task SendAsync(int number)
    {
        var now = _time.GetUtcNow();
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new JsonObject
            {
                ["specversion"] = "1.0",
                ["id"] = $"bench-{number}",
                ["source"] = "urn:bench:hr",
                ["type"] = "hr.employee.terminated",
                ["time"] = AppSettings.Iso(now),
                ["datacontenttype"] = "application/json",
                ["data"] = new JsonObject
                {
                    ["employeeId"] = Employee(number),
                    ["employment"] = "1",
                    ["sequence"] = 1,
                    ["forCause"] = true,
                    ["leaves"] = new JsonObject
                    {
                        ["local"] = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture),
                        ["timeZone"] = "Etc/UTC",
                    },
                },
            }
        );
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/hr/events") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents+json");
        request.Headers.Add(WebhookSignature.TimestampHeader, WebhookSignature.Seconds(now));
        var key = Encoding.UTF8.GetBytes(_keys.Hr);
        request.Headers.Add(WebhookSignature.SignatureHeader, WebhookSignature.Sign(key, now, body));
        using var answer = await _http!.SendAsync(request);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException(
                $"the event was answered with {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}"
            );
    }

    /// <summary>All cases, once they are as wanted.</summary>
    public async Task<IReadOnlyList<LeaverCase>> UntilAsync(Func<IReadOnlyList<LeaverCase>, bool> done, TimeSpan within)
    {
        var began = _time.GetTimestamp();
        while (true)
        {
            await SignInAsync();
            var answer = await _http!.GetStringAsync("/api/offboarding/cases");
            var cases = JsonSerializer.Deserialize<IReadOnlyList<LeaverCase>>(answer, ComplianceJson.Readable)!;
            if (done(cases))
                return cases;
            if (_time.GetElapsedTime(began) > within)
            {
                var stages = cases.GroupBy(c => (c.Stage, c.Note)).Select(g => $"{g.Count()} {g.Key}");
                throw new InvalidOperationException($"not done within {within}: {string.Join(", ", stages)}");
            }
            await Task.Delay(Between, _time);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var signal in _signals)
            signal.Dispose();
        _http?.Dispose();
        _signIn?.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
        if (Traffic is not null)
            await Traffic.DisposeAsync();
        await Sandbox.DisposeAsync();
        await Azurite.DisposeAsync();
    }

    private async Task StartAsync(Programs programs, string data, int leavers)
    {
        var policy = Path.Combine(data, "offboarding.yaml");
        await File.WriteAllTextAsync(
            policy,
            $"""
            version: 1
            match:
              - [employeeId]
            caps:
              leaversPerHour: {leavers}
              shareOfStaffPerDay: 100%
            approvals:
              firstAct: false
            privilegedRemovals: true
            """
        );
        var given = AppSettings.ForApp(new RunOptions(), _keys, Azurite, SandboxReady.Parse(Sandbox.Ready.GetRawText()));
        var settings = new Dictionary<string, string>(AppSettings.ForLocalHost(given, port: 0, _keys, Path.Combine(data, "journal")))
        {
            ["Policy__Offboarding"] = policy,
            ["AzureWebJobs.CredentialRotationCheck.Disabled"] = "true",
            ["AzureWebJobs.ControlWatch.Disabled"] = "true",
            ["AzureWebJobs.LeaverWatch.Disabled"] = "true",
            ["AzureWebJobs.LeaverSweep.Disabled"] = "true",
        };
        if (Traffic is { } traffic)
            foreach (var name in new[] { "AzureWebJobsStorage", "EvidenceStorage" })
                settings[name] = traffic.Through(settings[name]);
        _app = ChildProcess.Start(
            new ChildSpec("app", programs.App)
            {
                Environment = settings,
                WorkingDirectory = Path.GetDirectoryName(programs.App[^1]),
                LogFile = Path.Combine(data, "app.log"),
            }
        );
        // The app is in a session of its own: interrupted, this process would leave it running.
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM })
            _signals.Add(PosixSignalRegistration.Create(signal, _ => _app.Process.Kill()));
        using var host = await _app.WhenReadyAsync(
            ending => HostClient.WhenRunningAsync(_app, _keys, _time, ending),
            ReadyWithin,
            _time,
            CancellationToken.None
        );
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = host.Address };
    }

    // As the manager, who may read.
    private async Task SignInAsync()
    {
        if (_http!.DefaultRequestHeaders.Authorization is not null && _time.GetElapsedTime(_tokenFrom) < TokenGoodFor)
            return;
        _tokenFrom = _time.GetTimestamp();
        var ready = SandboxReady.Parse(Sandbox.Ready.GetRawText());
        _signIn ??= new TenantConnection(
            new TenantOptions
            {
                Id = ready.TenantId,
                Graph = new Uri($"{ready.Url}/v1.0"),
                ResourceManager = new Uri(ready.Url),
                Authority = new Uri(ready.Url),
                ClientId = ready.ClientId,
                ClientSecret = ready.ClientSecret,
                PinnedThumbprint = ready.Thumbprint,
            },
            _time,
            NullLogger<TenantConnection>.Instance
        );
        using var form = new FormUrlEncodedContent(
            new Dictionary<string, string>
            {
                ["grant_type"] = "password",
                ["client_id"] = ready.ClientId,
                ["username"] = "manager@generated.example",
                ["password"] = ready.ClientSecret,
                ["scope"] = $"api://{DemoLeaver.ComplianceAppId}/.default",
            }
        );
        using var response = await _signIn.SignIn.PostAsync(new Uri($"{ready.Url}/{ready.TenantId}/oauth2/v2.0/token"), form);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        _http.DefaultRequestHeaders.Authorization = new("Bearer", answer.RootElement.GetProperty("access_token").GetString());
    }
}
