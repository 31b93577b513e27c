using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Local;
using SandboxTenant;
using SandboxTenant.Demo;
using SandboxTenant.Http;

namespace Benchmarks;

/// <summary>What reached the sandbox since it was last asked.</summary>
/// <param name="Graph">Round trips to Graph; a batch is one.</param>
/// <param name="Azure">Round trips to Resource Manager.</param>
/// <param name="Reads">Reads (GET) of Graph, inside batches too, and of Resource Manager, in the order they were answered.</param>
/// <param name="GraphTrips">
/// Round trips to Graph in the order they were answered: each request's method and path, those of a batch in one line.
/// </param>
/// <param name="GraphWrites">The most writes to Graph in any 2.5 minutes, those inside batches counted one by one.</param>
/// <param name="AzureDeletes">The deepest that a bucket of deletes of one subscription was drawn, as a share of it.</param>
/// <param name="AzureReads">The same of reads.</param>
/// <param name="Throttled">How many of the last 50,000 requests were answered with 429.</param>
internal sealed record Traffic(
    int Graph,
    int Azure,
    IReadOnlyList<SandboxRead> Reads,
    IReadOnlyList<string> GraphTrips,
    double GraphWrites,
    double AzureDeletes,
    double AzureReads,
    int Throttled
)
{
    public int RoundTrips => Graph + Azure;
}

/// <summary>One read.</summary>
/// <param name="Graph">Of Graph; else of Resource Manager.</param>
/// <param name="Path">Path and query.</param>
internal sealed record SandboxRead(bool Graph, string Path);

/// <summary>A tenant of leavers in a process of its own; asked on its standard input, one line each.</summary>
internal sealed class LeaverSandbox : IAsyncDisposable
{
    public const string Role = "role-leavers";

    private const string Report = "report";
    private readonly Process _process;

    private LeaverSandbox(Process process, JsonElement ready) => (_process, Ready) = (process, ready);

    /// <summary>The line a sandbox says when it answers.</summary>
    public JsonElement Ready { get; }

    public static async Task<LeaverSandbox> StartAsync(int leavers, bool quotas)
    {
        var process = CredentialBenchmark.Start([Role, leavers.ToString(CultureInfo.InvariantCulture), quotas.ToString()], null);
        return new(process, JsonDocument.Parse((await process.StandardOutput.ReadLineAsync())!).RootElement);
    }

    /// <summary>Seconds in which it has kept a processor busy.</summary>
    public double ProcessorSeconds => ProcessorTime.OfTree(_process);

    /// <summary>Every answer comes so much later, a batch's once.</summary>
    public async Task LatencyAsync(int milliseconds)
    {
        if (await AskAsync(milliseconds == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"* => latency={milliseconds}ms")) != "ok")
            throw new InvalidOperationException("the sandbox did not take the fault rules");
    }

    /// <summary>What came since the last time; quotas are of the sandbox's whole life.</summary>
    public async Task<Traffic> TrafficAsync() => JsonSerializer.Deserialize<Traffic>(await AskAsync(Report))!;

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>The process itself.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        await using var sandbox = await Sandbox.StartAsync(
            new SandboxOptions
            {
                Generate = new GeneratorOptions(
                    Applications: 0,
                    VaultObjects: 0,
                    Vaults: 0,
                    Leavers: int.Parse(args[0], CultureInfo.InvariantCulture)
                ),
                EnforceQuotas = bool.Parse(args[1]),
            },
            TimeProvider.System,
            CancellationToken.None
        );
        Console.WriteLine(
            JsonSerializer.Serialize(
                new SandboxReady(
                    sandbox.Port,
                    sandbox.BaseAddress.ToString().TrimEnd('/'),
                    sandbox.Thumbprint,
                    sandbox.TenantId,
                    sandbox.ClientId,
                    sandbox.ClientSecret
                ),
                JsonSerializerOptions.Web
            )
        );
        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (line == Report)
            {
                Console.WriteLine(JsonSerializer.Serialize(TrafficOf(sandbox)));
                sandbox.ClearRequests();
                continue;
            }
            sandbox.SetFaults(line);
            Console.WriteLine("ok");
        }
        return 0;
    }

    private static Traffic TrafficOf(Sandbox sandbox)
    {
        const int GraphWrites = 3000;
        var all = sandbox.Requests;
        double Peak(string kind) =>
            sandbox.Quotas.Where(q => q.Name.StartsWith(kind, StringComparison.Ordinal)).Select(q => q.Peak).DefaultIfEmpty().Max();
        return new(
            all.Count(r => r is { Host: "graph", Batch: null }),
            all.Count(r => r.Host == "arm"),
            [
                .. all.Where(r => r.Method == "GET" && r.Host is "graph" or "arm")
                    .Select(r => new SandboxRead(r.Host == "graph", r.Path))
                    .Take(1000),
            ],
            [.. all.Where(r => r is { Host: "graph", Batch: null }).Select(r => Trip(all, r)).Take(1000)],
            Peak("graph writes") * GraphWrites,
            Peak("arm deletes"),
            Peak("arm reads"),
            all.Count(r => r.Status == 429)
        );
    }

    private static string Trip(IReadOnlyList<RequestLogEntry> all, RequestLogEntry request) =>
        all.Where(r => r.Batch == request.RequestId).ToList() is { Count: > 0 } batched
            ? string.Join(", ", batched.Select(r => $"{r.Method} {r.Path}"))
            : $"{request.Method} {request.Path}";

    private async Task<string> AskAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
        return await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("the sandbox ended");
    }
}
