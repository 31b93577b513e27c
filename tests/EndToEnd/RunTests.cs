using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Compliance.Tenants;
using Local;

namespace EndToEnd;

/// <summary>The launcher while it runs: the timer on its clock, a signal, and the app killed in the middle of its work.</summary>
public sealed class RunTests : IDisposable
{
    private readonly Checkout _checkout = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _checkout.Dispose();

    [Fact]
    public async Task The_timer_fires_on_the_given_clock_and_a_signal_stops_everything_it_started()
    {
        using var run = StartBeforeTheTimer();
        var seen = await WaitForAsync(run, "ended, everything read: True");

        using (var signal = Process.Start("kill", ["-INT", run.Id.ToString(CultureInfo.InvariantCulture)]))
            await signal.WaitForExitAsync(Stop);
        await run.WaitForExitAsync(Stop);

        Assert.Contains("started by timer", seen, StringComparison.Ordinal);
        Assert.Equal(0, run.ExitCode);
        var pids = Path.Combine(_checkout.State, "run", "pids.json");
        Assert.True(
            !File.Exists(pids) || JsonDocument.Parse(await File.ReadAllTextAsync(pids, Stop)).RootElement.ToString() is "[]" or "{}",
            "a child was left behind"
        );
    }

    [Fact]
    public async Task A_near_expiry_event_on_the_queue_checks_that_one_object_again_however_it_is_encoded_and_a_bad_one_is_a_finding()
    {
        using var run = Start("--now", "2026-11-23T06:00:00Z");
        await WaitForAsync(run, "Ctrl-C");
        var file = Path.Combine(_checkout.State, "run", "connection.json");
        using var connection = JsonDocument.Parse(await File.ReadAllTextAsync(file, Stop));
        var example = Path.Combine(RepositoryRoot.Find(), "docs", "examples", "vault-event.json");

        await SendAsync(file, example);
        var plain = await WaitForAsync(
            run,
            "Re-checked kv-nw-hr/secrets/payroll-sftp-password after Microsoft.KeyVault.SecretNearExpiry, read: True"
        );
        await SendAsync(file, example, "--base64");
        var encoded = await WaitForAsync(
            run,
            "Re-checked kv-nw-hr/secrets/payroll-sftp-password after Microsoft.KeyVault.SecretNearExpiry, read: True"
        );
        var bad = Path.Combine(_checkout.State, "bad.json");
        await File.WriteAllTextAsync(
            bad,
            (await File.ReadAllTextAsync(example, Stop)).Replace("\"payroll-sftp-password\"", "\"no/such/name\"", StringComparison.Ordinal),
            Stop
        );
        // To a queue that is named: what the app refuses is not refused before it is sent.
        await SendAsync(file, bad, "--queue", "vault-events");
        var refused = await WaitForAsync(run, "is refused: data.ObjectName must be 1 to 127 letters, digits and hyphens");
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = new Uri(connection.RootElement.GetProperty("app").GetString()!),
        };
        var refusals = await RefusalsAsync(http);
        http.DefaultRequestHeaders.Authorization = new("Bearer", await AuditorTokenAsync(file));
        var findings = await FindingsAsync(http, "GAP-001");
        using (var signal = Process.Start("kill", ["-TERM", run.Id.ToString(CultureInfo.InvariantCulture)]))
            await signal.WaitForExitAsync(Stop);
        await run.WaitForExitAsync(Stop);

        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden], refusals);
        Assert.Equal(["keyvault/events"], findings);
        Assert.Equal(0, run.ExitCode);
        Assert.All([plain, encoded, refused], Assert.NotEmpty);
    }

    // Without a proof, with the host's own key, and with a token of somebody who may only read.
    private async Task<List<HttpStatusCode>> RefusalsAsync(HttpClient http)
    {
        var keys = HostKeys.ReadOrMake(Path.Combine(_checkout.State, "keys.json"));
        var token = await AuditorTokenAsync(Path.Combine(_checkout.State, "run", "connection.json"));
        var refusals = new List<HttpStatusCode>();
        foreach (
            var (path, name, value) in ((string, string, string)[])
                [
                    ("/api/findings", "X-Nothing", "1"),
                    ("/api/findings", "x-functions-key", keys.Master),
                    ("/api/credentials/check", "Authorization", $"Bearer {token}"),
                ]
        )
        {
            using var request = new HttpRequestMessage(path == "/api/findings" ? HttpMethod.Get : HttpMethod.Post, path)
            {
                Headers = { { name, value } },
            };
            using var response = await http.SendAsync(request, Stop);
            refusals.Add(response.StatusCode);
        }
        return refusals;
    }

    private static async Task<string> AuditorTokenAsync(string connection)
    {
        using var people = new ComplianceCli.SandboxPeople(ComplianceCli.Connection.From(null, null, new FileInfo(connection)));
        return await people.TokenAsync(await people.NameAsync(null, [AppRole.Auditor], Stop), Stop);
    }

    // The refusal is logged before its finding is kept.
    private static async Task<IReadOnlyList<string>> FindingsAsync(HttpClient http, string control)
    {
        while (true)
        {
            using var findings = JsonDocument.Parse(await http.GetStringAsync(new Uri("/api/findings", UriKind.Relative), Stop));
            var found = findings
                .RootElement.EnumerateArray()
                .Where(f => f.GetProperty("control").GetString() == control)
                .Select(f => f.GetProperty("subject").GetProperty("id").GetString()!)
                .ToList();
            if (found.Count > 0)
                return found;
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Stop);
        }
    }

    private static async Task SendAsync(string connection, params string[] options)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory); // .../bin/Debug/net10.0
        var cli = Path.Combine(RepositoryRoot.Find(), "src", "ComplianceCli", "bin", output.Parent!.Name, output.Name, "ComplianceCli.dll");
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", [cli, "event", "send", .. options, "--connection", connection])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var printed = process.StandardOutput.ReadToEndAsync(Stop);
        var errors = await process.StandardError.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);
        Assert.Equal((0, ""), (process.ExitCode, errors));
        Assert.Contains("is on queue vault-events as message", await printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_app_killed_while_it_reads_is_told_in_one_line_and_the_next_run_is_whole()
    {
        using var run = StartBeforeTheTimer("--faults", "graph/applications* => latency=60000ms");
        await WaitForAsync(run, "started by timer");
        var app = AppOf(run);
        app.Kill();
        var errors = run.StandardError.ReadToEndAsync(Stop);
        await run.WaitForExitAsync(Stop);
        var after = await _checkout.RunAsync("--once", "--json", "--now", Checkout.Now);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("app", (await errors).Trim().Split('\n')[^1], StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, after.Exit);
    }

    [Fact]
    public async Task A_taken_port_is_told_in_one_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

        var run = await _checkout.RunAsync("--once", "--port", port);

        Assert.Equal(1, run.Exit);
        Assert.Contains($"port {port}", run.Errors, StringComparison.Ordinal);
    }

    // Free ports, so that the tests run beside a developer's own: each process binds its own, and the launcher prints them.
    private Process Start(params string[] options) =>
        _checkout.Start([.. options, "--port", "0", "--sandbox-port", "0", "--azurite-port", "0"]);

    // Seconds before the first of the minutes of an hour that is not the present one: the timer sets off the check, by the clock that is
    // given. However long the start takes, one of them comes.
    private Process StartBeforeTheTimer(params string[] options)
    {
        var now = TimeProvider.System.GetUtcNow().AddHours(12);
        var hour = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero);
        return _checkout.Start(
            new Dictionary<string, string>
            {
                ["CredentialRotationSchedule"] = string.Create(CultureInfo.InvariantCulture, $"0 * {hour.Hour} * * *"),
            },
            [.. options, "--now", AppSettings.Iso(hour.AddSeconds(-10)), "--port", "0", "--sandbox-port", "0", "--azurite-port", "0"]
        );
    }

    private static async Task<string> WaitForAsync(Process run, string text)
    {
        var seen = new System.Text.StringBuilder();
        while (await run.StandardOutput.ReadLineAsync(Stop) is { } line)
        {
            seen.AppendLine(line);
            if (line.Contains(text, StringComparison.Ordinal))
                return seen.ToString();
        }
        throw new InvalidOperationException($"the run ended before it said '{text}': {seen}{await run.StandardError.ReadToEndAsync(Stop)}");
    }

    private Process AppOf(Process run)
    {
        Assert.False(run.HasExited);
        using var pids = JsonDocument.Parse(File.ReadAllText(Path.Combine(_checkout.State, "run", "pids.json")));
        var app = pids.RootElement.EnumerateArray().Single(p => p.GetProperty("name").GetString() == "app");
        return Process.GetProcessById(app.GetProperty("pid").GetInt32());
    }
}
