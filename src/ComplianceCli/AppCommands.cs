using System.CommandLine;
using System.Text.Json;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>Makes commands that ask the app.</summary>
/// <param name="options">The options that name the app, and what is printed.</param>
/// <param name="output">For what was asked for.</param>
internal sealed class AppCommands(AppOptions options, TextWriter output)
{
    /// <summary>For what was asked for.</summary>
    public TextWriter Output => output;

    /// <summary>An argument that may not be empty.</summary>
    public static Argument<string> Named(string name, string description)
    {
        var named = new Argument<string>(name) { Description = description };
        named.Validators.Add(result =>
        {
            if (result.Tokens is [var only] && string.IsNullOrWhiteSpace(only.Value))
                result.AddError($"{name} is empty");
        });
        return named;
    }

    /// <summary>A command with its arguments and options.</summary>
    public static Command Create(string name, string description, params IEnumerable<Symbol> more)
    {
        var command = new Command(name, description);
        foreach (var symbol in more)
            if (symbol is Option option)
                command.Options.Add(option);
            else
                command.Arguments.Add((Argument)symbol);
        return command;
    }

    /// <summary>Makes a command.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it does, for its help.</param>
    /// <param name="run">Does it.</param>
    /// <param name="more">Its arguments and options.</param>
    public Command Make(
        string name,
        string description,
        Func<ParseResult, Connection, AppClient, CancellationToken, Task<int>> run,
        params Symbol[] more
    )
    {
        var command = Create(name, description, more);
        command.SetAction(
            async (parsed, token) =>
            {
                var where = options.Connect(parsed);
                using var client = options.Open(parsed, where);
                return await run(parsed, where, client, token);
            }
        );
        return command;
    }

    /// <summary>Whether JSON was asked for.</summary>
    public bool IsJson(ParseResult parsed) => parsed.GetValue(options.Json);

    /// <summary>Prints JSON.</summary>
    /// <returns>Exit code 0.</returns>
    public int Print(object value)
    {
        output.WriteLine(JsonSerializer.Serialize(value, ComplianceJson.Readable));
        return 0;
    }
}
