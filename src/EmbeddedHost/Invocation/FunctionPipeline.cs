namespace EmbeddedHost.Invocation;

/// <summary>The app's middleware in the order it was added, with the function itself at the end.</summary>
internal sealed class FunctionPipeline
{
    private readonly FunctionExecutionDelegate _first;

    public FunctionPipeline(IReadOnlyList<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware, FunctionExecutionDelegate function) =>
        _first = middleware.Reverse().Aggregate(function, (next, piece) => piece(next));

    public Task RunAsync(FunctionContext context) => _first(context);
}
