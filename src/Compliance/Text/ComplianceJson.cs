using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Compliance.Text;

/// <summary>
/// The one way this product writes and reads its own JSON documents. Enum values are written by name, so that reordering an enum changes no
/// stored data.
/// </summary>
public static class ComplianceJson
{
    /// <summary>Camel case, indented, nulls written: for reports people read.</summary>
    public static JsonSerializerOptions Readable { get; } =
        new(JsonSerializerDefaults.Web)
        {
            WriteIndented = true,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
        };

    /// <summary>Camel case, one line: for state and messages.</summary>
    public static JsonSerializerOptions Compact { get; } =
        new(JsonSerializerDefaults.Web)
        {
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
        };
}
