using System.Text.Json.Nodes;

namespace SandboxTenant.Data;

/// <summary>
/// A copy of the directory that learns of each change some time after it was made: what an eventually consistent read sees.
/// </summary>
/// <param name="tenant">The copy; it starts as the directory is now.</param>
/// <param name="lag">How long a change takes to arrive, on the tenant's clock.</param>
internal sealed class Replica(TenantData tenant, TimeSpan lag)
{
    private readonly Lock _gate = new();
    private readonly Queue<(DateTimeOffset Due, string Op, string Set, string Id, JsonObject? Value)> _coming = [];

    /// <summary>The directory as this copy knows it.</summary>
    public TenantData Tenant => tenant;

    /// <summary>Shows it of a change that was just made.</summary>
    public void Apply(DateTimeOffset now, string op, string set, string id, JsonObject? value)
    {
        lock (_gate)
            _coming.Enqueue((now + lag, op, set, id, value?.DeepClone().AsObject()));
    }

    /// <summary>Makes what has arrived by now seen.</summary>
    public void CatchUp(DateTimeOffset now)
    {
        lock (_gate)
            while (_coming.TryPeek(out var next) && next.Due <= now)
            {
                Journal.Apply(tenant, next.Op, next.Set, next.Id, next.Value);
                _coming.Dequeue();
            }
    }
}
