namespace EmbeddedHost;

/// <summary>
/// Gives a <see cref="DurableTaskClient"/> parameter the client of the app's task hub.
/// Stands for Microsoft.Azure.Functions.Worker.DurableClientAttribute.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class DurableClientAttribute : InputBindingAttribute
{
    /// <summary>The task hub; null: that of host.json. This host has that one alone.</summary>
    public string? TaskHub { get; set; }

    /// <summary>The setting with the hub's connection string; null: AzureWebJobsStorage. This host has that one alone.</summary>
    public string? ConnectionName { get; set; }
}
