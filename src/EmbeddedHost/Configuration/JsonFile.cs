using System.Text.Json;
using EmbeddedHost.Hosting;

namespace EmbeddedHost.Configuration;

/// <summary>Reads a JSON file as the real host does: comments and trailing commas are fine, a key given twice is not.</summary>
internal static class JsonFile
{
    private static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
    };

    /// <exception cref="StartupException">The text is not a JSON object.</exception>
    public static JsonDocument Parse(string text, string file)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text, Lenient);
        }
        catch (JsonException e)
        {
            throw new StartupException($"{file}: line {e.LineNumber + 1}: not valid JSON: {e.Message}", e);
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
            return document;
        document.Dispose();
        throw new StartupException($"{file}: $: must be a JSON object");
    }
}
