namespace EmbeddedHost;

/// <summary>
/// Which way a binding carries its value.
/// Stands for Microsoft.Azure.Functions.Worker.BindingDirection.
/// </summary>
public enum BindingDirection
{
    /// <summary>Into the function.</summary>
    In = 0,

    /// <summary>Out of the function.</summary>
    Out = 1,
}
