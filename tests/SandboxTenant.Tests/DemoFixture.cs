[assembly: AssemblyFixture(typeof(SandboxTenant.Tests.DemoFixture))]

namespace SandboxTenant.Tests;

/// <summary>One sandbox with the demo tenant, for tests that only read.</summary>
public sealed class DemoFixture : IAsyncLifetime
{
    internal static readonly DateTimeOffset Now = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);

    internal Sandbox Sandbox { get; private set; } = null!;

    internal PinnedClients Clients { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Sandbox = await Sandbox.StartAsync(new SandboxOptions { Now = Now }, TimeProvider.System, CancellationToken.None);
        Clients = new PinnedClients(Sandbox);
    }

    public async ValueTask DisposeAsync()
    {
        Clients?.Dispose();
        if (Sandbox is not null)
            await Sandbox.DisposeAsync();
    }
}
