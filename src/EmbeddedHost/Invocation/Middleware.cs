namespace EmbeddedHost.Invocation;

/// <summary>The app's middleware in the order it was added.</summary>
internal sealed record Middleware(IReadOnlyList<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> Pieces);
