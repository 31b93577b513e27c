using Microsoft.Extensions.DependencyInjection;

namespace EmbeddedHost;

/// <summary>
/// ASP.NET Core types in functions.
/// Stands for Microsoft.Azure.Functions.Worker.Builder.FunctionsApplicationBuilderAspNetCoreExtensions.
/// </summary>
public static class FunctionsApplicationBuilderAspNetCoreExtensions
{
    /// <summary>Lets HTTP functions take a request and answer with an action result of ASP.NET Core.</summary>
    /// <param name="builder">The builder.</param>
    /// <returns>The same builder.</returns>
    public static FunctionsApplicationBuilder ConfigureFunctionsWebApplication(this FunctionsApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.WebApplicationMode.On = true;
        builder.Services.AddMvcCore();
        return builder;
    }
}
