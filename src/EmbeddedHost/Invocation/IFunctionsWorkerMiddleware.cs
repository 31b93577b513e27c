namespace EmbeddedHost;

/// <summary>
/// Code around each run of each function.
/// Stands for Microsoft.Azure.Functions.Worker.Middleware.IFunctionsWorkerMiddleware.
/// </summary>
public interface IFunctionsWorkerMiddleware
{
    /// <summary>Runs around a function. Not calling <paramref name="next"/> leaves the function out; the run then counts as a success with no result.</summary>
    /// <param name="context">The run.</param>
    /// <param name="next">The rest of the pipeline.</param>
    /// <returns>Ends when this piece and all behind it have; what it throws fails the run.</returns>
    Task Invoke(FunctionContext context, FunctionExecutionDelegate next);
}
