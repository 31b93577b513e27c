using System.Text;
using Azure;
using Azure.Identity;
using Azure.Security.KeyVault.Secrets;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Intake;

/// <summary>Gives the keys that HR may sign with now.</summary>
internal interface IWebhookKeys
{
    /// <summary>The keys, or none when none can be read: then every request is refused.</summary>
    /// <param name="afresh">True when a signature fits none of the keys that are remembered.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    Task<IReadOnlyList<byte[]>> CurrentAsync(bool afresh, CancellationToken cancellationToken);
}

/// <summary>Where the webhook's keys come from: section <c>Hr</c>.</summary>
internal static class WebhookKeySettings
{
    /// <summary>Address of the vault with the secret <see cref="VaultWebhookKeys.Secret"/>.</summary>
    public const string VaultSetting = "Hr:WebhookVault";

    /// <summary>Keys themselves, separated by semicolons; for a sandbox on this machine only.</summary>
    public const string KeysSetting = "Hr:WebhookKeys";

    /// <summary>Reads and checks the settings. Without either every request is refused.</summary>
    /// <exception cref="TenantSettingException">A setting cannot be used.</exception>
    public static IWebhookKeys Read(IConfiguration configuration, TenantConnection tenant, TimeProvider time, ILogger<VaultWebhookKeys> log)
    {
        if (configuration[KeysSetting] is { Length: > 0 } given)
        {
            if (!TenantOptions.IsLoopback(tenant.Options.Graph) || !TenantOptions.IsLoopback(tenant.Options.Authority))
                throw new TenantSettingException(
                    KeysSetting,
                    $"is for a sandbox on this machine only: put the key into a vault as secret {VaultWebhookKeys.Secret} and name the "
                        + $"vault in {VaultSetting}"
                );
            var keys = given
                .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(Encoding.UTF8.GetBytes)
                .ToList();
            return keys is { Count: 1 or 2 } && keys.TrueForAll(k => k.Length >= WebhookSignature.LeastKeyBytes)
                ? new FixedWebhookKeys(keys)
                : throw new TenantSettingException(
                    KeysSetting,
                    $"must be one or two keys of at least {WebhookSignature.LeastKeyBytes} characters, separated by a semicolon"
                );
        }
        if (configuration[VaultSetting] is not { Length: > 0 } text)
            return new FixedWebhookKeys([]);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address))
            throw new TenantSettingException(VaultSetting, "must be the address of a vault, for example https://kv-hr.vault.azure.net");
        try
        {
            return new VaultWebhookKeys(tenant.VaultAt(address).Secrets, time, log);
        }
        catch (ForeignHostException e)
        {
            throw new TenantSettingException(VaultSetting, $"must be the address of a vault: {e.Message}");
        }
    }
}

/// <summary>Keys that never change.</summary>
internal sealed class FixedWebhookKeys(IReadOnlyList<byte[]> keys) : IWebhookKeys
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<byte[]>> CurrentAsync(bool afresh, CancellationToken cancellationToken) => Task.FromResult(keys);
}

/// <summary>
/// Keys from a vault: the newest two versions of secret <c>hr-webhook-key</c> that are enabled, begun and not expired, so that a key can be
/// rotated while HR still signs with the old one. Remembered for five minutes. Key Vault Secrets User on that secret.
/// </summary>
internal sealed partial class VaultWebhookKeys(SecretClient secrets, TimeProvider time, ILogger<VaultWebhookKeys> log)
    : IWebhookKeys,
        IDisposable
{
    /// <summary>Name of the secret.</summary>
    public const string Secret = "hr-webhook-key";

    /// <summary>So long keys are remembered.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromMinutes(5);

    /// <summary>
    /// So often, at most, the vault is asked because of a signature nobody knows or a read that failed: forgers must not choose how often.
    /// </summary>
    public static readonly TimeSpan MinReadInterval = TimeSpan.FromSeconds(30);

    /// <summary>So long one read of the vault may take; longer counts as not read.</summary>
    public static readonly TimeSpan ReadWithin = TimeSpan.FromSeconds(30);

    private const int MaxKeys = 2;

    private readonly SemaphoreSlim _oneAtATime = new(1);
    private IReadOnlyList<byte[]> _keys = [];
    private DateTimeOffset _readAt = DateTimeOffset.MinValue;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<byte[]>> CurrentAsync(bool afresh, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            var age = time.GetUtcNow() - _readAt;
            if (age < (afresh || _keys.Count == 0 ? MinReadInterval : Remembered))
                return _keys;
            _readAt = time.GetUtcNow();
            // The keys are everybody's: a sender who hangs up must not break off the read, or the holder of a disabled key could keep it
            // remembered by doing so.
            using var late = new CancellationTokenSource(ReadWithin, time);
            _keys = await ReadAsync(late.Token);
            return _keys;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _oneAtATime.Dispose();

    private async Task<IReadOnlyList<byte[]>> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var now = time.GetUtcNow();
            var versions = new List<SecretProperties>();
            await foreach (var version in secrets.GetPropertiesOfSecretVersionsAsync(Secret, cancellationToken))
                if (version.Enabled == true && !(version.NotBefore > now) && !(version.ExpiresOn <= now))
                    versions.Add(version);
            var keys = new List<byte[]>();
            foreach (
                var version in versions.OrderByDescending(v => v.CreatedOn).ThenBy(v => v.Version, StringComparer.Ordinal).Take(MaxKeys)
            )
            {
                var key = Encoding.UTF8.GetBytes(
                    (await secrets.GetSecretAsync(Secret, version.Version, cancellationToken: cancellationToken)).Value.Value
                );
                if (key.Length >= WebhookSignature.LeastKeyBytes)
                    keys.Add(key);
                else
                    TooShort(Secret, version.Version, WebhookSignature.LeastKeyBytes);
            }
            if (keys.Count == 0)
                NoKey(Secret, "it has no version that is enabled, begun, not expired and long enough");
            return keys;
        }
        // Whatever went wrong, no answer of the vault is no key.
        catch (Exception e)
            when (e
                    is RequestFailedException
                        or AuthenticationFailedException
                        or AggregateException
                        or HttpRequestException
                        or IOException
                        or OperationCanceledException
                        or System.Text.Json.JsonException
            )
        {
            NoKey(Secret, ReadFailure.From(e, DeclaredCall.WebhookKey, null, null).Reason);
            return [];
        }
    }

    [LoggerMessage(5310, LogLevel.Error, "Secret {Secret}: no key to check HR's signatures with, so every request is refused: {Reason}")]
    private partial void NoKey(string secret, string reason);

    [LoggerMessage(5311, LogLevel.Error, "Secret {Secret}, version {Version} is shorter than {Bytes} bytes and is not used")]
    private partial void TooShort(string secret, string version, int bytes);
}
