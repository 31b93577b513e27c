using System.CommandLine;

namespace ComplianceCli;

/// <summary>The options that name the app, and what is printed: every command takes them.</summary>
internal sealed class AppOptions
{
    private readonly Option<string?> _app = new("--app")
    {
        Description = "Address of the app; without it the one that ./scripts/run started",
        HelpName = "URL",
        Recursive = true,
    };

    private readonly Option<string?> _key = new("--key")
    {
        Description = "A function key of the app",
        HelpName = "KEY",
        Recursive = true,
    };

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
    public IReadOnlyList<Option> All => [_app, _key, Connection, Json];

    /// <summary>The app that the options name.</summary>
    public Connection Connect(ParseResult parsed) =>
        ComplianceCli.Connection.From(parsed.GetValue(_app), parsed.GetValue(_key), parsed.GetValue(Connection));
}
