using System.Text.Json;
using EmbeddedHost.Durable;

namespace EmbeddedHost;

/// <summary>
/// What is known of one orchestration from outside.
/// Stands for Microsoft.DurableTask.Client.OrchestrationMetadata.
/// </summary>
/// <param name="name">Its orchestrator's name.</param>
/// <param name="instanceId">Its id.</param>
public sealed class OrchestrationMetadata(string name, string instanceId)
{
    /// <summary>Its orchestrator's name.</summary>
    public string Name => name;

    /// <summary>Its id.</summary>
    public string InstanceId => instanceId;

    /// <summary>Where it stands.</summary>
    public OrchestrationRuntimeStatus RuntimeStatus { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last took a step.</summary>
    public DateTimeOffset LastUpdatedAt { get; init; }

    /// <summary>The JSON of its input; null unless asked for.</summary>
    public string? SerializedInput { get; init; }

    /// <summary>The JSON of its output; null unless asked for and ended.</summary>
    public string? SerializedOutput { get; init; }

    /// <summary>The JSON of its custom status; null unless asked for and set.</summary>
    public string? SerializedCustomStatus { get; init; }

    /// <summary>What it failed with.</summary>
    public TaskFailureDetails? FailureDetails { get; init; }

    /// <summary>Whether it has started and not ended.</summary>
    public bool IsRunning => RuntimeStatus == OrchestrationRuntimeStatus.Running;

    /// <summary>Whether it has ended, well or not.</summary>
    public bool IsCompleted => RuntimeStatus is OrchestrationRuntimeStatus.Completed or OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Terminated;

    internal bool Whole { get; init; }

    /// <summary>Its input.</summary>
    /// <typeparam name="T">As what it is read.</typeparam>
    /// <returns>The input; the type's default for none.</returns>
    /// <exception cref="InvalidOperationException">It was not asked for.</exception>
    /// <exception cref="JsonException">It is not of that type.</exception>
    public T? ReadInputAs<T>() => Read<T>(SerializedInput, nameof(ReadInputAs));

    /// <summary>Its output.</summary>
    /// <typeparam name="T">As what it is read.</typeparam>
    /// <returns>The output; the type's default for none.</returns>
    /// <exception cref="InvalidOperationException">It was not asked for.</exception>
    /// <exception cref="JsonException">It is not of that type.</exception>
    public T? ReadOutputAs<T>() => Read<T>(SerializedOutput, nameof(ReadOutputAs));

    /// <summary>Its custom status.</summary>
    /// <typeparam name="T">As what it is read.</typeparam>
    /// <returns>The custom status; the type's default for none.</returns>
    /// <exception cref="InvalidOperationException">It was not asked for.</exception>
    /// <exception cref="JsonException">It is not of that type.</exception>
    public T? ReadCustomStatusAs<T>() => Read<T>(SerializedCustomStatus, nameof(ReadCustomStatusAs));

    private T? Read<T>(string? text, string method) => Whole
        ? DurableJson.Read<T>(text)
        : throw new InvalidOperationException($"{method} needs the instance to be read with getInputsAndOutputs: true");
}
