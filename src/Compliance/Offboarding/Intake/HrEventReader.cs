using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure.Messaging;
using Compliance.Policies;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using NJsonSchema.Validation;
using JsonException = System.Text.Json.JsonException;

namespace Compliance.Offboarding.Intake;

/// <summary>
/// Reads HR events, which are CloudEvents 1.0 in structured JSON. Sample:
/// <c>{"specversion":"1.0","id":"8f1c","source":"/hr/core","type":"hr.employee.terminated","time":"2026-11-23T09:30:00Z","data":{"employeeId":"E-1024",
/// "employment":"1","sequence":3,"leaves":{"local":"2026-11-30T17:00:00","timeZone":"Europe/Berlin"}}}</c>.
/// </summary>
internal static class HrEventReader
{
    /// <summary>The longest event, in bytes: a storage queue's longest message.</summary>
    public const int LongestBytes = 64 * 1024;

    private const int MostProblems = 20;

    private static readonly Lazy<PolicySchema> Schema = new(() => PolicySchema.Embedded("hr-event.schema.json"));

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    /// <summary>Reads an event that Event Grid delivered.</summary>
    /// <inheritdoc cref="Read(ReadOnlyMemory{byte}, DateTimeOffset)" path="/exception"/>
    public static HrEvent Read(CloudEvent cloudEvent, DateTimeOffset now) => Read(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(cloudEvent), now);

    /// <summary>Reads the text of a queue message.</summary>
    /// <inheritdoc cref="Read(ReadOnlyMemory{byte}, DateTimeOffset)" path="/exception"/>
    public static HrEvent Read(string text, DateTimeOffset now) => Read(Encoding.UTF8.GetBytes(text), now);

    /// <summary>Reads an event.</summary>
    /// <param name="utf8">Its JSON.</param>
    /// <param name="now">Dates more than two years after it, or more than a year before, are refused.</param>
    /// <exception cref="HrEventException">It breaks a rule; every problem is listed.</exception>
    public static HrEvent Read(ReadOnlyMemory<byte> utf8, DateTimeOffset now)
    {
        var textKey = Convert.ToHexStringLower(SHA256.HashData(utf8.Span));
        if (utf8.Length > LongestBytes)
            throw new HrEventException(textKey, null, [$"#: it is longer than {LongestBytes / 1024} KiB"]);
        var root = Parse(utf8, textKey);
        var problems = new List<string>();
        foreach (var error in Schema.Value.Schema.Validate(root))
            Report(error, problems);
        foreach (var text in root.Descendants().OfType<JValue>().Where(v => v.Type == JTokenType.String && HasControl((string)v!)))
            problems.Add($"{PathOf(text)}: must not hold control characters");
        var @event = problems.Count == 0 ? Interpret(root, now, problems) : null;
        if (@event is not null && problems.Count == 0)
            return @event;
        var (source, id) = (Readable(root, "source"), Readable(root, "id"));
        // What is missing in something that should be an object and is not says nothing more.
        var listed = problems.Where(p => !problems.Any(q => p.StartsWith(q[..q.IndexOf(':', StringComparison.Ordinal)] + "/", StringComparison.Ordinal))).Distinct().Take(MostProblems).ToList();
        throw new HrEventException(source is null || id is null ? textKey : HrEventLog.KeyOf(source, id), id, listed);
    }

    // System.Text.Json is strict (no comments, no duplicate names, valid UTF-8); the validator needs the other library's tree.
    private static JObject Parse(ReadOnlyMemory<byte> utf8, string key)
    {
        try
        {
            using (var strict = JsonDocument.Parse(utf8, Strict))
                if (strict.RootElement.ValueKind != JsonValueKind.Object)
                    throw new HrEventException(key, null, ["#: must be a JSON object"]);
            var text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(utf8.Span);
            using var reader = new JsonTextReader(new StringReader(text)) { DateParseHandling = DateParseHandling.None, FloatParseHandling = FloatParseHandling.Decimal };
            return JObject.Load(reader);
        }
        catch (JsonException e)
        {
            // The parser's own words may repeat what it could not read.
            throw new HrEventException(key, null, [string.Create(CultureInfo.InvariantCulture, $"#: is not JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}), or names something twice")]);
        }
        catch (Exception e) when (e is DecoderFallbackException or JsonReaderException or InvalidOperationException)
        {
            throw new HrEventException(key, null, ["#: is not JSON in UTF-8, or a number in it is beyond all bounds"]);
        }
    }

