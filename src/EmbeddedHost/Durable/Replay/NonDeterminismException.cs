namespace EmbeddedHost.Durable;

/// <summary>The orchestrator does not do what its history says it did; the message says where.</summary>
internal sealed class NonDeterminismException : InvalidOperationException
{
    /// <summary>The official exception's name, under which the failure is reported.</summary>
    public const string OfficialName = "DurableTask.Core.Exceptions.NonDeterministicOrchestrationException";

    public NonDeterminismException()
    {
    }

    public NonDeterminismException(string message)
        : base(message)
    {
    }

    public NonDeterminismException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
