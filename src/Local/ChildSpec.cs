namespace Local;

/// <summary>A process to start.</summary>
/// <param name="Name">What the user calls it: <c>app</c>, <c>sandbox</c>, <c>azurite</c>.</param>
/// <param name="Command">Full path of the program, then its arguments; no shell in between.</param>
internal sealed record ChildSpec(string Name, IReadOnlyList<string> Command)
{
    /// <summary>Variables added to this process's own.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Where it runs; null is here.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>File that gets every line it prints; null for none.</summary>
    public string? LogFile { get; init; }

    /// <summary>Gets every line as it comes; null for none.</summary>
    public Action<string>? OnLine { get; init; }
}
