using Azure;
using Azure.Data.Tables;
using Compliance.Storage;

namespace Compliance.Changes.Guards;

/// <summary>Table <c>policyacts</c>: one partition a tenant, one row a policy file.</summary>
internal sealed class TablePolicyActs(StateStorage storage) : IPolicyActs
{
    /// <summary>The table.</summary>
    public const string Table = "policyacts";

    /// <inheritdoc/>
    public async Task<bool> IsFirstAsync(string tenantId, string policySha256, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var row = await table.GetEntityIfExistsAsync<TableEntity>(
            StateKeys.Safe(tenantId, "a tenant id"),
            StateKeys.Safe(policySha256, "a policy's hash"),
            cancellationToken: cancellationToken
        );
        return !row.HasValue;
    }

    /// <inheritdoc/>
    public async Task ActedAsync(
        string tenantId,
        string policySha256,
        string caseId,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var row = new TableEntity(StateKeys.Safe(tenantId, "a tenant id"), StateKeys.Safe(policySha256, "a policy's hash"))
        {
            ["CaseId"] = caseId,
            ["At"] = now,
        };
        try
        {
            await table.AddEntityAsync(row, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 409)
        {
            // Somebody was first.
        }
    }
}
