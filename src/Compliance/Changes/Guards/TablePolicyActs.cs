using Azure;
using Azure.Data.Tables;
using Compliance.Storage;

namespace Compliance.Changes.Guards;

/// <summary>Table <c>policyacts</c>: one partition a tenant, one row a policy file.</summary>
internal sealed class TablePolicyActs(StateStorage storage)
{
    /// <summary>The table.</summary>
    public const string Table = "policyacts";

    /// <summary>True when nothing was done yet under this file: a new or changed policy.</summary>
    /// <exception cref="Azure.RequestFailedException">It could not be known.</exception>
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

    /// <summary>Remembers that a plan under this file was approved or carried out. The first entry is kept.</summary>
    /// <exception cref="Azure.RequestFailedException">It is not known to be kept. Repeat it.</exception>
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
