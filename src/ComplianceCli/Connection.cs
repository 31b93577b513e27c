using System.Text.Json;
using System.Text.Json.Serialization;

namespace ComplianceCli;

/// <summary>How to reach an app: written by the launcher on a laptop, or made from options.</summary>
/// <param name="App">The app's address.</param>
/// <param name="HrKey">The key HR events are signed with; null where this command line sends none.</param>
/// <param name="EvidenceStorage">Connection string of the evidence account; null when it is not to be read.</param>
/// <param name="ApproverAudience">Client id of the app's registration, whose roles callers hold; null when not known.</param>
/// <param name="TenantSettings">Settings of the tenant, for a fresh read; empty where there are none.</param>
/// <param name="StateStorage">Connection string of the state account; null when it is not to be read.</param>
internal sealed record Connection(
    string App,
    string? HrKey,
    string? EvidenceStorage,
    string? ApproverAudience,
    IReadOnlyDictionary<string, string> TenantSettings,
    string? StateStorage = null
)
{
    /// <summary>Environment variable with the path of the file.</summary>
    public const string Variable = "COMPLIANCE_CONNECTION";

    /// <summary>The app's address. A token goes there, so that it is encrypted on its way or stays on this machine.</summary>
    /// <exception cref="CliException">It is none.</exception>
    [JsonIgnore]
    public Uri Address =>
        Uri.TryCreate(App, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
            ? address
            : throw new CliException($"the app's address (--app) must be one such as https://APP.azurewebsites.net, not '{App}'")
            {
                IsUsage = true,
            };

    /// <summary>A text that an HTTP header can carry. What is wrong with it is not shown: it is a secret.</summary>
    /// <param name="secret">The text.</param>
    /// <param name="name">What it is, for people.</param>
    /// <exception cref="CliException">No header can carry it.</exception>
    public static string Sendable(string secret, string name) =>
        secret?.Length > 0 && secret.All(c => c is > ' ' and <= '~')
            ? secret
            : throw new CliException($"{name} must be ASCII letters, digits and signs, without spaces or line breaks") { IsUsage = true };

    /// <summary>Reads the connection: options first, then the file that is named, then the one of a running <c>./scripts/run</c>.</summary>
    /// <exception cref="CliException">There is none, or it cannot be read.</exception>
    public static Connection From(string? app, Guid? clientId, FileInfo? file)
    {
        if (app is not null)
            return new Connection(app.TrimEnd('/'), null, null, clientId?.ToString("D"), new Dictionary<string, string>());
        var path = PathOf(file);
        try
        {
            var read =
                JsonSerializer.Deserialize<Connection>(File.ReadAllBytes(path), JsonSerializerOptions.Web)
                ?? throw new JsonException("it is null");
            return clientId is null ? read : read with { ApproverAudience = clientId.Value.ToString("D") };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{path} cannot be read: start the app with ./scripts/run, or name one with --app and --client-id", e);
        }
        catch (JsonException e)
        {
            throw new CliException($"{path} is not what the launcher writes: {e.Message}", e);
        }
    }

    /// <summary>
    /// The file of the connection: the one that is named, or that of a running <c>./scripts/run</c>. It need not be there.
    /// </summary>
    public static string PathOf(FileInfo? file) =>
        file?.FullName
        ?? Environment.GetEnvironmentVariable(Variable)
        ?? Path.Combine(Directory.GetCurrentDirectory(), ".local", "run", "connection.json");
}
