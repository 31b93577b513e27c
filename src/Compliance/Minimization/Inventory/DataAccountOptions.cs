using Azure.Storage.Blobs;
using Compliance.Storage;
using Microsoft.Extensions.Configuration;

namespace Compliance.Minimization.Inventory;

/// <summary>
/// Accounts whose data is in an emulator on this machine. In Azure there are none: an account is opened at its own address with the app's
/// identity.
/// </summary>
internal sealed class DataAccountOptions
{
    /// <summary>The section: an entry is an account's name with the emulator's connection string.</summary>
    public const string Section = "Minimization:Accounts";

    private readonly Dictionary<string, string> _connections = new(StringComparer.OrdinalIgnoreCase);

    private DataAccountOptions() { }

    /// <summary>The connection string of an account; null where the account has none. A secret.</summary>
    public string? ConnectionOf(string account) => _connections.GetValueOrDefault(account);

    /// <summary>Reads and checks the settings.</summary>
    /// <exception cref="StateSettingException">One cannot be used; its value is never in the text.</exception>
    public static DataAccountOptions Read(IConfiguration configuration)
    {
        var options = new DataAccountOptions();
        foreach (var entry in configuration.GetSection(Section).GetChildren())
        {
            var key = $"{Section}:{entry.Key}";
            if (entry.Key.Length is < 3 or > 24 || !entry.Key.All(char.IsAsciiLetterOrDigit))
                throw new StateSettingException(key, "names no storage account: a name has 3 to 24 letters and digits");
            options._connections[entry.Key] = Checked(key, entry.Value);
        }
        return options;
    }

    private static string Checked(string key, string? value)
    {
        BlobServiceClient? client = null;
        try
        {
            client = new BlobServiceClient(value);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            // The parser's own text may quote the key: it is not passed on.
        }
        if (client is null || !client.CanGenerateAccountSasUri)
            throw new StateSettingException(key, "is not a storage connection string with AccountName, AccountKey and BlobEndpoint");
        return client.Uri.IsLoopback
            ? value!
            : throw new StateSettingException(
                key,
                $"leads to {client.Uri.Host}: it is for an emulator on this machine (127.0.0.1 or localhost); in Azure the app opens "
                    + "accounts with its own identity, so leave the setting out"
            );
    }
}
