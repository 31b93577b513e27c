namespace EmbeddedHost;

/// <summary>
/// How an orchestration is ended from outside.
/// Stands for Microsoft.DurableTask.Client.TerminateInstanceOptions.
/// </summary>
/// <param name="Output">The output it ends with.</param>
/// <param name="Recursive">Whether its sub-orchestrations are ended too.</param>
public record TerminateInstanceOptions(object? Output = null, bool Recursive = false);