    private static HrEvent? Interpret(JObject root, DateTimeOffset now, List<string> problems)
    {
        var data = (JObject)root["data"]!;
        var kind = HrEventTypes.KindOf((string)root["type"]!)!.Value;
        var ends = kind is HrEventKind.Terminated or HrEventKind.Rescheduled;
        var forCause = ends && (bool?)data["forCause"] == true;
        DateTimeOffset? time = DateTimeOffset.TryParse((string)root["time"]!, CultureInfo.InvariantCulture, DateTimeStyles.None, out var t) ? t.ToUniversalTime() : null;
        if (time is null)
            problems.Add("#/time: there is no such date or time");
        else
            CheckDistance("#/time", time.Value, now, problems);
        var leaves = ends && data["leaves"] is JObject given ? Leaves(given, now, problems) : null;
        if (ends && data["leaves"] is null && !(forCause && kind == HrEventKind.Terminated))
            problems.Add(kind == HrEventKind.Terminated ? "#/data/leaves: is missing: an employment's end that is not for cause needs a date" : "#/data/leaves: is missing: a new date is needed");
        return problems.Count > 0 ? null : new(
            (string)root["source"]!, (string)root["id"]!, kind, time!.Value, (string)data["employeeId"]!, (string)data["employment"]!, (long)data["sequence"]!,
            leaves, forCause, (string?)data["userPrincipalName"], (string?)data["mail"]);
    }

    private static Leaving? Leaves(JObject given, DateTimeOffset now, List<string> problems)
    {
        var zone = (string)given["timeZone"]!;
        var before = problems.Count;
        if (!DateTime.TryParseExact((string)given["local"]!, "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var local))
            problems.Add("#/data/leaves/local: there is no such date or time");
        else
            CheckDistance("#/data/leaves/local", new(local, TimeSpan.Zero), now, problems);
        if (!IsZone(zone))
            problems.Add("#/data/leaves/timeZone: is not a known IANA time zone");
        return problems.Count == before ? new(local, zone) : null;
    }

    private static bool IsZone(string id)
    {
        try
        {
            return DueInstant.Zone(id) is not null;
        }
        catch (Exception e) when (e is TimeZoneNotFoundException or InvalidTimeZoneException or System.Security.SecurityException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void CheckDistance(string path, DateTimeOffset date, DateTimeOffset now, List<string> problems)
    {
        if (date > now.AddYears(2))
            problems.Add($"{path}: lies more than two years ahead");
        else if (date < now.AddYears(-1))
            problems.Add($"{path}: lies more than a year back");
    }

    private static void Report(ValidationError error, List<string> problems)
    {
        if (error is ChildSchemaValidationError child && child.Errors.Count > 0)
        {
            foreach (var inner in child.Errors.SelectMany(e => e.Value))
                Report(inner, problems);
            return;
        }
        var path = $"#/{(error.Path ?? "").TrimStart('#', '/').Replace('.', '/')}".TrimEnd('/');
        var allowed = error.Schema.ActualSchema.ExtensionData?.TryGetValue(PolicySchema.AllowedKeyword, out var words) == true ? $"{words}" : null;
        problems.Add(error.Kind switch
        {
            ValidationErrorKind.PropertyRequired => $"{path}: is missing",
            // The name itself came with the event, and may be anything.
            ValidationErrorKind.NoAdditionalPropertiesAllowed => $"#/data: holds a name that is not known; known are {string.Join(", ", error.Schema.ActualSchema.Properties.Keys)}",
            _ => $"{path}: must be {allowed ?? $"as the schema says ({error.Kind})"}",
        });
    }

    private static bool HasControl(string text) => text.Any(c => char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
        || text.EnumerateRunes().Any(r => r == Rune.ReplacementChar);

    // Names outside the schema may be anything, so only those of ours are repeated.
    private static string PathOf(JValue text) => "#/" + string.Join('/', text.Path.Split('.').TakeWhile(p => p.All(c => char.IsAsciiLetterOrDigit(c))));

    private static string? Readable(JObject root, string name) =>
        root[name] is JValue { Type: JTokenType.String } value && (string)value! is { Length: > 0 and <= 512 } text && !HasControl(text) ? text : null;

}
