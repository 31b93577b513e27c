using Compliance.Tenants;

namespace Compliance.Notifications.Channels;

/// <summary>
/// The address of a webhook from a vault: read for every message, so that a new one counts at once. Key Vault Secrets User.
/// </summary>
/// <param name="tenant">The tenant.</param>
/// <param name="vault">Address of the vault.</param>
/// <param name="secret">Name of the secret.</param>
/// <param name="call">The declared call that reads it.</param>
internal sealed class VaultWebhookAddress(TenantConnection tenant, Uri vault, string secret, DeclaredCall call) : IWebhookAddress
{
    /// <inheritdoc/>
    public async Task<Uri> LoadAsync(CancellationToken cancellationToken)
    {
        string value;
        try
        {
            value = (await tenant.VaultAt(vault).Secrets.GetSecretAsync(secret, cancellationToken: cancellationToken)).Value.Value;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var failure = ReadFailure.From(e, call, null, tenant.Options.ClientId);
            throw new NotDeliveredException($"secret {secret} of {vault.Host}: {failure.Reason}", failure.Permission is not null);
        }
        return Uri.TryCreate(value.Trim(), UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps
            ? address
            : throw new NotDeliveredException($"secret {secret} of {vault.Host} is no https address", isPermanent: true);
    }
}
