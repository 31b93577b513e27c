using Microsoft.Extensions.Configuration;

namespace Compliance.Storage;

/// <summary>Where state and evidence are kept, from the same settings the Functions host reads for its own storage.</summary>
/// <param name="State">The state account: setting <see cref="StateKey"/>.</param>
/// <param name="Evidence">The evidence account, another one, whose ledger nobody may change: setting <see cref="EvidenceKey"/>.</param>
internal sealed record StorageOptions(StorageAccount State, StorageAccount Evidence)
{
    /// <summary>Setting of the state account.</summary>
    public const string StateKey = "AzureWebJobsStorage";

    /// <summary>Setting of the evidence account.</summary>
    public const string EvidenceKey = "EvidenceStorage";

    /// <summary>Reads and checks the settings.</summary>
    /// <exception cref="StateSettingException">One is missing or cannot be used, or both name one account.</exception>
    public static StorageOptions Read(IConfiguration configuration)
    {
        var state = StorageAccount.Read(
            configuration,
            StateKey,
            [StorageAccount.BlobUri, StorageAccount.QueueUri, StorageAccount.TableUri],
            identityOf: null
        );
        var evidence = StorageAccount.Read(configuration, EvidenceKey, [StorageAccount.BlobUri], identityOf: StateKey);
        return state.BlobEndpoint == evidence.BlobEndpoint
            ? throw new StateSettingException(
                EvidenceKey,
                $"names the account of {StateKey}: evidence needs an account of its own, so that its ledger can be made immutable"
            )
            : new(state, evidence);
    }
}

/// <summary>One storage account: by connection string (Azurite), or by addresses and an identity (Azure).</summary>
internal sealed record StorageAccount
{
    /// <summary>Suffix of the blob service's address.</summary>
    public const string BlobUri = "blobServiceUri";

    /// <summary>Suffix of the queue service's address.</summary>
    public const string QueueUri = "queueServiceUri";

    /// <summary>Suffix of the table service's address.</summary>
    public const string TableUri = "tableServiceUri";

    /// <summary>The setting it was read from.</summary>
    public required string Key { get; init; }

    /// <summary>The connection string; null with an identity. A secret: <see cref="ToString"/> leaves it out.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Addresses by suffix; empty with a connection string.</summary>
    public IReadOnlyDictionary<string, Uri> Addresses { get; init; } = new Dictionary<string, Uri>();

    /// <summary>True for a managed identity, false for whoever is signed in with <c>az login</c>.</summary>
    public bool ManagedIdentity { get; init; }

    /// <summary>Client id of a user-assigned identity; null for the system-assigned one.</summary>
    public string? ClientId { get; init; }

    /// <summary>Address of the blob service.</summary>
    public required Uri BlobEndpoint { get; init; }

    /// <summary>Key and address, nothing secret.</summary>
    public override string ToString() => $"{Key} ({BlobEndpoint.Host})";

    /// <summary>Reads one account's settings.</summary>
    /// <param name="configuration">The app's settings.</param>
    /// <param name="key">Name of the setting, and prefix of the identity form.</param>
    /// <param name="services">The address suffixes that must be there in the identity form.</param>
    /// <param name="identityOf">The setting whose identity serves this account too when it names none; null when there is none.</param>
    public static StorageAccount Read(IConfiguration configuration, string key, IReadOnlyList<string> services, string? identityOf)
    {
        if (configuration[key] is { } connection && !string.IsNullOrWhiteSpace(connection))
            return new()
            {
                Key = key,
                ConnectionString = connection,
                BlobEndpoint = EndpointOf(key, connection),
            };

        var given = services.Where(s => Value(configuration, key, s) is not null).ToList();
        if (given.Count == 0)
            throw new StateSettingException(
                key,
                $"is missing: give a connection string, or with an identity {string.Join(", ", services.Select(s => $"{key}__{s}"))}"
            );
        var addresses = services.ToDictionary(s => s, s => Address($"{key}__{s}", Value(configuration, key, s)));

        var identity =
            identityOf is not null && Value(configuration, key, "credential") is null && Value(configuration, key, "clientId") is null
                ? identityOf
                : key;
        var credential = Value(configuration, identity, "credential");
        if (credential is not null && !credential.Equals("managedidentity", StringComparison.OrdinalIgnoreCase))
            throw new StateSettingException(
                $"{identity}__credential",
                $"is '{credential}': it may be 'managedidentity', or left out for the sign-in of the Azure CLI"
            );
        return new()
        {
            Key = key,
            Addresses = addresses,
            BlobEndpoint = addresses[BlobUri],
            ManagedIdentity = credential is not null,
            ClientId = Value(configuration, identity, "clientId"),
        };
    }

    // An environment variable's "__" becomes ":" on the way; a settings file may bring either.
    private static string? Value(IConfiguration configuration, string key, string suffix)
    {
        var value = configuration[$"{key}:{suffix}"] ?? configuration[$"{key}__{suffix}"];
        return string.IsNullOrWhiteSpace(value) ? null : value;
    }

    private static Uri Address(string key, string? value)
    {
        if (value is null)
            throw new StateSettingException(key, "is missing: the others of its kind are there");
        // The token goes to this address: in clear only to this machine.
        return
            Uri.TryCreate(value, UriKind.Absolute, out var uri)
            && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
            && uri.Query.Length == 0
            ? uri
            : throw new StateSettingException(key, "is not an https:// address without a query (http:// is taken for loopback only)");
    }

    private static Uri EndpointOf(string key, string connection)
    {
        try
        {
            return new Azure.Storage.Blobs.BlobServiceClient(connection).Uri;
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            // The parser's own text may quote the key: it is not passed on.
            throw new StateSettingException(
                key,
                "is not a storage connection string (AccountName, AccountKey and endpoints; or UseDevelopmentStorage=true)"
            );
        }
    }
}
