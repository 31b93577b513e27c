using System.CommandLine;
using ComplianceCli.Azure;

namespace ComplianceCli;

/// <summary>The options that name the app and who calls it, and what is printed: every command takes them.</summary>
/// <param name="outside">What signs in.</param>
internal sealed class AppOptions(AzureOutside outside)
{
    private readonly Option<string?> _app = new("--app")
    {
        Description = "Address of the app; without it the one that ./scripts/run started",
        HelpName = "URL",
        Recursive = true,
    };

    private readonly Option<Guid?> _clientId = new("--client-id")
    {
        Description = "Client id of the app's registration, for which the Azure CLI's sign-in (az login) gives your token",
        HelpName = "ID",
        Recursive = true,
        CustomParser = result =>
        {
            if (Guid.TryParseExact(result.Tokens[0].Value, "D", out var id))
                return id;
            result.AddError("--client-id takes the client id of an app registration (a GUID)");
            return null;
        },
    };

    private readonly Option<string?> _as = new("--as")
    {
        Description = "Who calls, on the sandbox tenant of ./scripts/run; without it the first person who holds the role",
        HelpName = "NAME",
        Recursive = true,
    };

    private readonly Option<string?> _key = Removed();

    /// <summary>The file that names the local app.</summary>
    public Option<FileInfo?> Connection { get; } =
        new("--connection")
        {
            Description = "The file that ./scripts/run wrote",
            HelpName = "FILE",
            Recursive = true,
        };

    /// <summary>Asks for JSON.</summary>
    public Option<bool> Json { get; } = new("--json") { Description = "Print JSON", Recursive = true };

    /// <summary>All of them, in the order of the help.</summary>
    public IReadOnlyList<Option> All => [_app, _clientId, _as, Connection, Json, _key];

    /// <summary>The app that the options name.</summary>
    public Connection Connect(ParseResult parsed) =>
        ComplianceCli.Connection.From(parsed.GetValue(_app), parsed.GetValue(_clientId), parsed.GetValue(Connection));

    /// <summary>A client of that app, as the caller that the options name.</summary>
    public AppClient Open(ParseResult parsed, Connection connection) =>
        new(
            connection,
            new AppSignIn(connection, parsed.GetValue(_as), outside.Variable(AppSignIn.Variable), outside.Credential)
        );

    // Of an earlier version.
    private static Option<string?> Removed()
    {
        var key = new Option<string?>("--key") { Hidden = true, Recursive = true };
        key.Validators.Add(result =>
            result.AddError(
                "--key was removed, since function keys open nothing of the app: name its registration with --client-id, and sign in with "
                    + "az login"
            )
        );
        return key;
    }
}
