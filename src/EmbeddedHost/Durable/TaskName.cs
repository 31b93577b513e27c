namespace EmbeddedHost;

/// <summary>
/// The name of an orchestrator or activity.
/// Stands for Microsoft.DurableTask.TaskName.
/// </summary>
/// <param name="name">The function's name; null for none.</param>
public readonly struct TaskName(string name) : IEquatable<TaskName>
{
    /// <summary>The name; empty for none.</summary>
    public string Name { get; } = name ?? string.Empty;

    /// <summary>A text is a name.</summary>
    public static implicit operator TaskName(string value) => new(value);

    /// <summary>A name is a text.</summary>
    public static implicit operator string(TaskName value) => value.Name;

    /// <summary>Names compare without case.</summary>
    public static bool operator ==(TaskName a, TaskName b) => a.Equals(b);

    /// <summary>Names compare without case.</summary>
    public static bool operator !=(TaskName a, TaskName b) => !a.Equals(b);

    /// <inheritdoc/>
    public bool Equals(TaskName other) => string.Equals(Name, other.Name, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TaskName other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(Name);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
