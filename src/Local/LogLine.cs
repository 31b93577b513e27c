using System.Text.Json;
using Compliance.Text;

namespace Local;

/// <summary>One line a child logged: JSON as Microsoft.Extensions.Logging's console writes it, or any other text.</summary>
/// <param name="Level"><c>LogLevel</c>; null for other text.</param>
/// <param name="Category">Category; null for other text.</param>
/// <param name="Message">The message, or the line itself.</param>
internal sealed record LogLine(string? Level, string? Category, string Message)
{
    // What frameworks say at level Information is for the log file, not for somebody watching.
    private static readonly string[] Quiet =
    [
        "Microsoft.",
        "System.",
        "Azure.",
        "OpenTelemetry",
        "Polly",
        "Grpc",
        "DurableTask",
        "Host.",
        "Function.",
        "Worker",
        "LocalHost",
    ];

    // But for what the app printed by itself.
    private const string Output = "LocalHost.Worker.Output";

    /// <summary>
    /// Reads a line of the app's host such as
    /// <c>{"Timestamp":"...","EventId":1,"LogLevel":"Warning","Category":"Compliance.Runs","Message":"...","State":{},
    /// "Scopes":[{"FunctionName":"..."}]}</c>.
    /// </summary>
    public static LogLine Parse(string line)
    {
        if (line.StartsWith('{'))
            try
            {
                using var json = JsonDocument.Parse(line);
                if (Text(json.RootElement, "Message") is { } message)
                    return new LogLine(
                        Text(json.RootElement, "LogLevel"),
                        Text(json.RootElement, "Category"),
                        WithException(message, json.RootElement)
                    );
            }
            catch (JsonException)
            {
                // Not JSON after all: shown as it is.
            }
        return new LogLine(null, null, line);
    }

    /// <summary>Whether somebody watching wants to see it.</summary>
    public bool IsForPeople =>
        Level switch
        {
            "Trace" or "Debug" => false,
            "Information" => Category == Output || !Quiet.Any(prefix => Category?.StartsWith(prefix, StringComparison.Ordinal) == true),
            _ => true,
        };

    /// <summary>One short line: who, how bad when it is worse than information, what.</summary>
    public string Short(string who) =>
        Plain.Line(Level is null or "Information" ? $"{who,-8} {Message}" : $"{who,-8} {Level.ToLowerInvariant()}: {Message}");

    private static string WithException(string message, JsonElement line) =>
        Text(line, "Exception") is { Length: > 0 } exception ? $"{message}: {exception.Split('\n')[0].Trim()}" : message;

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
