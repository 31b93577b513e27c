using System.Text.Json;

namespace Compliance.Evidence.Verify;

/// <summary>Which records are wanted. What is null asks for nothing.</summary>
internal sealed record RecordFilter
{
    /// <summary>What happened at or after it (the record's <c>time</c>).</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>What happened before it.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>What the action begins with.</summary>
    public string? Action { get; init; }

    /// <summary>The subject.</summary>
    public string? Subject { get; init; }

    /// <summary>The actor.</summary>
    public string? Actor { get; init; }

    /// <summary>The plan's id.</summary>
    public string? Plan { get; init; }

    /// <summary>The outcome.</summary>
    public string? Outcome { get; init; }

    /// <summary>The record's id.</summary>
    public string? Id { get; init; }

    /// <summary>Whether every line is wanted, also those that are no record.</summary>
    public bool All => this == new RecordFilter();

    /// <summary>Whether a record is wanted. What a record does not say, or says in another form, matches nothing.</summary>
    public bool Matches(JsonElement record) =>
        Is(record, "id", Id) && Is(record, "subject", Subject) && Is(record, "actor", Actor) && Is(record, "planId", Plan) && Is(record, "outcome", Outcome)
        && (Action is null || Text(record, "action") is { } action && action.StartsWith(Action, StringComparison.Ordinal))
        && (From is null && Until is null || Time(record) is { } time && (From is not { } from || time >= from) && (Until is not { } until || time < until));

    private static bool Is(JsonElement record, string name, string? wanted) => wanted is null || Text(record, name) == wanted;

    private static DateTimeOffset? Time(JsonElement record) =>
        record.TryGetProperty("time", out var value) && value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out var time) ? time : null;

    /// <summary>A property that is a text; null when it is none.</summary>
    public static string? Text(JsonElement record, string name)
    {
        try
        {
            return record.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair as an escape: no text.
            return null;
        }
    }
}
