using System.Collections.Immutable;

namespace EmbeddedHost;

/// <summary>
/// What a function is, the same for each of its runs.
/// Stands for Microsoft.Azure.Functions.Worker.FunctionDefinition.
/// </summary>
public abstract class FunctionDefinition
{
    /// <summary>Where the function's assembly lies; empty when it has no file.</summary>
    public abstract string PathToAssembly { get; }

    /// <summary>The method: namespace, class and method name with dots between.</summary>
    public abstract string EntryPoint { get; }

    /// <summary>Stable id of the function.</summary>
    public abstract string Id { get; }

    /// <summary>The name given to <see cref="FunctionAttribute"/>.</summary>
    public abstract string Name { get; }

    /// <summary>Bindings into the function by parameter name: its trigger.</summary>
    public abstract IImmutableDictionary<string, BindingMetadata> InputBindings { get; }

    /// <summary>Bindings out of the function by name: <c>$return</c>, or none.</summary>
    public abstract IImmutableDictionary<string, BindingMetadata> OutputBindings { get; }
}
