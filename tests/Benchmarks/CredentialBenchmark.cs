using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Local;

namespace Benchmarks;

/// <summary>
/// The credential check beside a bare loop over the same SDK clients that pages the same data and throws it away; alternating, medians.
/// </summary>
internal static class CredentialBenchmark
{
    public const string SandboxRole = "role-sandbox";
    public const string CheckRole = "role-check";
    public const string BareRole = "role-bare";

    /// <summary>The instant the generated tenant is made for, and the clock of the check.</summary>
    public const string Now = "2026-11-23T06:00:00Z";

    public static async Task<int> RunAsync(string[] args)
    {
        var applications = Option(args, "--applications", "50000");
        var objects = Option(args, "--vault-objects", "20000");
        var flagged = Option(args, "--flagged-share", "0.02");
        var rounds = int.Parse(Option(args, "--rounds", "3"), CultureInfo.InvariantCulture);
        var latencies = Option(args, "--latency", "0,20").Split(',').Select(l => int.Parse(l, CultureInfo.InvariantCulture)).ToList();

        var data = Directory.CreateTempSubdirectory("bench-").FullName;
        await using var azurite = await Azurite.StartAsync(
            RepositoryRoot.Find(),
            data,
            (0, 0, 0),
            TimeProvider.System,
            CancellationToken.None
        );
        using var sandbox = Start([SandboxRole, applications, objects, Now, flagged], null);
        var ready = JsonDocument.Parse((await sandbox.StandardOutput.ReadLineAsync())!).RootElement;
        var settings = Settings(ready, azurite);
        Console.WriteLine(
            $"{applications} app registrations with 2 credentials each, {objects} vault objects, share flagged {flagged}; {rounds} "
                + "rounds, alternating, medians"
        );
        Console.WriteLine();
        Console.WriteLine("| latency | faults | what | requests | wall s | peak MB | objects | findings | wall / bare |");
        Console.WriteLine("| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        var digests = new HashSet<string>();
        foreach (var latency in latencies)
        {
            await FaultsAsync(sandbox, latency == 0 ? "" : $"* => latency={latency}ms");
            var bare = new List<Measurement>();
            var check = new List<Measurement>();
            for (var round = 0; round < rounds; round++)
            {
                bare.Add(await MeasureAsync(BareRole, settings));
                check.Add(await MeasureAsync(CheckRole, settings));
            }
            check.ForEach(c => digests.Add(c.Digest));
            Row(latency, "none", "bare loop", bare, null);
            Row(latency, "none", "credential check", check, Median(bare, b => b.Seconds));
        }
        await FaultsAsync(sandbox, "* => status=429 retry-after=1 rate=10%; * => status=503 rate=2%");
        var faulty = new List<Measurement> { await MeasureAsync(CheckRole, settings) };
        digests.Add(faulty[0].Digest);
        Row(0, "10 % 429, 2 % 503", "credential check", faulty, null);
        Console.WriteLine();
        Console.WriteLine(
            digests.Count == 1 ? $"Every check found the same: {digests.Single()}" : $"DIFFERENT FINDINGS: {string.Join(' ', digests)}"
        );
        sandbox.StandardInput.Close();
        await sandbox.WaitForExitAsync();
        return digests.Count == 1 ? 0 : 1;
    }

    private static void Row(int latency, string faults, string what, List<Measurement> runs, double? bare)
    {
        var wall = Median(runs, r => r.Seconds);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {latency} ms | {faults} | {what} | {Median(runs, r => r.Requests):0} | {wall:0.00} | "
                    + $"{Median(runs, r => r.PeakMegabytes):0} | {runs[0].Objects} | {runs[0].Findings} | "
                    + $"{(bare is { } b ? (wall / b).ToString("0.00", CultureInfo.InvariantCulture) : "")} |"
            )
        );
    }

    private static double Median(List<Measurement> runs, Func<Measurement, double> of)
    {
        var sorted = runs.Select(of).Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[sorted.Count / 2 - 1] + sorted[sorted.Count / 2]) / 2;
    }

    private static async Task FaultsAsync(Process sandbox, string faults)
    {
        await sandbox.StandardInput.WriteLineAsync(faults);
        await sandbox.StandardInput.FlushAsync();
        if (await sandbox.StandardOutput.ReadLineAsync() != "ok")
            throw new InvalidOperationException("the sandbox did not take the fault rules");
    }

    private static async Task<Measurement> MeasureAsync(string role, Dictionary<string, string> settings)
    {
        using var process = Start([role], settings);
        process.StandardInput.Close();
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<Measurement>(text.Trim().Split('\n')[^1])!
            : throw new InvalidOperationException($"{role} ended with {process.ExitCode}: {text}");
    }

    internal static Process Start(string[] args, Dictionary<string, string>? settings)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(CredentialBenchmark).Assembly.Location);
        foreach (var arg in args)
            start.ArgumentList.Add(arg);
        foreach (var (key, value) in settings ?? [])
            start.Environment[key] = value;
        return Process.Start(start)!;
    }

    private static Dictionary<string, string> Settings(JsonElement ready, Azurite azurite) =>
        new(TenantSettings(ready))
        {
            ["AzureWebJobsStorage"] = azurite.StateConnection,
            ["EvidenceStorage"] = azurite.EvidenceConnection,
            ["NO_PROXY"] = "localhost,127.0.0.1",
        };

    internal static Dictionary<string, string> TenantSettings(JsonElement ready)
    {
        string Of(string name) => ready.GetProperty(name).GetString()!;
        return new()
        {
            ["Tenant__Id"] = Of("tenantId"),
            ["Tenant__GraphEndpoint"] = Of("url") + "/v1.0",
            ["Tenant__ResourceManagerEndpoint"] = Of("url"),
            ["Tenant__AuthorityHost"] = Of("url"),
            ["Tenant__ClientId"] = Of("clientId"),
            ["Tenant__ClientSecret"] = Of("clientSecret"),
            ["Tenant__PinnedThumbprint"] = Of("thumbprint"),
        };
    }

    internal static string Option(string[] args, string name, string otherwise)
    {
        var at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : otherwise;
    }
}
