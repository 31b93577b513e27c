using Azure.Data.Tables;
using Compliance.State;

namespace Compliance.Offboarding.Guards;

/// <summary>Remembers under which policies something was done.</summary>
internal interface IPolicyActs
{
    /// <summary>True when nothing was done under this policy yet.</summary>
    Task<bool> IsFirstAsync(string tenantId, string policySha256, CancellationToken stop);

    /// <summary>Something was done under it.</summary>
    Task ActedAsync(string tenantId, string policySha256, CancellationToken stop);
}

/// <summary>Policies in table <c>policyacts</c>: a row a policy hash.</summary>
internal sealed class TablePolicyActs(StateStorage storage) : IPolicyActs
{
    /// <summary>The table.</summary>
    public const string Table = "policyacts";

    /// <inheritdoc/>
    public async Task<bool> IsFirstAsync(string tenantId, string policySha256, CancellationToken stop)
    {
        var table = await storage.TableAsync(Table, stop);
        return !(await table.GetEntityIfExistsAsync<TableEntity>(StateKeys.Safe(tenantId, "a tenant id"), policySha256, cancellationToken: stop)).HasValue;
    }

    /// <inheritdoc/>
    public async Task ActedAsync(string tenantId, string policySha256, CancellationToken stop)
    {
        var table = await storage.TableAsync(Table, stop);
        await table.UpsertEntityAsync(new TableEntity(StateKeys.Safe(tenantId, "a tenant id"), policySha256), TableUpdateMode.Merge, stop);
    }
}
