namespace EmbeddedHost;

/// <summary>
/// Which orchestrations to list.
/// Stands for Microsoft.DurableTask.Client.OrchestrationQuery.
/// </summary>
/// <param name="CreatedFrom">Made at this time or later.</param>
/// <param name="CreatedTo">Made at this time or before.</param>
/// <param name="Statuses">With one of these statuses; null or none: any.</param>
/// <param name="TaskHubNames">In one of these hubs; this host has one and takes no account of it.</param>
/// <param name="InstanceIdPrefix">Whose id begins so; case counts.</param>
/// <param name="PageSize">How many on a page.</param>
/// <param name="FetchInputsAndOutputs">Whether to bring input, output and custom status too.</param>
/// <param name="ContinuationToken">Where to begin; null: at the first.</param>
public record OrchestrationQuery(
    DateTimeOffset? CreatedFrom = null,
    DateTimeOffset? CreatedTo = null,
    IEnumerable<OrchestrationRuntimeStatus>? Statuses = null,
    IEnumerable<string>? TaskHubNames = null,
    string? InstanceIdPrefix = null,
    int PageSize = OrchestrationQuery.DefaultPageSize,
    bool FetchInputsAndOutputs = false,
    string? ContinuationToken = null)
{
    /// <summary>How many on a page unless told.</summary>
    public const int DefaultPageSize = 100;
}
