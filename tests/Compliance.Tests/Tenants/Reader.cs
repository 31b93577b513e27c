using System.Collections.Concurrent;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using SandboxTenant;

namespace Compliance.Tests.Tenants;

/// <summary>A sandbox with the demo tenant, and the product's own adapters connected to it.</summary>
internal sealed class Reader : IAsyncDisposable
{
    public static readonly DateTimeOffset Now = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);

    private readonly ServiceProvider _services;

    private Reader(Sandbox sandbox, NoWaiting time, ServiceProvider services) => (Sandbox, Time, _services) = (sandbox, time, services);

    public Sandbox Sandbox { get; }

    public NoWaiting Time { get; }

    public FakeLogCollector Logs => _services.GetRequiredService<FakeLogCollector>();

    public static async Task<Reader> StartAsync(
        string? faults = null,
        SandboxOptions? options = null,
        TimeProvider? clock = null,
        params (string Key, string Value)[] settings
    )
    {
        var sandbox = await Sandbox.StartAsync(
            (options ?? new SandboxOptions { Now = Now }) with
            {
                Faults = faults,
            },
            clock ?? TimeProvider.System,
            TestContext.Current.CancellationToken
        );
        var values = new Dictionary<string, string?>
        {
            ["Tenant:Id"] = sandbox.TenantId,
            ["Tenant:GraphEndpoint"] = $"{sandbox.BaseAddress}v1.0",
            ["Tenant:ResourceManagerEndpoint"] = sandbox.BaseAddress.ToString(),
            ["Tenant:AuthorityHost"] = sandbox.BaseAddress.ToString(),
            ["Tenant:ClientId"] = sandbox.ClientId,
            ["Tenant:ClientSecret"] = sandbox.ClientSecret,
            ["Tenant:PinnedThumbprint"] = sandbox.Thumbprint,
        };
        foreach (var (key, value) in settings)
            values[key] = value;
        var time = new NoWaiting();
        var services = new ServiceCollection()
            .AddLogging(l => l.AddFakeLogging().SetMinimumLevel(LogLevel.Trace))
            .AddSingleton<TimeProvider>(time)
            .AddTenant(new ConfigurationBuilder().AddInMemoryCollection(values).Build())
            .AddCredentialInventory()
            .BuildServiceProvider();
        return new Reader(sandbox, time, services);
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public async Task<Seen> ReadAsync()
    {
        var seen = new Seen();
        await Get<ICredentialInventory>().ReadAsync(seen, TestContext.Current.CancellationToken);
        return seen;
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await Sandbox.DisposeAsync();
    }
}

/// <summary>Keeps all that an inventory tells.</summary>
internal sealed class Seen : IInventorySink
{
    private readonly ConcurrentQueue<Credential> _credentials = new();
    private readonly ConcurrentDictionary<string, SourceOutcome> _outcomes = new(StringComparer.Ordinal);

    /// <summary>As text, in a stable order: two reads of the same tenant are equal.</summary>
    public IReadOnlyList<string> Credentials =>
        [
            .. _credentials
                .Select(c => $"{c.Kind} {c.Subject.Id} {c.Part} {c.Started:O} {c.Expires:O} {c.Enabled}")
                .Order(StringComparer.Ordinal),
        ];

    public IReadOnlyList<Credential> All => [.. _credentials];

    public IReadOnlyDictionary<string, SourceOutcome> Outcomes => _outcomes;

    public IEnumerable<SourceOutcome> Gaps => _outcomes.Values.Where(o => !o.Complete).OrderBy(o => o.Source, StringComparer.Ordinal);

    public void Observed(Credential credential) => _credentials.Enqueue(credential);

    public void SeenResource(string resourceId) { }

    public void SeenSubscription(string subscriptionId, string name) { }

    public void Read(SourceOutcome outcome) => Assert.True(_outcomes.TryAdd(outcome.Source, outcome), $"{outcome.Source} was told twice");
}
