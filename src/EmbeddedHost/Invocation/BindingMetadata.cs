namespace EmbeddedHost;

/// <summary>
/// One binding of a function.
/// Stands for Microsoft.Azure.Functions.Worker.BindingMetadata.
/// </summary>
public abstract class BindingMetadata
{
    /// <summary>The parameter's name, or <c>$return</c> for the return value.</summary>
    public abstract string Name { get; }

    /// <summary>The kind: timerTrigger, queueTrigger, httpTrigger, eventGridTrigger, queue.</summary>
    public abstract string Type { get; }

    /// <summary>Which way it carries its value.</summary>
    public abstract BindingDirection Direction { get; }
}
