using Azure.Core;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Compliance.Tenants;
using Compliance.Text;
using Microsoft.Extensions.Logging.Abstractions;

namespace ComplianceCli.Azure;

/// <summary>What the commands reach outside this process.</summary>
/// <param name="Variable">Gives an environment variable.</param>
/// <param name="Tool">Runs <c>az</c> or <c>azd</c>.</param>
/// <param name="Connect">Connects to the tenant of an id.</param>
/// <param name="Queues">Opens the queues of an account.</param>
/// <param name="Blobs">Opens the blobs of an account.</param>
/// <param name="Folder">The project's folder, which azd starts hooks in.</param>
internal sealed record AzureOutside(
    Func<string, string?> Variable,
    Func<string, IReadOnlyList<string>, CancellationToken, Task<ToolResult>> Tool,
    Func<string, TimeProvider, TenantConnection> Connect,
    Func<Uri, QueueServiceClient> Queues,
    Func<Uri, BlobServiceClient> Blobs,
    string Folder
)
{
    /// <summary>Gives the sign-in that the app is called with.</summary>
    public Func<TokenCredential> Credential { get; init; } = () => new AzureCliCredential();

    /// <summary>The real one: signs in as the Azure CLI's user.</summary>
    public static AzureOutside Default { get; } =
        new(
            Environment.GetEnvironmentVariable,
            Tools.RunAsync,
            (tenantId, time) =>
                new TenantConnection(
                    new TenantOptions
                    {
                        Id = tenantId,
                        Graph = new Uri("https://graph.microsoft.com/v1.0"),
                        ResourceManager = new Uri("https://management.azure.com"),
                        Authority = new Uri("https://login.microsoftonline.com"),
                    },
                    time,
                    NullLogger<TenantConnection>.Instance
                ),
            address => new QueueServiceClient(
                address,
                new AzureCliCredential(),
                new QueueClientOptions { MessageEncoding = JsonMessage.Encoding }
            ),
            address => new BlobServiceClient(address, new AzureCliCredential()),
            Directory.GetCurrentDirectory()
        );
}
