namespace EmbeddedHost;

/// <summary>
/// The name of an orchestrator or activity; names are the same whatever their case.
/// Stands for Microsoft.DurableTask.TaskName.
/// </summary>
public readonly struct TaskName : IEquatable<TaskName>
{
    /// <summary>A name.</summary>
    /// <param name="name">The function's name; null gives the default value.</param>
    public TaskName(string name) => Name = name;

    /// <summary>The name as it was given; null for the default value.</summary>
    public string Name { get; }

    /// <summary>The text of a name.</summary>
    /// <param name="value">The name.</param>
    public static implicit operator string(TaskName value) => value.Name;

    /// <summary>A name from text; the default value from null or nothing.</summary>
    /// <param name="value">The text.</param>
    public static implicit operator TaskName(string value) => string.IsNullOrEmpty(value) ? default : new(value);

    /// <summary>Whether two names mean the same function.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static bool operator ==(TaskName a, TaskName b) => a.Equals(b);

    /// <summary>Whether two names mean different functions.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static bool operator !=(TaskName a, TaskName b) => !a.Equals(b);

    /// <summary>Whether the other means the same function.</summary>
    /// <param name="other">The other.</param>
    /// <returns>True when they differ in case at most.</returns>
    public bool Equals(TaskName other) => string.Equals(Name, other.Name, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TaskName other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Name is null ? 0 : StringComparer.OrdinalIgnoreCase.GetHashCode(Name);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
