using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DurableTask.Core;
using DurableTask.Core.History;

namespace Simulation;

/// <summary>Histories as JSON that people can read and compare; fields without a value are left out.</summary>
/// <example>
/// <code>
/// { "type": "TaskScheduled", "id": 0, "time": "2026-11-23T06:00:00.0000000Z", "name": "LeaverDue", "input": "[{...}]" }
/// </code>
/// </example>
public static class HistoryJson
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'";

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes a history. The same history gives the same text.</summary>
    public static string Write(History history)
    {
        ArgumentNullException.ThrowIfNull(history);
        return new JsonObject
        {
            ["instance"] = history.Instance,
            ["name"] = history.Name,
            ["version"] = history.Version,
            ["generation"] = history.Generation,
            ["events"] = new JsonArray([.. history.Events.Select(Write)]),
        }.ToJsonString(Indented) + "\n";
    }

    /// <summary>Reads a history.</summary>
    /// <exception cref="FormatException">It is not one, or has an event of an unknown type.</exception>
    public static History Read(string json)
    {
        try
        {
            var read = JsonNode.Parse(json)!;
            var target = new OrchestrationInstance
            {
                InstanceId = Text(read, "instance"),
                ExecutionId = $"generation {Number(read, "generation")}",
            };
            return new(
                target.InstanceId!,
                Text(read, "name")!,
                Text(read, "version") ?? "",
                Number(read, "generation"),
                [.. read["events"]!.AsArray().Select(e => Read(e!, target))]
            );
        }
        catch (Exception e) when (e is JsonException or NullReferenceException or InvalidOperationException)
        {
            throw new FormatException($"this is not a history: {e.Message}", e);
        }
    }

    private static JsonObject Write(HistoryEvent added)
    {
        var written = new JsonObject
        {
            ["type"] = added.EventType.ToString(),
            ["id"] = added.EventId,
            ["time"] = Time(added.Timestamp),
        };
        foreach (var (name, value) in Fields(added))
            if (value is not null)
                written[name] = value;
        return written;
    }

    private static IEnumerable<(string Name, JsonNode? Value)> Fields(HistoryEvent added) =>
        added switch
        {
            ExecutionStartedEvent e =>
            [
                ("name", e.Name),
                ("version", Filled(e.Version)),
                ("input", e.Input),
                ("scheduled", e.ScheduledStartTime is { } at ? Time(at) : null),
                ("parent", e.ParentInstance?.OrchestrationInstance?.InstanceId),
            ],
            ExecutionCompletedEvent e =>
            [
                ("status", e.OrchestrationStatus.ToString()),
                ("result", e.Result),
                ("failure", Failure(e.FailureDetails)),
            ],
            ExecutionTerminatedEvent e => [("input", e.Input)],
            ExecutionSuspendedEvent e => [("reason", e.Reason)],
            ExecutionResumedEvent e => [("reason", e.Reason)],
            TaskScheduledEvent e => [("name", e.Name), ("version", Filled(e.Version)), ("input", e.Input)],
            TaskCompletedEvent e => [("of", e.TaskScheduledId), ("result", e.Result)],
            TaskFailedEvent e => [("of", e.TaskScheduledId), ("reason", e.Reason), ("failure", Failure(e.FailureDetails))],
            TimerCreatedEvent e => [("fireAt", Time(e.FireAt))],
            TimerFiredEvent e => [("of", e.TimerId), ("fireAt", Time(e.FireAt))],
            SubOrchestrationInstanceCreatedEvent e =>
            [
                ("name", e.Name),
                ("version", Filled(e.Version)),
                ("instance", e.InstanceId),
                ("input", e.Input),
            ],
            SubOrchestrationInstanceCompletedEvent e => [("of", e.TaskScheduledId), ("result", e.Result)],
            SubOrchestrationInstanceFailedEvent e =>
            [
                ("of", e.TaskScheduledId),
                ("reason", e.Reason),
                ("failure", Failure(e.FailureDetails)),
            ],
            EventRaisedEvent e => [("name", e.Name), ("input", e.Input)],
            EventSentEvent e => [("name", e.Name), ("instance", e.InstanceId), ("input", e.Input)],
            OrchestratorStartedEvent or OrchestratorCompletedEvent => [],
            _ => throw new FormatException($"an event of the type {added.EventType} cannot be recorded"),
        };

    private static HistoryEvent Read(JsonNode read, OrchestrationInstance target)
    {
        var id = Number(read, "id");
        var of = read["of"]?.GetValue<int>() ?? 0;
        HistoryEvent added = Text(read, "type") switch
        {
            nameof(EventType.OrchestratorStarted) => new OrchestratorStartedEvent(id),
            nameof(EventType.OrchestratorCompleted) => new OrchestratorCompletedEvent(id),
            nameof(EventType.ExecutionStarted) => new ExecutionStartedEvent(id, Text(read, "input"))
            {
                Name = Text(read, "name")!,
                Version = Text(read, "version") ?? "",
                OrchestrationInstance = target,
                ScheduledStartTime = Text(read, "scheduled") is { } at ? Time(at) : null,
                ParentInstance = Text(read, "parent") is { } parent
                    ? new ParentInstance
                    {
                        OrchestrationInstance = new() { InstanceId = parent },
                        Name = "",
                        Version = "",
                    }
                    : null,
            },
            nameof(EventType.ContinueAsNew) => new ContinueAsNewEvent(id, Text(read, "result")),
            nameof(EventType.ExecutionCompleted) or nameof(EventType.ExecutionFailed) => new ExecutionCompletedEvent(
                id,
                Text(read, "result"),
                Enum.Parse<OrchestrationStatus>(Text(read, "status")!),
                Failure(read["failure"])
            ),
            nameof(EventType.ExecutionTerminated) => new ExecutionTerminatedEvent(id, Text(read, "input")),
            nameof(EventType.ExecutionSuspended) => new ExecutionSuspendedEvent(id, Text(read, "reason")),
            nameof(EventType.ExecutionResumed) => new ExecutionResumedEvent(id, Text(read, "reason")),
            nameof(EventType.TaskScheduled) => new TaskScheduledEvent(
                id,
                Text(read, "name")!,
                Text(read, "version") ?? "",
                Text(read, "input")
            ),
            nameof(EventType.TaskCompleted) => new TaskCompletedEvent(id, of, Text(read, "result")),
            nameof(EventType.TaskFailed) => new TaskFailedEvent(id, of, Text(read, "reason"), null, Failure(read["failure"])),
            nameof(EventType.TimerCreated) => new TimerCreatedEvent(id, Time(Text(read, "fireAt")!)),
            nameof(EventType.TimerFired) => new TimerFiredEvent(id, Time(Text(read, "fireAt")!)) { TimerId = of },
            nameof(EventType.SubOrchestrationInstanceCreated) => new SubOrchestrationInstanceCreatedEvent(id)
            {
                Name = Text(read, "name"),
                Version = Text(read, "version") ?? "",
                InstanceId = Text(read, "instance"),
                Input = Text(read, "input"),
            },
            nameof(EventType.SubOrchestrationInstanceCompleted) => new SubOrchestrationInstanceCompletedEvent(id, of, Text(read, "result")),
            nameof(EventType.SubOrchestrationInstanceFailed) => new SubOrchestrationInstanceFailedEvent(
                id,
                of,
                Text(read, "reason"),
                null,
                Failure(read["failure"])
            ),
            nameof(EventType.EventRaised) => new EventRaisedEvent(id, Text(read, "input")) { Name = Text(read, "name") },
            nameof(EventType.EventSent) => new EventSentEvent(id)
            {
                Name = Text(read, "name"),
                InstanceId = Text(read, "instance"),
                Input = Text(read, "input"),
            },
            var other => throw new FormatException($"an event of the type {other} is not known"),
        };
        added.Timestamp = Time(Text(read, "time")!);
        return added;
    }

    private static JsonObject? Failure(FailureDetails? failure) =>
        failure is null
            ? null
            : new JsonObject
            {
                ["type"] = failure.ErrorType,
                ["message"] = failure.ErrorMessage,
                ["final"] = failure.IsNonRetriable,
                ["inner"] = Failure(failure.InnerFailure),
            };

    private static FailureDetails? Failure(JsonNode? read) =>
        read is null
            ? null
            : new FailureDetails(
                Text(read, "type")!,
                Text(read, "message")!,
                null,
                Failure(read["inner"]),
                read["final"]?.GetValue<bool>() ?? false
            );

    private static string? Filled(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static string Time(DateTime time) =>
        DateTime.SpecifyKind(time, DateTimeKind.Utc).ToString(TimeFormat, CultureInfo.InvariantCulture);

    private static DateTime Time(string text) =>
        DateTime.ParseExact(
            text,
            TimeFormat,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal
        );

    private static string? Text(JsonNode read, string name) => read[name]?.GetValue<string>();

    private static int Number(JsonNode read, string name) => read[name]!.GetValue<int>();
}
