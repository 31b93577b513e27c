using System.Text.Encodings.Web;
using System.Text.Json;

namespace Compliance.Findings;

/// <summary>The one way this product writes and reads its own JSON documents.</summary>
public static class ComplianceJson
{
    /// <summary>Camel case, indented, nulls written: for reports people read.</summary>
    public static JsonSerializerOptions Readable { get; } = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Camel case, one line: for state and messages.</summary>
    public static JsonSerializerOptions Compact { get; } = new(JsonSerializerDefaults.Web);
}
