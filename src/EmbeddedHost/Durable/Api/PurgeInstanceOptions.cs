namespace EmbeddedHost;

/// <summary>
/// How an orchestration is purged.
/// Stands for Microsoft.DurableTask.Client.PurgeInstanceOptions.
/// </summary>
/// <param name="Recursive">Whether its sub-orchestrations go too; this host purges one instance at a time and refuses it.</param>
public record PurgeInstanceOptions(bool Recursive = false);
