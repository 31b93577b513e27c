using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Compliance.Ledger.Format;
using Compliance.Storage;
using Microsoft.Extensions.Configuration;

namespace Compliance.Ledger.Checkpoints;

/// <summary>Whether a ledger that is not write-once is a finding.</summary>
internal enum WriteOnceMode
{
    /// <summary>It is a high finding.</summary>
    Required,

    /// <summary>It is said in the log, and that is all.</summary>
    Reported,
}

/// <summary>A place of the auditor's choosing that gets each checkpoint.</summary>
/// <param name="Address">A container, or where to post.</param>
/// <param name="IsContainer">True for a container, false for a webhook.</param>
internal sealed record CopyPlace(Uri Address, bool IsContainer)
{
    /// <summary>
    /// What it is called in logs and findings: path and query of a webhook may be its secret, and the query of a container is its key.
    /// </summary>
    public string Name =>
        IsContainer ? $"container {Address.GetLeftPart(UriPartial.Path)}" : $"webhook {Address.GetLeftPart(UriPartial.Authority)}";

    /// <summary>Distinguishes places over time; nothing of the address can be read from it.</summary>
    public string Id =>
        Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(IsContainer ? Address.GetLeftPart(UriPartial.Path) : Address.AbsoluteUri)).AsSpan(0, 8)
        );

    /// <summary>Name, nothing secret.</summary>
    public override string ToString() => Name;
}

/// <summary>Settings of checkpoints: section <c>Evidence</c>.</summary>
internal sealed partial record EvidenceOptions
{
    /// <summary>Setting: path of a key file, or <c>https://VAULT/keys/NAME/VERSION</c>.</summary>
    public const string SigningKeySetting = "Evidence:SigningKey";

    /// <summary>Setting: public keys that signed older checkpoints, as verifier keys, one a line or one an index.</summary>
    public const string TrustedKeysSetting = "Evidence:TrustedKeys";

    /// <summary>
    /// Setting: where checkpoints are copied to, as a JSON list or by index: <c>container</c> or <c>webhook</c> with an address each.
    /// </summary>
    public const string CopiesSetting = "Evidence:Copies";

    /// <summary>Setting: <c>required</c> or <c>reported</c>.</summary>
    public const string WriteOnceSetting = "Evidence:WriteOnce";

    /// <summary>Setting: the evidence account's Resource Manager id.</summary>
    public const string AccountSetting = "Evidence:AccountResourceId";

    private const string ContainerKind = "container";
    private const string WebhookKind = "webhook";

    /// <summary>The key in Key Vault; null when it is a file's or none.</summary>
    public Uri? VaultKey { get; init; }

    /// <summary>The key file; null when it is a vault's or none.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Public keys of before.</summary>
    public required IReadOnlyList<NoteKey> TrustedKeys { get; init; }

    /// <summary>Places that get each checkpoint.</summary>
    public required IReadOnlyList<CopyPlace> Copies { get; init; }

    /// <summary>Whether write-once is required.</summary>
    public required WriteOnceMode WriteOnce { get; init; }

    /// <summary>Resource Manager id of the evidence account; null when it is not said.</summary>
    public string? AccountResourceId { get; init; }

    /// <summary>
    /// True where the evidence is kept on this machine (Azurite): there is no immutability policy to ask for, and a missing key file may be
    /// made.
    /// </summary>
    public required bool Local { get; init; }

    /// <summary>SHA-256 over the settings that decide, lower-case hex; no secret goes in.</summary>
    public string Sha256 =>
        Convert.ToHexStringLower(
            SHA256.HashData(
                JsonSerializer.SerializeToUtf8Bytes(
                    new
                    {
                        key = VaultKey?.AbsoluteUri ?? (KeyFile is null ? "none" : "file"),
                        trusted = TrustedKeys.Select(k => k.Format()),
                        copies = Copies.Select(c => c.Id),
                        writeOnce = WriteOnce.ToString(),
                        account = AccountResourceId,
                    }
                )
            )
        );

    /// <summary>Reads and checks the settings.</summary>
    /// <param name="configuration">The app's settings.</param>
    /// <param name="evidence">The evidence account.</param>
    /// <exception cref="StateSettingException">One cannot be used.</exception>
    public static EvidenceOptions Read(IConfiguration configuration, StorageAccount evidence)
    {
        var local = evidence.ConnectionString is not null || evidence.BlobEndpoint.IsLoopback;
        var (vault, file) = Key(configuration[SigningKeySetting]);
        return new()
        {
            VaultKey = vault,
            KeyFile = file,
            TrustedKeys = Trusted(configuration),
            Copies = Places(configuration, evidence),
            WriteOnce = Mode(configuration[WriteOnceSetting], local),
            AccountResourceId = Account(configuration[AccountSetting], evidence),
            Local = local,
        };
    }

    private static (Uri? Vault, string? File) Key(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return (null, null);
        if (!text.Contains("://", StringComparison.Ordinal))
            return (null, text.Trim());
        // Without a version the vault would sign with another key one day, which is on no list of trusted keys.
        return Uri.TryCreate(text.Trim(), UriKind.Absolute, out var uri) && VaultSigningKey.IsKeyVersion(uri)
            ? (uri, null)
            : throw new StateSettingException(
                SigningKeySetting,
                "must be https://VAULT/keys/NAME/VERSION with the version (`az keyvault key show --query key.kid`), or the path of a key "
                    + "file"
            );
    }

