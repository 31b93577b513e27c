using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Compliance.Findings;
using Compliance.Offboarding;
using Compliance.Offboarding.Intake;
using Local;

namespace Benchmarks;

/// <summary>Many leavers at once through the whole app: signed events in, blocked accounts and certificates out.</summary>
internal static class ManyLeavers
{
    private const double MostSecondsToBlocked = 5;
    private const int GraphWrites = 3000;

    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    // Removals go out at 14 writes a second: so long do those of one leaver take, and more for what is tried again.
    private static readonly TimeSpan PatienceALeaver = TimeSpan.FromSeconds(30);

    public static async Task<List<Goal>> RunAsync(int latency, int leavers, bool quotas, int? seconds)
    {
        var time = TimeProvider.System;
        var data = Directory.CreateTempSubdirectory("bench-").FullName;
        var programs = Programs.OfCheckout();
        await using var azurite = await Azurite.StartAsync(programs.RepositoryRoot, Path.Combine(data, "azurite"), (0, 0, 0), time, CancellationToken.None);
        // One more, whom nobody measures: the app is warm then.
        await using var sandbox = await LeaverSandbox.StartAsync(leavers + 1, quotas);
        var policy = Path.Combine(data, "offboarding.yaml");
        await File.WriteAllTextAsync(policy, $"""
            version: 1
            match:
              - [employeeId]
            caps:
              leaversPerHour: {leavers + 1}
              shareOfStaffPerDay: 100%
            approvals:
              firstAct: false
            privilegedRemovals: true
            """);
        var keys = HostKeys.ReadOrMake(Path.Combine(data, "keys.json"));
        var given = AppSettings.ForApp(new RunOptions(), keys, azurite, SandboxReady.Parse(sandbox.Ready.GetRawText()));
        var settings = new Dictionary<string, string>(AppSettings.ForLocalHost(given, port: 0, keys, Path.Combine(data, "journal")))
        {
            ["Policy__Offboarding"] = policy,
            ["AzureWebJobs.CredentialRotationCheck.Disabled"] = "true",
            ["AzureWebJobs.ControlWatch.Disabled"] = "true",
            ["AzureWebJobs.LeaverWatch.Disabled"] = "true",
            ["AzureWebJobs.LeaverSweep.Disabled"] = "true",
        };
        await using var app = ChildProcess.Start(new ChildSpec("app", programs.App)
        {
            Environment = settings,
            WorkingDirectory = Path.GetDirectoryName(programs.App[^1]),
            LogFile = Path.Combine(data, "app.log"),
        });
        // The app is in a session of its own: interrupted, this process would leave it running.
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => app.Process.Kill());
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => app.Process.Kill());
        using var host = await app.WhenReadyAsync(ending => HostClient.WhenRunningAsync(app, keys, time, ending), ReadyWithin, time, CancellationToken.None);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = host.Address };
        http.DefaultRequestHeaders.Add("x-functions-key", keys.Default);

        await SendAsync(http, keys, leavers, time);
        await UntilAsync(http, cases => cases.Count == 1 && cases[0].CertificateSha256 is not null, TimeSpan.FromMinutes(2), time);
        await sandbox.LatencyAsync(latency);
        await sandbox.TrafficAsync();
        var began = time.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, leavers).Select(n => SendAsync(http, keys, n, time)));
        var accepted = time.GetElapsedTime(began);
        var blocked = await UntilAsync(http, cases => cases.Count(c => c.BlockedAt is not null) == leavers + 1, TimeSpan.FromMinutes(5), time);
        var toBlocked = Measured(blocked).Select(c => (c.BlockedAt!.Value - c.ReceivedAt).TotalSeconds).Order().ToList();
        double At(double share) => toBlocked[Math.Min(toBlocked.Count - 1, (int)(toBlocked.Count * share))];
        Console.WriteLine($"{leavers} leavers at once, {latency} ms latency; what is over a quota is {(quotas ? "refused with 429" : "counted and let through")}");
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"events accepted after {accepted.TotalSeconds:0.00} s; received to blocked: p50 {At(0.5):0.00} s, p99 {At(0.99):0.00} s, longest {toBlocked[^1]:0.00} s"));
        if (seconds is { } some)
            await Task.Delay(TimeSpan.FromSeconds(some), time);
        var ended = await UntilAsync(http, cases => seconds is not null || cases.All(c => c.CertificateSha256 is not null), Patience(leavers), time);
        var all = time.GetElapsedTime(began);
        var traffic = await sandbox.TrafficAsync();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{(seconds is null ? "last certificate" : "looked at")} after {all.TotalSeconds:0.0} s; {Measured(ended).Count(c => c.ClearAt is not null)} of {leavers} clear; writes to Graph in 2.5 minutes: {traffic.GraphWrites:0} of {GraphWrites}; deletes of a subscription: {traffic.AzureDeletes:P0} of its bucket; reads: {traffic.AzureReads:P0}; refused with 429: {traffic.Throttled}"));
        return
        [
            new("p99 seconds from event to blocked", MostSecondsToBlocked, At(0.99)),
            new("writes to Graph in 2.5 minutes", GraphWrites, traffic.GraphWrites),
            new("share of a subscription's bucket of deletes", 1, traffic.AzureDeletes),
            new("requests refused with 429", 0, traffic.Throttled),
            .. seconds is null ? [new Goal("leavers not clear", 0, Measured(ended).Count(c => c.ClearAt is null))] : Array.Empty<Goal>(),
        ];

        IEnumerable<LeaverCase> Measured(IReadOnlyList<LeaverCase> cases) => cases.Where(c => c.EmployeeId != Employee(leavers));
    }

    private static TimeSpan Patience(int leavers) => TimeSpan.FromMinutes(5) + (leavers * PatienceALeaver);

    private static string Employee(int number) => string.Create(CultureInfo.InvariantCulture, $"L-{number:D4}");

    private static async Task SendAsync(HttpClient http, HostKeys keys, int number, TimeProvider time)
    {
        var now = time.GetUtcNow();
        var body = JsonSerializer.SerializeToUtf8Bytes(new JsonObject
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
                ["leaves"] = new JsonObject { ["local"] = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture), ["timeZone"] = "Etc/UTC" },
            },
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/hr/events") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents+json");
        request.Headers.Add(WebhookSignature.TimestampHeader, WebhookSignature.Seconds(now));
        request.Headers.Add(WebhookSignature.SignatureHeader, WebhookSignature.Sign(Encoding.UTF8.GetBytes(keys.Hr), now, body));
        using var answer = await http.SendAsync(request);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"the event was answered with {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
    }

    private static async Task<IReadOnlyList<LeaverCase>> UntilAsync(HttpClient http, Func<IReadOnlyList<LeaverCase>, bool> done, TimeSpan within, TimeProvider time)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var cases = JsonSerializer.Deserialize<IReadOnlyList<LeaverCase>>(await http.GetStringAsync("/api/offboarding/cases"), ComplianceJson.Readable)!;
            if (done(cases))
                return cases;
            if (time.GetElapsedTime(began) > within)
                throw new InvalidOperationException($"not done within {within}: {string.Join(", ", cases.GroupBy(c => (c.Stage, c.Note)).Select(g => $"{g.Count()} {g.Key}"))}");
            await Task.Delay(Between, time);
        }
    }
}
