using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ComplianceFunctions.Tests;

public sealed class AzureMonitorTests
{
    private const string Connection =
        "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=https://localhost:1/;LiveEndpoint=https://localhost:1/";

    [Theory]
    [InlineData("ClientId=c11e0000-0000-4000-8000-000000000000;Authorization=AAD")]
    [InlineData("Authorization=AAD")]
    public void An_identity_opens_Application_Insights(string setting) => Assert.NotNull(AzureMonitor.CredentialOf(setting));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("ClientId=c11e0000-0000-4000-8000-000000000000")]
    [InlineData("Authorization=Key")]
    [InlineData("no setting at all")]
    public void Anything_else_stops_the_start_with_the_name_of_the_setting(string? setting) =>
        Assert.Contains(
            AzureMonitor.SignInSetting,
            Assert.Throws<InvalidOperationException>(() => AzureMonitor.CredentialOf(setting)).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Where_a_deployment_names_one_it_is_exported_to_and_elsewhere_nothing_is() =>
        Assert.Equal(
            (true, false),
            (Exports((AzureMonitor.ConnectionSetting, Connection), (AzureMonitor.SignInSetting, "Authorization=AAD")), Exports())
        );

    private static bool Exports(params (string Key, string? Value)[] settings)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        var telemetry = services.AddOpenTelemetry().WithTracing(t => t.AddSource("a")).WithMetrics(m => m.AddMeter("a"));
        AzureMonitor.Export(
            telemetry,
            new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => s.Value)).Build()
        );
        return services.Any(s =>
            $"{s.ServiceType}{s.ImplementationType}{s.ImplementationInstance}".Contains("AzureMonitor", StringComparison.Ordinal)
        );
    }
}
