using System.Text.Json;
using Compliance.Ledger.Format;

namespace ComplianceCli.Azure;

/// <summary>Locks the immutability policy of the ledger's container, for good: neither its owner nor the service takes that back.</summary>
/// <param name="calls">Asks Resource Manager.</param>
/// <param name="environment">azd's values.</param>
internal sealed class LedgerLock(AzureCalls calls, AzdEnvironment environment)
{
    /// <summary>The value of azd's environment that keeps the template from putting a locked policy again.</summary>
    public const string Variable = "EVIDENCE_LEDGER_LOCKED";

    private string Policy
    {
        get
        {
            const string Remedy = "compliance azure preprovision deploys the evidence";
            var group = environment.NeedResource("EVIDENCE_RESOURCE_GROUP", Remedy);
            var account = environment.NeedResource("EVIDENCE_ACCOUNT_NAME", Remedy);
            return $"/subscriptions/{environment.SubscriptionId}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/"
                + $"{account}/blobServices/default/containers/{LedgerLayout.Container}/immutabilityPolicies/default";
        }
    }

    /// <summary>The steps.</summary>
    /// <param name="confirmed">The container's name as it was typed; null where nothing is done.</param>
    /// <param name="isPrint">Whether it is only shown.</param>
    /// <exception cref="CliException">The name was not typed.</exception>
    public IReadOnlyList<AzureStep> Steps(string? confirmed, bool isPrint)
    {
        if (!isPrint && confirmed != LedgerLayout.Container)
            throw new CliException(
                $"a lock cannot be taken back: until its time is over no record can be deleted, nor the container or the account. "
                    + $"compliance azure lock --print shows the policy; --confirm {LedgerLayout.Container} locks it"
            )
            {
                IsUsage = true,
            };
        return
        [
            AzureStep.Check("Check that the policy lets the ledger grow", GrowsAsync),
            new(
                $"Lock the immutability policy of container {LedgerLayout.Container}, for good",
                "none: a locked policy can only be made longer, five times",
                async cancellationToken => IsLocked(await ReadAsync(cancellationToken)),
                LockAsync
            ),
            new(
                $"Keep {Variable}=true in azd's environment, so that the template leaves the policy out",
                $"azd env set {Variable} false, where the policy is not locked",
                _ => Task.FromResult(environment.Find(Variable) == "true"),
                cancellationToken => environment.SetAsync(Variable, "true", cancellationToken)
            ),
        ];
    }

    private async Task GrowsAsync(CancellationToken cancellationToken)
    {
        var properties = (await ReadAsync(cancellationToken))["properties"];
        var grows =
            properties.ValueKind == JsonValueKind.Object
            && properties.TryGetProperty("allowProtectedAppendWrites", out var appends)
            && appends.ValueKind == JsonValueKind.True;
        if (!grows)
            throw new CliException(
                "the policy has no allowProtectedAppendWrites: once locked, nothing could be added to the ledger. Deploy the evidence "
                    + "again with compliance azure preprovision"
            );
    }

    private async Task LockAsync(CancellationToken cancellationToken)
    {
        var policy = await ReadAsync(cancellationToken);
        var etag = policy.ETag ?? (policy["etag"].ValueKind == JsonValueKind.String ? policy["etag"].GetString() : null);
        await calls.SendAsync(
            new(AzureRequest.ResourceManager, "POST", $"{Policy}/lock?api-version=2025-06-01", "locking the policy")
            {
                IfMatch = etag ?? throw new CliException("the policy has no ETag"),
                Needs = "Storage Account Contributor at the evidence account",
            },
            cancellationToken
        );
        if (!IsLocked(await ReadAsync(cancellationToken)))
            throw new CliException("the service took the lock, and the policy is not locked: run this again");
    }

    private Task<AzureAnswer> ReadAsync(CancellationToken cancellationToken) =>
        calls.SendAsync(
            new(AzureRequest.ResourceManager, "GET", $"{Policy}?api-version=2025-06-01", "reading the policy of the ledger")
            {
                Needs = "Reader at the evidence account",
            },
            cancellationToken
        );

    private static bool IsLocked(AzureAnswer policy) =>
        policy["properties"] is { ValueKind: JsonValueKind.Object } properties
        && properties.TryGetProperty("state", out var state)
        && string.Equals(state.GetString(), "Locked", StringComparison.OrdinalIgnoreCase);
}
