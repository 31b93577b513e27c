namespace EmbeddedHost;

/// <summary>
/// How much was purged.
/// Stands for Microsoft.DurableTask.Client.PurgeResult.
/// </summary>
/// <param name="count">Instances removed.</param>
public class PurgeResult(int count)
{
    /// <summary>Instances removed.</summary>
    public int PurgedInstanceCount => count;
}
