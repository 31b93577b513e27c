using System.Globalization;
using Compliance.AuditPack;
using Compliance.Callers;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.LedgerCheck;
using Compliance.Minimization.Inventory;
using Compliance.Notifications;
using Compliance.Observability;
using Compliance.Offboarding;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace ComplianceFunctions;

/// <summary>Puts the app together from its settings. Wrong settings stop the start with the setting's name and rule.</summary>
internal static class ComplianceApp
{
    /// <summary>Adds everything that is not a trigger.</summary>
    public static void AddComplianceApp(this IHostApplicationBuilder builder)
    {
        KnownSettings.Check(builder.Configuration);
        var time = Clock(builder.Configuration);
        builder.Services.AddSingleton(time);
        builder.Services.AddTenant(builder.Configuration);
        builder.Services.AddCallers(builder.Configuration);
        builder.Services.AddState(builder.Configuration);
        builder.Services.AddFindings();
        builder.Services.AddEvidence();
        builder.Services.AddRuns(builder.Configuration);
        builder.Services.AddCredentials(builder.Configuration, time);
        builder.Services.AddOffboarding(builder.Configuration);
        builder.Services.AddDataInventory(builder.Configuration);
        builder.Services.AddNotifications(builder.Configuration, AllControls.Catalogue);
        builder.Services.AddSingleton<LeaverDispatcher>();
        builder.Services.AddCheckpoints(builder.Configuration);
        builder.Services.AddHostedService<EvidenceStart>();
        builder.AddObservability();
    }

    private static void AddObservability(this IHostApplicationBuilder builder)
    {
        // The worker's own logger brings entries to the host, whichever it is; how they are written there is the host's matter.
        // What a request or a storage call did is in the traces; the log has what the app decided.
        builder
            .Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
            .AddFilter("Azure", LogLevel.Warning)
            .AddFilter("System.Net.Http", LogLevel.Warning);
        builder.Services.AddScrubbedLogging();
        var telemetry = builder
            .Services.AddOpenTelemetry()
            .WithTracing(t => t.AddSource(Telemetry.Name).AddHttpClientInstrumentation())
            .WithMetrics(m => m.AddMeter(Telemetry.Name).AddRuntimeInstrumentation());
        if (!string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            telemetry.UseOtlpExporter();
        AzureMonitor.Export(telemetry, builder.Configuration);
    }

    // A set clock is for the sandbox: with a real tenant it would make old credentials look young.
    private static TimeProvider Clock(IConfiguration configuration)
    {
        const string Setting = "Clock:Now";
        if (configuration[Setting] is not { Length: > 0 } text)
            return TimeProvider.System;
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Utc, out var now) || now.Year is < 2000 or > 2099)
            throw new InvalidOperationException(
                $"setting {Setting} is '{text}': give an ISO 8601 time from 2000 to 2099, for example 2026-11-23T06:00:00Z"
            );
        foreach (var endpoint in new[] { "Tenant:GraphEndpoint", "Tenant:ResourceManagerEndpoint", "Tenant:AuthorityHost" })
            if (!Uri.TryCreate(configuration[endpoint], UriKind.Absolute, out var uri) || !uri.IsLoopback)
                throw new InvalidOperationException(
                    $"setting {Setting} may be used with a sandbox tenant only: {endpoint} is not a loopback address"
                );
        return new ShiftedClock(now, frozen: configuration["Clock:Frozen"] == "true");
    }
}
