using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Compliance.Text;

/// <summary>The JSON Canonicalization Scheme of RFC 8785: one value has one text, so that its hash can be checked by anybody.</summary>
public static class CanonicalJson
{
    private static readonly JsonSerializerOptions Shape = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new StrictText(), new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>The canonical UTF-8 bytes of a value. Names are camel case, nulls are left out.</summary>
    /// <exception cref="ArgumentException">As of <see cref="Serialize(JsonNode?)"/>.</exception>
    public static byte[] Serialize<T>(T value) => Serialize(value as JsonNode ?? JsonSerializer.SerializeToNode(value, Shape));

    /// <summary>The canonical UTF-8 bytes of parsed JSON.</summary>
    /// <exception cref="ArgumentException">It holds a number that IEEE 754 double precision has not (RFC 8785 section 3.1), or text with a
    /// lone surrogate.</exception>
    public static byte[] Serialize(JsonNode? node)
    {
        var text = new StringBuilder();
        Write(text, node);
        try
        {
            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetBytes(text.ToString());
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException("a text holds a lone surrogate, which has no UTF-8 form", nameof(node), e);
        }
    }

    /// <summary>SHA-256 over the canonical bytes, lower-case hex.</summary>
    public static string Sha256Of<T>(T value) => Convert.ToHexStringLower(SHA256.HashData(Serialize(value)));

    private static void Write(StringBuilder text, JsonNode? node)
    {
        switch (node)
        {
            case null:
                text.Append("null");
                break;
            case JsonObject members:
                text.Append('{');
                var first = true;
                // By UTF-16 code units, as section 3.2.3 asks.
                foreach (var (name, value) in Members(members))
                {
                    if (!first)
                        text.Append(',');
                    first = false;
                    Quote(text, name);
                    text.Append(':');
                    Write(text, value);
                }
                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                for (var i = 0; i < items.Count; i++)
                {
                    if (i > 0)
                        text.Append(',');
                    Write(text, items[i]);
                }
                text.Append(']');
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                Quote(text, Text(value));
                break;
            case JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False:
                text.Append(value.GetValueKind() == JsonValueKind.True ? "true" : "false");
                break;
            default:
                text.Append(Number(node.ToJsonString()));
                break;
        }
    }

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Members(JsonObject members)
    {
        try
        {
            return [.. members.OrderBy(m => m.Key, StringComparer.Ordinal)];
        }
        catch (InvalidOperationException e)
        {
            throw new ArgumentException("a name holds a lone surrogate, which has no UTF-8 form", nameof(members), e);
        }
    }

    // A value that was not parsed may be a date, a GUID or bytes: its text is the serializer's.
    private static string Text(JsonValue value)
    {
        try
        {
            if (value.TryGetValue<string>(out var text))
                return text;
            return value.TryGetValue<char>(out var one) ? one.ToString() : JsonSerializer.Deserialize<string>(value.ToJsonString())!;
        }
        catch (InvalidOperationException e)
        {
            throw new ArgumentException("a text holds a lone surrogate, which has no UTF-8 form", nameof(value), e);
        }
    }

    /// <summary>The serializer would write U+FFFD in the place of a lone surrogate, and two texts would have one form.</summary>
    private sealed class StrictText : JsonConverter<string>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString();

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options)
        {
            Check(value);
            writer.WriteStringValue(value);
        }

        public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options)
        {
            Check(value);
            writer.WritePropertyName(value);
        }

        private static void Check(string value)
        {
            for (var i = 0; i < value.Length; i++)
                if (
                    char.IsSurrogate(value[i])
                    && !(char.IsHighSurrogate(value[i]) && i + 1 < value.Length && char.IsLowSurrogate(value[++i]))
                )
                    throw new ArgumentException("a text holds a lone surrogate, which has no UTF-8 form", nameof(value));
        }
    }

    // ECMAScript's Number::toString: digits as they are between 1e-6 and 1e21, else with an exponent.
    private static string Number(string json)
    {
        var value = double.Parse(json, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!double.IsFinite(value))
            throw new ArgumentException($"the number {json} is beyond IEEE 754 double precision", nameof(json));
        if (value == 0)
            return "0";
        var roundTrip = value.ToString("R", CultureInfo.InvariantCulture);
        var sign = roundTrip[0] == '-' ? "-" : "";
        var unsigned = roundTrip.TrimStart('-');
        var at = unsigned.IndexOf('E', StringComparison.Ordinal);
        var mantissa = at < 0 ? unsigned : unsigned[..at];
        var exponent = at < 0 ? 0 : int.Parse(unsigned.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? mantissa : mantissa[..point];
        var digits = whole + (point < 0 ? "" : mantissa[(point + 1)..]);
        // value = 0.digits * 10^n
        var n = whole.Length + exponent;
        var leading = digits.Length - digits.TrimStart('0').Length;
        digits = digits[leading..].TrimEnd('0');
        n -= leading;
        var k = digits.Length;
        if (k <= n && n <= 21)
            return sign + digits + new string('0', n - k);
        if (n is > 0 and <= 21)
            return $"{sign}{digits[..n]}.{digits[n..]}";
        if (n is > -6 and <= 0)
            return $"{sign}0.{new string('0', -n)}{digits}";
        var e = string.Create(CultureInfo.InvariantCulture, $"e{(n - 1 < 0 ? "-" : "+")}{Math.Abs(n - 1)}");
        return k == 1 ? sign + digits + e : $"{sign}{digits[..1]}.{digits[1..]}{e}";
    }

    private static void Quote(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\b' => text.Append("\\b"),
                '\t' => text.Append("\\t"),
                '\n' => text.Append("\\n"),
                '\f' => text.Append("\\f"),
                '\r' => text.Append("\\r"),
                < ' ' => text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
                _ => text.Append(c),
            };
        text.Append('"');
    }
}
