namespace EmbeddedHost;

/// <summary>
/// How an orchestration begins anew.
/// Stands for Microsoft.DurableTask.ContinueAsNewOptions.
/// </summary>
public class ContinueAsNewOptions
{
    /// <summary>The input it begins anew with.</summary>
    public object? NewInput { get; set; }

    /// <summary>Whether external events nobody has waited for yet are kept; true unless set.</summary>
    public bool PreserveUnprocessedEvents { get; set; } = true;
}
