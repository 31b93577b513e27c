using System.Globalization;
using System.Text;
using System.Text.Json;
using Compliance.Offboarding.Cases;
using Compliance.Policies;
using Compliance.Text;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using NJsonSchema.Validation;

namespace Compliance.Offboarding.Intake;

/// <summary>
/// Reads HR events: CloudEvents 1.0 in structured JSON. Sample:
/// <c>{"specversion":"1.0","id":"7","source":"/hr","type":"hr.employee.terminated","time":"2026-11-20T08:00:00Z",
/// "data":{"employeeId":"4711","employment":"1",
/// "sequence":1,"leaves":{"local":"2026-11-30T17:00:00","timeZone":"Europe/Berlin"}}}</c>.
/// </summary>
internal static class HrEventReader
{
    /// <summary>Largest event that is read, in bytes.</summary>
    public const int MaxBytes = JsonMessage.MaxBytes;

    /// <summary>The longest an event or a leaving may lie ahead.</summary>
    public static readonly TimeSpan MaxAhead = TimeSpan.FromDays(2 * 366);

    /// <summary>The longest an event or a leaving may lie back.</summary>
    public static readonly TimeSpan MaxBack = TimeSpan.FromDays(366);

    private const int MaxProblems = 20;

    private static readonly PolicySchema Schema = PolicySchema.Embedded("hr-event.schema.json");

    private static readonly Dictionary<string, HrEventKind> Kinds = new(StringComparer.Ordinal)
    {
        ["hr.employee.terminated"] = HrEventKind.Terminated,
        ["hr.employee.termination.rescheduled"] = HrEventKind.Rescheduled,
        ["hr.employee.termination.cancelled"] = HrEventKind.Cancelled,
        ["hr.employee.rehired"] = HrEventKind.Rehired,
    };

    /// <summary>Reads an event.</summary>
    /// <param name="utf8">The event as received.</param>
    /// <param name="now">The clock's time, by which a leaving is too far away.</param>
    /// <exception cref="HrEventException">It cannot be taken in; every problem found is listed.</exception>
    public static HrEvent Read(ReadOnlyMemory<byte> utf8, DateTimeOffset now)
    {
        var unread = HrEventKeys.OfUnread(utf8.Span);
        var root = Refusing(() => JsonMessage.Parse(utf8, "the event"), unread);
        if (CloudEventEnvelope.IsEventGridSchema(root))
            throw new HrEventException([CloudEventEnvelope.EventGridSchemaRefused], unread);

        var problems = new List<string>();
        UnfitText(root, "", problems);
        if (problems.Count > 0)
            throw new HrEventException(Listed(problems), unread);
        var token = Token(utf8);
        if (token is null)
            throw new HrEventException(["the event holds a number with too many digits"], unread);
        foreach (var error in Schema.Schema.Validate(token))
            Report(error, problems);
        var key =
            Text(root, "source") is { Length: > 0 } source && Text(root, "id") is { Length: > 0 } id
                ? HrEventKeys.Create(source, id)
                : unread;
        // What a schema cannot say is judged only where the schema is content: elsewhere the values may not be there.
        return problems.Count == 0 && Interpret(root, now, problems) is { } read ? read : throw new HrEventException(Listed(problems), key);
    }

    /// <summary>Reads the text of a queue message: the event as it is, or in Base64.</summary>
    /// <inheritdoc cref="Read(ReadOnlyMemory{byte}, DateTimeOffset)" path="/exception"/>
    public static HrEvent Read(string text, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Read(Refusing(() => JsonMessage.FromQueue(text), HrEventKeys.OfUnread(Encoding.UTF8.GetBytes(text))), now);
    }

    private static T Refusing<T>(Func<T> read, string unread)
    {
        try
        {
            return read();
        }
        catch (JsonMessageException e)
        {
            throw new HrEventException([e.Message], unread, e.TooLarge);
        }
    }

    private static HrEvent? Interpret(JsonElement root, DateTimeOffset now, List<string> problems)
    {
        var data = root.GetProperty("data");
        var kind = Kinds[Text(root, "type")!];
        var time = Time(Text(root, "time")!);
        if (time is null)
            problems.Add("time: no such date or time");
        else
            CheckDistance("time", time.Value - now, problems);
        var forCause = data.TryGetProperty("forCause", out var cause) && cause.GetBoolean();
        var ends = kind is HrEventKind.Terminated or HrEventKind.Rescheduled;
        Leaving? leaves = null;
        if (data.TryGetProperty("leaves", out var given))
        {
            if (ends)
                leaves = Leaves(given, now, problems);
            else
                problems.Add($"data.leaves: not allowed with {Text(root, "type")}, which states that no employment ends");
        }
        else if (kind == HrEventKind.Rescheduled || (ends && !forCause))
        {
            problems.Add(
                $"data.leaves: missing; {Text(root, "type")} needs it{(kind == HrEventKind.Terminated ? " unless forCause is true" : "")}"
            );
        }
        if (forCause && !ends)
            problems.Add($"data.forCause: true is not allowed with {Text(root, "type")}, which states that no employment ends");
        return problems.Count > 0
            ? null
            : new(
                Text(root, "source")!,
                Text(root, "id")!,
                kind,
                time!.Value,
                Text(data, "employeeId")!,
                Text(data, "employment")!,
                data.GetProperty("sequence").GetInt64(),
                leaves,
                forCause,
                Text(data, "userPrincipalName"),
                Text(data, "mail")
            );
    }

