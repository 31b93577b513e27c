using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Core;
using Compliance.Tenants;

namespace Compliance.Ledger.Checkpoints;

/// <summary>A container's time-based immutability policy.</summary>
/// <param name="Locked">Whether it is locked: an unlocked one can be removed.</param>
/// <param name="Days">For how many days a blob cannot be changed or deleted after it was made.</param>
/// <param name="ProtectedAppends">Whether append blobs may still grow under it.</param>
internal sealed record ImmutabilityPolicy(bool Locked, int Days, bool ProtectedAppends);

/// <summary>Shows what keeps the ledger from being rewritten.</summary>
internal interface IWriteOnce
{
    /// <summary>The policy of container <c>ledger</c>; null when it has none.</summary>
    /// <exception cref="WriteOnceUnknownException">It cannot be known.</exception>
    Task<ImmutabilityPolicy?> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>It is not known whether the ledger is write-once.</summary>
/// <param name="reason">Why.</param>
/// <param name="remedy">What corrects it.</param>
internal sealed class WriteOnceUnknownException(string reason, string remedy) : Exception(reason)
{
    /// <summary>What corrects it.</summary>
    public string Remedy { get; } = remedy;
}

/// <summary>Whether the ledger may be called write-once.</summary>
/// <param name="Claimed">True only when nobody, the account's owner included, can change or remove what is in it.</param>
/// <param name="Unknown">Whether it could not be known; not claimed then.</param>
/// <param name="Reason">Why or why not, for people.</param>
/// <param name="NextStep">What makes it write-once; null when it is.</param>
internal sealed record WriteOnceVerdict(bool Claimed, bool Unknown, string Reason, string? NextStep);

/// <summary>Says what a policy is worth. Pure.</summary>
internal static class WriteOnceRules
{
    private const string Lock =
        "Lock the policy: az storage container immutability-policy lock --account-name ACCOUNT --container-name ledger --if-match ETAG "
        + "(it can never be unlocked again)";
    private const string Make =
        "Give the container a policy: az storage container immutability-policy create --account-name ACCOUNT --container-name ledger "
        + "--period DAYS --allow-protected-append-writes true; then lock it";

    /// <summary>The verdict on a policy.</summary>
    /// <param name="policy">The policy; null for none.</param>
    /// <param name="keep">How long evidence has to be kept: the longest time of the evidence policy.</param>
    public static WriteOnceVerdict Judge(ImmutabilityPolicy? policy, TimeSpan keep) =>
        policy switch
        {
            null => new(
                Claimed: false,
                Unknown: false,
                "Container ledger has no immutability policy: whoever may write to it may rewrite it",
                Make
            ),
            { ProtectedAppends: false } => new(
                Claimed: false,
                Unknown: false,
                "The immutability policy of container ledger does not allow protected append "
                    + $"writes{(policy.Locked ? ", and it is locked" : "")}: the log cannot grow under it",
                policy.Locked
                    ? "A locked policy cannot be changed: move the evidence to another account, whose policy allows protected append writes"
                    : Make
            ),
            { Locked: false } => new(
                Claimed: false,
                Unknown: false,
                "The immutability policy of container ledger is not locked: it can be removed, and the log rewritten",
                Lock
            ),
            { Days: var days } when days < keep.TotalDays => new(
                Claimed: false,
                Unknown: false,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The immutability policy of container ledger is locked for {days} days, and evidence is to be kept for "
                        + $"{keep.TotalDays:0}: the log could be deleted before"
                ),
                "Extend the policy: az storage container immutability-policy extend --account-name ACCOUNT --container-name ledger "
                    + "--period DAYS --if-match ETAG (a locked policy can be extended five times), or shorten the retention of "
                    + "policy/evidence.yaml"
            ),
            _ => new(
                Claimed: true,
                Unknown: false,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Container ledger is write-once: its policy of {policy.Days} days is locked and allows protected append writes"
                ),
                null
            ),
        };

    /// <summary>The verdict when the policy could not be read.</summary>
    public static WriteOnceVerdict Judge(WriteOnceUnknownException e) =>
        new(Claimed: false, Unknown: true, $"Whether container ledger is write-once is not known: {e.Message}", e.Remedy);
}

/// <summary>Storage on this machine: it has no immutability.</summary>
internal sealed class LocalWriteOnce : IWriteOnce
{
    /// <inheritdoc/>
    public Task<ImmutabilityPolicy?> ReadAsync(CancellationToken cancellationToken) => Task.FromResult<ImmutabilityPolicy?>(null);
}

/// <summary>The policy as Resource Manager shows it, see <see cref="DeclaredCall.LedgerImmutability"/>.</summary>
/// <param name="tenant">The way to Resource Manager.</param>
/// <param name="accountResourceId">The evidence account; null when the settings do not say.</param>
internal sealed class ResourceManagerWriteOnce(TenantConnection tenant, string? accountResourceId) : IWriteOnce
{
    private const string Container = "/blobServices/default/containers/" + Format.LedgerLayout.Container;
    private const string Path = Container + "/immutabilityPolicies/default?api-version=2023-05-01";

    /// <inheritdoc/>
    public async Task<ImmutabilityPolicy?> ReadAsync(CancellationToken cancellationToken)
    {
        if (accountResourceId is null)
            throw new WriteOnceUnknownException(
                $"setting {EvidenceOptions.AccountSetting} is missing",
                $"Give {EvidenceOptions.AccountSetting} the account's id (`az storage account show --name NAME --query id`)"
            );
        try
        {
            using var message = tenant.ResourceManagerPipeline.CreateMessage();
            message.Request.Method = RequestMethod.Get;
            message.Request.Uri.Reset(new Uri(tenant.ResourceManagerAddress + accountResourceId + Path));
            await tenant.ResourceManagerPipeline.SendAsync(message, cancellationToken);
            if (message.Response.Status == 404 && IsNoPolicy(message.Response))
                return null;
            if (message.Response.IsError)
                throw new RequestFailedException(message.Response);
            using var answer = JsonDocument.Parse(message.Response.Content);
            return Read(answer.RootElement);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var failure = ReadFailure.From(e, DeclaredCall.LedgerImmutability, accountResourceId + Container, tenant.Options.ClientId);
            throw new WriteOnceUnknownException(failure.Reason, failure.Remedy);
        }
    }

    // An account or group that does not exist is a wrong setting, not a container without a policy.
    private static bool IsNoPolicy(Response response)
    {
        using var body = JsonDocument.Parse(response.Content);
        return body.RootElement.TryGetProperty("error", out var error)
            && error.TryGetProperty("code", out var code)
            && code.GetString() is "ContainerNotFound" or "ImmutabilityPolicyNotFound";
    }

    /// <summary>
    /// Takes the answer apart. A container without a policy answers with 0 days:
    /// <code>{"properties":{"immutabilityPeriodSinceCreationInDays":2555,"state":"Locked","allowProtectedAppendWrites":true}}</code>
    /// </summary>
    internal static ImmutabilityPolicy? Read(JsonElement answer)
    {
        if (!answer.TryGetProperty("properties", out var policy) || policy.ValueKind != JsonValueKind.Object)
            throw new IncompleteReadException("the answer has no 'properties'");
        var days =
            policy.TryGetProperty("immutabilityPeriodSinceCreationInDays", out var period) && period.TryGetInt32(out var given) ? given : 0;
        bool Is(string name) => policy.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
        return days <= 0
            ? null
            : new(
                policy.TryGetProperty("state", out var state) && state.GetString() == "Locked",
                days,
                Is("allowProtectedAppendWrites") || Is("allowProtectedAppendWritesAll")
            );
    }
}
