using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Azure.Core;
using Compliance.Changes.Execution;
using Compliance.Changes.Pauses;
using Compliance.Changes.Plans;
using Compliance.Offboarding;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Directory;
using Compliance.Offboarding.Execution;
using Compliance.Offboarding.Planning;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Kiota.Abstractions;

namespace Benchmarks;

/// <summary>
/// One leaver's whole case through the product's own parts, beside a script that sends the same calls one after the other through the same
/// SDK clients.
/// </summary>
internal sealed class OneLeaver(LeaverSandbox sandbox, IConfiguration configuration)
{
    // The part of Graph that a batch is limited to.
    private const int Batch = 20;

    private static readonly OffboardingPolicy Policy = new() { Sha256 = new string('0', 64), PrivilegedRemovals = true };

    /// <summary>One case.</summary>
    /// <param name="Seconds">From the lookup to the end of the second reading.</param>
    /// <param name="BlockedSeconds">From the lookup to both of disabled and sessions revoked.</param>
    /// <param name="RoundTrips">Answers waited for, sign-in apart.</param>
    /// <param name="Least">The least round trips that do the same; 0 where nobody counted.</param>
    /// <param name="Detail">The round trips of each part.</param>
    internal sealed record Case(double Seconds, double BlockedSeconds, int RoundTrips, int Least, string Detail);

    public async Task<Case> ProductAsync(int number)
    {
        await using var services = Services();
        var directory = services.GetRequiredService<ILeaverDirectory>();
        var executor = services.GetRequiredService<IPlanExecutor>();
        await SignInAsync(services);
        await sandbox.TrafficAsync();
        var watch = new Stopwatch();
        var parts = new List<(string Name, Traffic Traffic)>();

        var lookup = await PartAsync("lookup", () => directory.LookUpAsync(Event(number), Policy, default));
        var facts = lookup.Facts ?? throw new InvalidOperationException($"leaver {number} was not found: {lookup.Problem}");
        var block = BlockPlanner.Plan(services.GetRequiredService<TenantConnection>().Options.Id, $"bench-{number}", facts, Policy);
        Check(await PartAsync("block", () => executor.RunAsync(block, Nothing, Nothing, default)));
        var blocked = watch.Elapsed;
        var before = await PartAsync("read", () => directory.ReadAccessAsync(facts.UserId, facts.PrincipalName, Policy, default));
        var newOwner = await PartAsync("manager", () => directory.NewOwnerAsync(facts.UserId, Nothing, default));
        var removal = RemovalPlanner.Plan($"bench-{number}", facts, before, newOwner, Policy);
        Check(await PartAsync("remove", () => executor.RunAsync(removal, Nothing, Nothing, default)));
        var after = await PartAsync("read again", () => directory.ReadAccessAsync(facts.UserId, facts.PrincipalName, Policy, default));
        var left = after
            .Accesses.Select(a => a.Key)
            .Intersect(removal.Steps.Select(s => s.Arguments.GetValueOrDefault(StepArguments.Access) ?? ""), StringComparer.Ordinal)
            .Count();
        if (left > 0 || !after.Complete)
            throw new InvalidOperationException($"{left} accesses are still there");
        return new(
            watch.Elapsed.TotalSeconds,
            blocked.TotalSeconds,
            parts.Sum(p => p.Traffic.RoundTrips),
            Least(parts, removal),
            string.Join(", ", parts.Select(p => $"{p.Name} {p.Traffic.Graph}+{p.Traffic.Azure}"))
        );

        // Asking the sandbox is not in the time.
        async Task<T> PartAsync<T>(string name, Func<Task<T>> part)
        {
            watch.Start();
            var result = await part();
            watch.Stop();
            parts.Add((name, await sandbox.TrafficAsync()));
            return result;
        }
    }

    /// <summary>The peer: what the product read and wrote of a leaver before, one call after the other.</summary>
    public async Task<Case> SequentialAsync(int number)
    {
        await using var services = Services();
        var tenant = services.GetRequiredService<TenantConnection>();
        var directory = services.GetRequiredService<ILeaverDirectory>();
        // What it does is found by the product; the script itself only sends.
        await sandbox.TrafficAsync();
        var facts = (await directory.LookUpAsync(Event(number), Policy, default)).Facts!;
        var lookups = (await sandbox.TrafficAsync()).Reads;
        var access = await directory.ReadAccessAsync(facts.UserId, facts.PrincipalName, Policy, default);
        var newOwner = await directory.NewOwnerAsync(facts.UserId, Nothing, default);
        var reads = (await sandbox.TrafficAsync()).Reads;
        var block = BlockPlanner.Plan(tenant.Options.Id, $"bench-{number}", facts, Policy);
        var removal = RemovalPlanner.Plan($"bench-{number}", facts, access, newOwner, Policy);

        var watch = Stopwatch.StartNew();
        foreach (var read in lookups)
            await ReadAsync(tenant, read);
        foreach (var step in block.Steps)
            await WriteAsync(tenant, step);
        var blocked = watch.Elapsed;
        foreach (var read in reads)
            await ReadAsync(tenant, read);
        foreach (var step in removal.Steps)
            await WriteAsync(tenant, step);
        foreach (var read in reads)
            await ReadAsync(tenant, read);
        watch.Stop();
        return new(watch.Elapsed.TotalSeconds, blocked.TotalSeconds, (await sandbox.TrafficAsync()).RoundTrips, 0, "");
    }

