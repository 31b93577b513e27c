using ComplianceFunctions;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.UseMiddleware<CorrelationMiddleware>();
builder.AddComplianceApp();

using var host = builder.Build();
await host.RunAsync();
