using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// What an app does that finds a setting wrong.
if (Environment.GetEnvironmentVariable("TestApp__Fail") is { } problem)
    throw new InvalidOperationException(problem);

if (Environment.GetEnvironmentVariable("TestApp__Refuse") is { } refusal)
{
    await Console.Error.WriteLineAsync(refusal);
    return 3;
}

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.Services.AddScoped<TestApp.Scoped>();
using var host = builder.Build();
await host.RunAsync();
return 0;