    private static Leaving? Leaves(JsonElement given, DateTimeOffset now, List<string> problems)
    {
        var zone = LeavingTime.Zone(Text(given, "timeZone")!);
        if (zone is null)
            problems.Add("data.leaves.timeZone: no such time zone in the IANA database of this machine");
        if (
            !DateTime.TryParseExact(
                Text(given, "local"),
                "yyyy-MM-dd'T'HH:mm:ss",
                CultureInfo.InvariantCulture,
                DateTimeStyles.None,
                out var local
            )
        )
        {
            problems.Add("data.leaves.local: no such date or time");
            return null;
        }
        return CheckDistance("data.leaves.local", local - now.UtcDateTime, problems) && zone is not null
            ? new(local, Text(given, "timeZone")!)
            : null;
    }

    private static bool CheckDistance(string path, TimeSpan away, List<string> problems)
    {
        if (away <= MaxAhead && away >= -MaxBack)
            return true;
        problems.Add($"{path}: more than {(away > MaxAhead ? "2 years ahead" : "1 year back")}");
        return false;
    }

    // RFC 3339; of a fraction finer than this clock's the rest is dropped.
    private static DateTimeOffset? Time(string text)
    {
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var zone = text.LastIndexOfAny(['Z', 'z', '+', '-']);
        var fit = point >= 0 && zone - point > 8 ? string.Concat(text.AsSpan(0, point + 8), text.AsSpan(zone)) : text;
        return DateTimeOffset.TryParseExact(
            fit.ToUpperInvariant(),
            "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out var time
        )
            ? time.ToUniversalTime()
            : null;
    }

    private static string? Text(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // Newtonsoft would make dates of texts that look like one.
    private static JObject? Token(ReadOnlyMemory<byte> utf8)
    {
        using var reader = new JsonTextReader(new StringReader(Encoding.UTF8.GetString(utf8.Span)))
        {
            DateParseHandling = DateParseHandling.None,
            MaxDepth = JsonMessage.MaxDepth + 1,
        };
        try
        {
            var token = JObject.Load(reader);
            // A whole number beyond 64 bits is one that the validator cannot compare with a limit.
            return token.Descendants().Any(t => t is JValue { Value: System.Numerics.BigInteger }) ? null : token;
        }
        catch (Exception e) when (e is Newtonsoft.Json.JsonException or OverflowException)
        {
            return null;
        }
    }

    private static void Report(ValidationError error, List<string> problems)
    {
        if (error is ChildSchemaValidationError { Errors.Count: > 0 } child)
        {
            foreach (var inner in child.Errors.SelectMany(e => e.Value))
                Report(inner, problems);
            return;
        }
        var path = error.Path is { } p && p.StartsWith("#/", StringComparison.Ordinal) ? p[2..] : "the event";
        var schema = error.Schema.ActualSchema;
        var allowed = schema.ExtensionData?.TryGetValue(PolicySchema.AllowedKeyword, out var words) == true ? $"allowed: {words}" : null;
        problems.Add(
            error.Kind switch
            {
                ValidationErrorKind.PropertyRequired => $"{path}: missing",
                // The name is the sender's own and is not repeated.
                ValidationErrorKind.NoAdditionalPropertiesAllowed =>
                    $"{Parent(path)}: has an unknown key; known keys: {string.Join(", ", schema.Properties.Keys)}",
                ValidationErrorKind.NotInEnumeration => $"{path}: allowed: {string.Join(", ", schema.Enumeration)}",
                ValidationErrorKind.ObjectExpected => $"{path}: must be an object",
                ValidationErrorKind.StringExpected when allowed is null => $"{path}: must be text",
                _ => $"{path}: {allowed ?? $"breaks the rule {error.Kind} of the schema"}",
            }
        );
    }

    private static string Parent(string path) => path.LastIndexOf('.') is >= 0 and var dot ? path[..dot] : "the event";

    private static void UnfitText(JsonElement value, string path, List<string> problems)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in value.EnumerateObject())
                    if (!IsFit(() => property.Name))
                        problems.Add(
                            $"{(path.Length == 0 ? "the event" : path)}: a key holds control or invisible formatting characters, or half "
                                + "a surrogate pair"
                        );
                    else
                        UnfitText(property.Value, YamlPolicyReader.Join(path, Shortened(property.Name)), problems);
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                    UnfitText(item, $"{path}[]", problems);
                break;
            case JsonValueKind.String when !IsFit(value.GetString!):
                problems.Add($"{path}: holds control or invisible formatting characters, or half a surrogate pair");
                break;
        }
    }

    private static string Shortened(string name) => name.Length <= 40 ? name : string.Concat(name.AsSpan(0, 39), "…");

    // They can make a log line or a certificate read other than it is.
    private static bool IsFit(Func<string> read)
    {
        try
        {
            return !read().EnumerateRunes().Any(Plain.IsHidden);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static List<string> Listed(List<string> problems)
    {
        var once = problems.Distinct(StringComparer.Ordinal).ToList();
        return once.Count <= MaxProblems ? once : [.. once[..MaxProblems], $"and {once.Count - MaxProblems} more"];
    }
}
