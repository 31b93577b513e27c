using SandboxTenant.Data;
using SandboxTenant.Demo;

namespace SandboxTenant;

/// <summary>How a sandbox tenant starts.</summary>
internal sealed record SandboxOptions
{
    /// <summary>The TCP port on loopback; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>
    /// Whether it is asked by <see cref="Sandbox.CreateHandler"/> alone, in this process and without a socket; <see cref="Port"/> is then
    /// part of its addresses only.
    /// </summary>
    public bool InProcess { get; init; }

    /// <summary>A folder to load the tenant from; null for the demo tenant or <see cref="Tenant"/>.</summary>
    public string? TenantDirectory { get; init; }

    /// <summary>A tenant made in memory; it wins over the folder and the demo. The sandbox owns it from then on.</summary>
    public TenantData? Tenant { get; init; }

    /// <summary>A generated tenant of a given size in place of the demo's fixed one; null for the demo.</summary>
    public GeneratorOptions? Generate { get; init; }

    /// <summary>What the demo's or generated ids, names and dates are drawn from.</summary>
    public ulong Seed { get; init; } = 2026;

    /// <summary>The tenant's time at start; its clock runs on from there. Null for the real time.</summary>
    public DateTimeOffset? Now { get; init; }

    /// <summary>Where changes are kept over a restart; null keeps them in memory.</summary>
    public string? StateDirectory { get; init; }

    /// <summary>Fault rules; they come on top of a tenant folder's <c>faults.txt</c>.</summary>
    public string? Faults { get; init; }

    /// <summary>A file that each request is appended to as a line of JSON; null for none.</summary>
    public string? RequestLog { get; init; }

    /// <summary>
    /// Permissions and actions the calling app lacks: Graph's application permissions by name, Resource Manager's actions.
    /// </summary>
    public IReadOnlyList<string> WithoutPermissions { get; init; } = [];

    /// <summary>
    /// Whether the calling app holds a directory role itself; without one Graph lets it disable nobody who holds a privileged role.
    /// </summary>
    public bool AppHoldsDirectoryRole { get; init; } = true;

    /// <summary>
    /// How long Graph's reads go on without a change that was made, on the tenant's clock; zero for at once. Changes made to
    /// <see cref="Sandbox.Tenant"/> itself are then not seen by them.
    /// </summary>
    public TimeSpan Lag { get; init; }

    /// <summary>The tenant's clock, in place of <see cref="Now"/> and the time that passed since; null for those.</summary>
    public TimeProvider? Clock { get; init; }

    /// <summary>Whether requests over the services' quotas are refused with 429.</summary>
    public bool EnforceQuotas { get; init; }

    /// <summary>The client id that may sign in; null makes one.</summary>
    public string? ClientId { get; init; }

    /// <summary>The client secret to sign in with; null makes one.</summary>
    public string? ClientSecret { get; init; }
}
