using System.Text.Json;
using Compliance.Tenants;

namespace ComplianceCli.Azure;

/// <summary>One command at work: azd's values, the tenant, and who asks.</summary>
internal sealed class AzureSession : IDisposable
{
    private readonly TenantConnection _tenant;

    private AzureSession(AzdEnvironment environment, TenantConnection tenant, AzureCalls calls) =>
        (Environment, _tenant, Calls) = (environment, tenant, calls);

    /// <summary>azd's values.</summary>
    public AzdEnvironment Environment { get; }

    /// <summary>Graph and Resource Manager.</summary>
    public AzureCalls Calls { get; }

    /// <summary>Signs nothing in yet: the first request does.</summary>
    /// <exception cref="CliException">There is no environment, or no sign-in of the Azure CLI.</exception>
    public static async Task<AzureSession> OpenAsync(
        AzureOutside outside,
        TimeProvider time,
        TextWriter progress,
        CancellationToken cancellationToken
    )
    {
        var environment = await AzdEnvironment.LoadAsync(outside, cancellationToken);
        var tenantId = await TenantOfAsync(environment, outside, cancellationToken);
        var tenant = outside.Connect(tenantId, time);
        return new(environment, tenant, new AzureCalls(tenant, time, progress));
    }

    /// <inheritdoc/>
    public void Dispose() => _tenant.Dispose();

    // The tenant of the subscription, as the Azure CLI knows it: it is asked even where azd's environment names one, since it has to be
    // signed in there.
    private static async Task<string> TenantOfAsync(AzdEnvironment environment, AzureOutside outside, CancellationToken cancellationToken)
    {
        var subscription = environment.SubscriptionId;
        var shown = await outside.Tool(
            "az",
            ["account", "show", "--subscription", subscription, "--query", "tenantId", "--output", "json"],
            cancellationToken
        );
        if (shown.Code != 0)
            throw new CliException($"the Azure CLI is not signed in to subscription {subscription}: az login ({shown.Reason})");
        string? tenantId;
        try
        {
            tenantId = JsonSerializer.Deserialize<string>(shown.Output);
        }
        catch (JsonException)
        {
            tenantId = null;
        }
        return Guid.TryParse(tenantId, out var id)
            ? id.ToString("D")
            : throw new CliException($"az account show names no tenant of subscription {subscription}");
    }
}
