using System.Text.Json;
using System.Text.Json.Serialization;

namespace EmbeddedHost.Durable;

/// <summary>
/// One thing that happened to an instance. Sample, as stored:
/// <c>{"Kind":"TaskScheduled","Id":2,"Name":"Disable","Data":"{\"UserId\":\"7\"}"}</c>.
/// </summary>
internal sealed record HistoryEvent(EventKind Kind)
{
    private static readonly JsonSerializerOptions Options = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>UTC.</summary>
    public DateTime Time { get; init; }

    /// <summary>Number of the action within the execution, from 0: of what was scheduled, and of what it came to.</summary>
    public int Id { get; init; }

    /// <summary>The orchestrator, activity or external event.</summary>
    public string? Name { get; init; }

    /// <summary>JSON: input, result or payload.</summary>
    public string? Data { get; init; }

    public TaskFailureDetails? Failure { get; init; }

    /// <summary>The other instance.</summary>
    public string? Instance { get; init; }

    /// <summary>Names one execution: an instance begun anew is another one.</summary>
    public string? Execution { get; init; }

    public DateTime? FireAt { get; init; }

    /// <summary>Names a message between instances, so that it counts once: execution of the sender and number.</summary>
    public string? Key { get; init; }

    /// <summary>Of ExecutionStarted: the caller.</summary>
    public ParentLink? Parent { get; init; }

    /// <summary>Of ExecutionCompleted: how.</summary>
    public OrchestrationRuntimeStatus Status { get; init; }

    /// <summary>Of ExecutionTerminated and Outgoing: whether sub-orchestrations end too.</summary>
    public bool Recursive { get; init; }

    public static string Write(IReadOnlyList<HistoryEvent> events) => JsonSerializer.Serialize(events, Options);

    /// <exception cref="JsonException">The text is not a history.</exception>
    public static IReadOnlyList<HistoryEvent> Read(string text) =>
        JsonSerializer.Deserialize<List<HistoryEvent>>(text, Options) ?? throw new JsonException("the history is null");

    /// <summary>What an action is, for messages.</summary>
    public string Describe() => Kind switch
    {
        EventKind.TaskScheduled => $"activity '{Name}' (#{Id})",
        EventKind.TimerCreated => $"a timer (#{Id})",
        EventKind.SubOrchestrationCreated => $"sub-orchestration '{Name}' (#{Id})",
        EventKind.EventSent => $"event '{Name}' to '{Instance}' (#{Id})",
        _ => Kind.ToString(),
    };
}

/// <summary>Who called a sub-orchestration, and as which of its actions.</summary>
internal sealed record ParentLink(string Name, string Instance, string Execution, int Id);