    private static List<NoteKey> Trusted(IConfiguration configuration)
    {
        var keys = new List<NoteKey>();
        var section = configuration.GetSection(TrustedKeysSetting);
        var texts = new[] { section.Value }.Concat(section.GetChildren().Select(c => c.Value)).OfType<string>();
        foreach (var text in texts.SelectMany(t => t.Split([' ', ';', ',', '\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries)))
        {
            try
            {
                keys.Add(NoteKey.Parse(text));
            }
            catch (LedgerFormatException e)
            {
                throw new StateSettingException(TrustedKeysSetting, $"has an entry that is no verifier key: {e.Message}");
            }
        }
        return keys;
    }

    private static List<CopyPlace> Places(IConfiguration configuration, StorageAccount evidence)
    {
        var section = configuration.GetSection(CopiesSetting);
        var given = section.GetChildren().Select(c => (Container: c[ContainerKind], Webhook: c[WebhookKind])).ToList();
        if (section.Value is { } json && !string.IsNullOrWhiteSpace(json))
        {
            try
            {
                given.AddRange(
                    (JsonSerializer.Deserialize<List<Dictionary<string, string>>>(json) ?? []).Select(d =>
                        (d.GetValueOrDefault(ContainerKind), d.GetValueOrDefault(WebhookKind))
                    )
                );
            }
            catch (JsonException)
            {
                throw new StateSettingException(
                    CopiesSetting,
                    "must be a JSON list such as [{\"container\":\"https://…\"},{\"webhook\":\"https://…\"}]"
                );
            }
        }
        var places = given.Select(g => Place(g.Container, g.Webhook, evidence)).ToList();
        return places.DistinctBy(p => p.Id).Count() == places.Count
            ? places
            : throw new StateSettingException(CopiesSetting, "names one place twice");
    }

    private static CopyPlace Place(string? container, string? webhook, StorageAccount evidence)
    {
        if (string.IsNullOrWhiteSpace(container) == string.IsNullOrWhiteSpace(webhook))
            throw new StateSettingException(CopiesSetting, $"needs a '{ContainerKind}' or a '{WebhookKind}' in each entry, and not both");
        var isContainer = !string.IsNullOrWhiteSpace(container);
        // What is sent is public; that it arrives where it was meant to is not, in clear.
        if (
            !Uri.TryCreate(isContainer ? container : webhook, UriKind.Absolute, out var uri)
            || uri.UserInfo.Length > 0
            || !(uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
        )
            throw new StateSettingException(CopiesSetting, "has an address that is not https:// (http:// is taken for loopback only)");
        var place = new CopyPlace(uri, isContainer);
        if (isContainer && uri.AbsolutePath.Trim('/').Length == 0)
            throw new StateSettingException(CopiesSetting, $"names no container in {place.Name}");
        if (isContainer && uri.Query.Length == 0 && evidence.ConnectionString is not null && !InAccount(uri, evidence.BlobEndpoint))
            throw new StateSettingException(
                CopiesSetting,
                $"needs a shared access signature for {place.Name}: there is no identity to open it with"
            );
        if (
            isContainer
            && InAccount(uri, evidence.BlobEndpoint)
            && uri.AbsolutePath.TrimEnd('/').Split('/')[^1] is LedgerLayout.Container or LedgerLayout.HeadContainer
        )
            throw new StateSettingException(CopiesSetting, $"names the ledger itself: a copy has to be elsewhere");
        return place;
    }

    /// <summary>Whether a container lies in an account.</summary>
    internal static bool InAccount(Uri container, Uri account) =>
        container.Authority == account.Authority
        && container.AbsolutePath.StartsWith(account.AbsolutePath.TrimEnd('/') + "/", StringComparison.Ordinal);

    private static WriteOnceMode Mode(string? text, bool local) =>
        text?.Trim().ToLowerInvariant() switch
        {
            null or "" => local ? WriteOnceMode.Reported : WriteOnceMode.Required,
            "required" => WriteOnceMode.Required,
            "reported" => WriteOnceMode.Reported,
            _ => throw new StateSettingException(WriteOnceSetting, $"is '{text}': it may be 'required' or 'reported'"),
        };

    private static string? Account(string? text, StorageAccount evidence)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        var match = AccountId().Match(text.Trim());
        if (!match.Success)
            throw new StateSettingException(
                AccountSetting,
                "is not a storage account's id (`az storage account show --name NAME --query id`)"
            );
        // Another account's policy says nothing about this one.
        var host = evidence.BlobEndpoint.Host;
        return
            host.Contains(".blob.", StringComparison.OrdinalIgnoreCase)
            && !host.StartsWith(match.Groups[1].Value + ".", StringComparison.OrdinalIgnoreCase)
            ? throw new StateSettingException(AccountSetting, $"names account {match.Groups[1].Value}, but the evidence is kept at {host}")
            : text.Trim();
    }

    [GeneratedRegex(
        "^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/?#]+/providers/Microsoft.Storage/storageAccounts/([a-z0-9]{3,24})$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex AccountId();
}
