namespace EmbeddedHost;

/// <summary>
/// An instance of this id is not finished, so another cannot be started.
/// Stands for DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException.
/// </summary>
public class OrchestrationAlreadyExistsException : Exception
{
    /// <summary>Without a message.</summary>
    public OrchestrationAlreadyExistsException()
    {
    }

    /// <summary>With a message.</summary>
    /// <param name="message">Says which instance.</param>
    public OrchestrationAlreadyExistsException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    /// <param name="message">Says which instance.</param>
    /// <param name="innerException">The cause.</param>
    public OrchestrationAlreadyExistsException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
