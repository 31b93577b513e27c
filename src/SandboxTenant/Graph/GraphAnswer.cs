using System.Globalization;
using System.Text;
using System.Text.Json;
using SandboxTenant.Data;
using SandboxTenant.Http;

namespace SandboxTenant.Graph;

/// <summary>What all parts of Graph answer alike: errors, pages, objects with their type.</summary>
internal static class GraphAnswer
{
    private const int DefaultPage = 100;
    private const int MaxPage = 999;

    // What Graph returns for a user without $select; https://learn.microsoft.com/graph/api/user-get says so.
    private static readonly Keep DefaultUser = Keep.Only(
        "@odata.type",
        "businessPhones",
        "displayName",
        "givenName",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
        "id"
    );

    private static readonly Keep DefaultOther = Keep.AllBut("signInActivity");

    /// <summary>An error as Graph shapes it.</summary>
    public static Answer Error(Call call, int status, string code, string message) =>
        Answer.Create(
            status,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartObject("error");
                writer.WriteString("code", code);
                writer.WriteString("message", message);
                writer.WriteStartObject("innerError");
                writer.WriteString("date", call.Now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture));
                writer.WriteString("request-id", call.RequestId);
                writer.WriteString("client-request-id", call.Header("client-request-id") ?? call.RequestId);
                writer.WriteEndObject();
                writer.WriteEndObject();
                writer.WriteEndObject();
            }
        );

    /// <summary>The 404 of an object that is not there.</summary>
    public static Answer NotFound(Call call, string id) =>
        Error(
            call,
            404,
            "Request_ResourceNotFound",
            $"Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        );

    /// <summary>The 403 of a caller without the permission.</summary>
    public static Answer Denied(Call call) =>
        Error(call, 403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");

    /// <summary>A time as Graph writes it.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    /// <summary>The properties named by <c>$select</c>; null for the default ones.</summary>
    public static Keep? Selected(string? select) =>
        string.IsNullOrWhiteSpace(select) || select == "*"
            ? null
            : Keep.Only(select.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The properties answered of an object of this set or type without <c>$select</c>.</summary>
    public static Keep Default(string set) => set is "users" or "#microsoft.graph.user" ? DefaultUser : DefaultOther;

    /// <summary>A page of a set.</summary>
    public static Answer Page(Call call, EntitySet set, Func<Entity, bool>? where, string context, Action<Utf8JsonWriter, Entity> write) =>
        Page(
            call,
            (after, size) => set.Page(after, size, where),
            () => where is null ? set.Count : set.Page(0, int.MaxValue, where).Items.Count,
            context,
            write
        );

    /// <summary>A page of what was found, in the order of its places: those that go between two pages hide no others.</summary>
    public static Answer Page(Call call, IEnumerable<Entity> found, string context, Action<Utf8JsonWriter, Entity> write)
    {
        var all = found.OrderBy(e => e.Seq).ToList();
        return Page(
            call,
            (after, size) =>
            {
                var rest = all.FindAll(e => e.Seq > after);
                return (rest.Count > size ? rest[..size] : rest, rest.Count > size);
            },
            () => all.Count,
            context,
            write
        );
    }

    /// <summary>An object as itself.</summary>
    public static void Whole(Utf8JsonWriter writer, Entity entity) => writer.WriteRawValue(entity.Json, skipInputValidation: true);

    /// <summary>How an object of a list is written: what <c>$select</c> names of it, else all.</summary>
    public static Action<Utf8JsonWriter, Entity> Chosen(Call call) =>
        Selected(call.Query.GetValueOrDefault("$select")) is { } keep
            ? (writer, entity) =>
            {
                writer.WriteStartObject();
                Json.CopyProperties(writer, entity.Json, keep);
                writer.WriteEndObject();
            }
    : Whole;

    /// <summary>An object with its type in front.</summary>
    public static void WriteTyped(Utf8JsonWriter writer, string type, byte[] json, Keep keep)
    {
        writer.WriteStartObject();
        if (Json.Text(json, "@odata.type") is null || !keep.Wants("@odata.type"u8))
            writer.WriteString("@odata.type", type);
        Json.CopyProperties(writer, json, keep);
        writer.WriteEndObject();
    }

    /// <summary>One object as the whole answer.</summary>
    public static Answer One(Call call, int status, string context, byte[] json) =>
        Answer.Create(
            status,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("@odata.context", $"{call.Root}/$metadata#{context}/$entity");
                Json.CopyProperties(writer, json, Selected(call.Query.GetValueOrDefault("$select")) ?? Keep.All);
                writer.WriteEndObject();
            }
        );

    /// <summary>A bare number, as <c>$count</c> answers it.</summary>
    public static Answer Count(Call call, int count) =>
        call.Header("ConsistencyLevel") == "eventual"
            ? new Answer(200, Encoding.ASCII.GetBytes(count.ToString(CultureInfo.InvariantCulture))).With("Content-Type", "text/plain")
            : Error(
                call,
                400,
                "Request_BadRequest",
                "$count is not currently supported without the ConsistencyLevel header set to eventual."
            );

    private static Answer Page(
        Call call,
        Func<long, int, (List<Entity> Items, bool More)> take,
        Func<int> count,
        string context,
        Action<Utf8JsonWriter, Entity> write
    )
    {
        if (call.Segments[^1] == "$count")
            return Count(call, count());
        var size = DefaultPage;
        if (
            call.Query.TryGetValue("$top", out var top)
            && (!int.TryParse(top, NumberStyles.None, CultureInfo.InvariantCulture, out size) || size is < 1 or > MaxPage)
        )
            return Error(
                call,
                400,
                "Request_UnsupportedQuery",
                $"Invalid page size specified: '{top}'. Must be between 1 and {MaxPage} inclusive."
            );
        if (Paging.Read(call.Query.GetValueOrDefault("$skiptoken")) is not { } at)
            return Error(
                call,
                400,
                "Directory_ExpiredPageToken",
                "The specified page token value has expired and can no longer be included in your request."
            );
        var (items, more) = take(at.After, size);
        return Answer.Create(
            200,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("@odata.context", $"{call.Root}/{context}");
                if (call.Query.GetValueOrDefault("$count") == "true" && call.Header("ConsistencyLevel") == "eventual")
                    writer.WriteNumber("@odata.count", count());
                if (Paging.Next(call, "$skiptoken", at, more ? items[^1].Seq : null) is { } next)
                    writer.WriteString("@odata.nextLink", next);
                writer.WriteStartArray("value");
                foreach (var item in items)
                    write(writer, item);
                writer.WriteEndArray();
                writer.WriteEndObject();
            },
            items.Count == 0 ? 1024 : items[0].Json.Length * items.Count
        );
    }
}
