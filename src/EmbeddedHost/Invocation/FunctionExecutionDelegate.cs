namespace EmbeddedHost;

/// <summary>
/// The rest of the pipeline behind a piece of middleware.
/// Stands for Microsoft.Azure.Functions.Worker.Middleware.FunctionExecutionDelegate.
/// </summary>
/// <param name="context">The run it is called for.</param>
/// <returns>Ends when the rest of the pipeline has; fails with what the function threw.</returns>
#pragma warning disable CA1711 // the official name
public delegate Task FunctionExecutionDelegate(FunctionContext context);
#pragma warning restore CA1711
