using System.Text.Json;
using LocalHost.Hosting;

namespace LocalHost.Configuration;

/// <summary>Reads a JSON file as the real host does: comments and trailing commas are fine, a key given twice is not.</summary>
internal static class JsonFile
{
    private static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
    };

    /// <summary>The file's one object.</summary>
    /// <exception cref="StartupException">The text is not a JSON object.</exception>
    public static JsonObjectReader Parse(string text, string file)
    {
        try
        {
            var root = JsonElement.Parse(text, Lenient);
            return root.ValueKind == JsonValueKind.Object
                ? new JsonObjectReader(root, "$", file)
                : throw new StartupException($"{file}: $: must be a JSON object");
        }
        catch (JsonException e)
        {
            var line = e.LineNumber is { } number ? $"line {number + 1}: " : "";
            throw new StartupException($"{file}: {line}not valid JSON: {e.Message}", e);
        }
    }
}
