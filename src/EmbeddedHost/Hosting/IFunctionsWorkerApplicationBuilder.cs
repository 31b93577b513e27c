using Microsoft.Extensions.DependencyInjection;

namespace EmbeddedHost;

/// <summary>
/// Where middleware is added.
/// Stands for Microsoft.Azure.Functions.Worker.IFunctionsWorkerApplicationBuilder.
/// </summary>
public interface IFunctionsWorkerApplicationBuilder
{
    /// <summary>The app's services.</summary>
    IServiceCollection Services { get; }

    /// <summary>Puts a piece of middleware behind those added so far.</summary>
    /// <param name="middleware">Makes the piece from the rest of the pipeline.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">The application has been built.</exception>
    IFunctionsWorkerApplicationBuilder Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> middleware);
}
