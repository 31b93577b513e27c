namespace ComplianceCli;

/// <summary>Something that one line names and that ends the command: with exit code 1, or 64 for wrong usage.</summary>
internal sealed class CliException : Exception
{
    public CliException() { }

    public CliException(string message)
        : base(message) { }

    public CliException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <summary>Whether the command was asked for in a way that cannot be.</summary>
    public bool IsUsage { get; init; }
}
