namespace EmbeddedHost;

/// <summary>
/// Makes the function an activity: the parameter is what the orchestrator passed.
/// Stands for Microsoft.Azure.Functions.Worker.ActivityTriggerAttribute.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class ActivityTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>The activity's name; null: the function's.</summary>
    public string? Activity { get; set; }
}
