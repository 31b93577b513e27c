using Compliance.Policies;
using Compliance.Storage;
using Compliance.Tenants;
using ComplianceFunctions;

try
{
    var builder = FunctionsApplication.CreateBuilder(args);
    builder.ConfigureFunctionsWebApplication();
    builder.UseMiddleware<CorrelationMiddleware>();
    builder.UseMiddleware<HttpFailureMiddleware>();
    builder.UseMiddleware<CallerMiddleware>();
    builder.AddComplianceApp();

    using var host = builder.Build();
    await host.RunAsync();
    return 0;
}
catch (Exception e) when (e is TenantSettingException or StateSettingException or PolicyException or InvalidOperationException)
{
    // What an admin can put right: the setting or the file, and the rule. Every host shows the last line of a worker that ends.
    await Console.Error.WriteLineAsync($"The app cannot start: {e.Message}");
    return 1;
}
