namespace EmbeddedHost.Invocation;

/// <summary>The classes in which functions are looked for.</summary>
internal sealed record FunctionTypes(IReadOnlyList<Type> Types);
