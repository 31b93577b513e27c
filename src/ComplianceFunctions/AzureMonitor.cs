using System.Data.Common;
using Azure.Core;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.Configuration;
using OpenTelemetry;

namespace ComplianceFunctions;

/// <summary>Sends traces, metrics and log records to Application Insights, where the deployment's alerts read them.</summary>
internal static class AzureMonitor
{
    /// <summary>Which Application Insights; the Functions host reads the same setting.</summary>
    public const string ConnectionSetting = "APPLICATIONINSIGHTS_CONNECTION_STRING";

    /// <summary>
    /// How to sign in there, as the Functions host reads it: <c>ClientId=…;Authorization=AAD</c>, without a client id for the identity of
    /// the system.
    /// </summary>
    public const string SignInSetting = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

    /// <summary>Exports to Application Insights where a deployment names one; locally nothing is sent.</summary>
    /// <exception cref="InvalidOperationException">The setting that says how to sign in is missing or means something else.</exception>
    public static void Export(OpenTelemetryBuilder telemetry, IConfiguration configuration)
    {
        if (configuration[ConnectionSetting] is not { Length: > 0 } connection)
            return;
        var credential = CredentialOf(configuration[SignInSetting]);
        telemetry
            .UseFunctionsWorkerDefaults()
            .UseAzureMonitorExporter(options =>
            {
                options.ConnectionString = connection;
                options.Credential = credential;
                // The alerts count log records: none may be left out because the trace around it was not sampled.
                options.EnableTraceBasedLogsSampler = false;
                options.EnableLiveMetrics = false;
            });
    }

    /// <summary>The identity that a sign-in setting names. A deployment switches keys off, so there is no other way.</summary>
    /// <exception cref="InvalidOperationException">It is missing or means something else.</exception>
    internal static TokenCredential CredentialOf(string? setting)
    {
        var parts = new DbConnectionStringBuilder();
        try
        {
            parts.ConnectionString = setting ?? "";
        }
        catch (ArgumentException)
        {
            parts.Clear();
        }
        if (!parts.TryGetValue("Authorization", out var kind) || !"AAD".Equals(kind as string, StringComparison.OrdinalIgnoreCase))
            throw new InvalidOperationException(
                $"setting {SignInSetting} must be ClientId=ID;Authorization=AAD, since {ConnectionSetting} is set: "
                    + "Application Insights is opened with an Entra identity only"
            );
        return new ManagedIdentityCredential(
            parts.TryGetValue("ClientId", out var id) && id is string { Length: > 0 } client
                ? ManagedIdentityId.FromUserAssignedClientId(client)
                : ManagedIdentityId.SystemAssigned
        );
    }
}
