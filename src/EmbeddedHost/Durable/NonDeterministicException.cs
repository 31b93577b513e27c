namespace EmbeddedHost.Durable;

/// <summary>An orchestrator did something else in a replay than its history says, or waited for something that is not its context's.</summary>
internal sealed class NonDeterministicException : InvalidOperationException
{
    public NonDeterministicException()
    {
    }

    public NonDeterministicException(string message)
        : base(message)
    {
    }

    public NonDeterministicException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
