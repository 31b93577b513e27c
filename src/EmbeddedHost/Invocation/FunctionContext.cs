namespace EmbeddedHost;

/// <summary>
/// What one run of a function knows about itself.
/// Stands for Microsoft.Azure.Functions.Worker.FunctionContext.
/// </summary>
public abstract class FunctionContext
{
    /// <summary>Identifies this run: a UUID, new for each attempt at a queue message.</summary>
    public abstract string InvocationId { get; }

    /// <summary>Identifies the function; the same for each of its runs, and stable between starts.</summary>
    public abstract string FunctionId { get; }

    /// <summary>The W3C trace this run belongs to.</summary>
    public abstract TraceContext TraceContext { get; }

    /// <summary>What the trigger tells besides its value, such as a message's id.</summary>
    public abstract BindingContext BindingContext { get; }

    /// <summary>The services of this run: a scope made for it and disposed after it.</summary>
    public abstract IServiceProvider InstanceServices { get; set; }

    /// <summary>The function that runs.</summary>
    public abstract FunctionDefinition FunctionDefinition { get; }

    /// <summary>A place where middleware and the function leave things for each other.</summary>
    public abstract IDictionary<object, object> Items { get; set; }

    /// <summary>Cancelled when the function timed out, its HTTP caller hung up, or the host's drain time is over.</summary>
    public virtual CancellationToken CancellationToken { get; } = CancellationToken.None;
}
