using System.Text.Json;

namespace Local;

/// <summary>The first line that the app's host prints: the address that it has bound.</summary>
internal static class HostAddress
{
    /// <summary>Reads a line such as <c>{"address":"http://127.0.0.1:7071"}</c>.</summary>
    /// <exception cref="LaunchException">It is something else, or not an address of this machine.</exception>
    public static Uri Parse(string line) =>
        TryParse(line)
        ?? throw new LaunchException(
            "the host's first line is not the address that the launcher expects: build again, both come from one checkout"
        );

    /// <summary>The address in a line; null when it is another line.</summary>
    public static Uri? TryParse(string line)
    {
        if (!line.StartsWith("{\"address\"", StringComparison.Ordinal))
            return null;
        try
        {
            using var json = JsonDocument.Parse(line);
            return
                json.RootElement.GetProperty("address") is { ValueKind: JsonValueKind.String } text
                && Uri.TryCreate(text.GetString(), UriKind.Absolute, out var address)
                && address is { Scheme: "http", IsLoopback: true, PathAndQuery: "/" }
                ? address
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