    /// <summary>
    /// One batch each to look up, block, read and read again; the manager in the batch of the reading; removals in full batches; Resource
    /// Manager has no batch, so what was sent there counts as it is, but the subscriptions and the roles' definitions once only.
    /// </summary>
    private static int Least(List<(string Name, Traffic Traffic)> parts, ActionPlan removal)
    {
        var inGraph = removal.Steps.Count(s => !StepRegistry.Default.Request(s).IsAzure);
        Traffic Of(string name) => parts.Single(p => p.Name == name).Traffic;
        var again = Of("read again");
        var known = again.Reads.Count(r => !r.Graph && r.Path.Split('?')[0].TrimEnd('/') is "/subscriptions");
        return 1 + 1 + (1 + Of("read").Azure) + ((inGraph + Batch - 1) / Batch) + (removal.Steps.Count - inGraph) + 1 + again.Azure - known;
    }

    private static async Task ReadAsync(TenantConnection tenant, SandboxRead read)
    {
        // The log has paths decoded.
        var at = read.Path.IndexOf('?', StringComparison.Ordinal) is var i and >= 0 ? i : read.Path.Length;
        var path = string.Join('/', read.Path[..at].Split('/').Select(Uri.EscapeDataString)) + read.Path[at..];
        await (read.Graph ? GraphAsync(tenant, "GET", path["/v1.0".Length..], null) : AzureAsync(tenant, "GET", path, null));
    }

    private static Task WriteAsync(TenantConnection tenant, PlanStep step)
    {
        var request = StepRegistry.Default.Request(step, tenant.GraphAddress);
        var body = request.Body is null ? null : JsonSerializer.SerializeToUtf8Bytes(request.Body);
        return request.IsAzure
            ? AzureAsync(tenant, request.Call.Method, request.Path, body)
            : GraphAsync(tenant, request.Call.Method, request.Path, body);
    }

    private static async Task GraphAsync(TenantConnection tenant, string method, string path, byte[]? body)
    {
        var information = new RequestInformation { HttpMethod = Enum.Parse<Method>(method), URI = new Uri(tenant.GraphAddress + path) };
        // Counts ask for it, and the others do not mind.
        if (method == "GET")
            information.Headers.Add("ConsistencyLevel", "eventual");
        if (body is not null)
            information.SetStreamContent(new MemoryStream(body), "application/json");
        await using var answer = await tenant.Graph.RequestAdapter.SendPrimitiveAsync<Stream>(information);
    }

    private static async Task AzureAsync(TenantConnection tenant, string method, string path, byte[]? body)
    {
        using var message = tenant.ResourceManagerPipeline.CreateMessage();
        message.Request.Method = RequestMethod.Parse(method);
        message.Request.Uri.Reset(new Uri(tenant.ResourceManagerAddress + path));
        if (body is not null)
        {
            message.Request.Headers.Add("Content-Type", "application/json");
            message.Request.Content = RequestContent.Create(body);
        }
        await tenant.ResourceManagerPipeline.SendAsync(message, default);
        if (message.Response.IsError)
            throw new InvalidOperationException($"{method} {path} answered {message.Response.Status}");
    }

    private static void Check(PlanPass pass)
    {
        if (pass.Outcomes.FirstOrDefault(o => o.Result != StepResult.Done) is { } outcome)
            throw new InvalidOperationException($"a step ended as {outcome.Result}: {outcome.Reason}");
    }

    private static readonly HashSet<string> Nothing = [];

    private static HrEvent Event(int number) =>
        new(
            "urn:bench",
            string.Create(CultureInfo.InvariantCulture, $"one-{number}"),
            HrEventKind.Terminated,
            DateTimeOffset.UnixEpoch,
            string.Create(CultureInfo.InvariantCulture, $"L-{number:D4}"),
            "1",
            1,
            null,
            ForCause: true,
            null,
            null
        );

    // Both hosts' tokens, and the connections to them.
    private static async Task SignInAsync(ServiceProvider services)
    {
        var tenant = services.GetRequiredService<TenantConnection>();
        await GraphAsync(tenant, "GET", "/organization", null);
        await AzureAsync(tenant, "GET", "/subscriptions?api-version=2022-12-01", null);
    }

    private ServiceProvider Services()
    {
        var services = new ServiceCollection();
        services.AddLogging(l => l.SetMinimumLevel(LogLevel.Warning));
        services.AddSingleton(TimeProvider.System);
        services.AddTenant(configuration);
        services.AddLeaverDirectory();
        services.AddPlanExecutor();
        services.AddSingleton<IPause, NeverPaused>();
        return services.BuildServiceProvider();
    }

    // No state is kept here: what is measured is the tenant's part.
    private sealed class NeverPaused : IPause
    {
        public Task<PauseHold?> HoldingAsync(bool isBlocking, CancellationToken cancellationToken) => Task.FromResult<PauseHold?>(null);
    }
}
