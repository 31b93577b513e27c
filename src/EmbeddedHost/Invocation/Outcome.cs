namespace EmbeddedHost.Invocation;

/// <summary>How a run ended; <see cref="Error"/> is null when it went well.</summary>
internal sealed record Outcome(string InvocationId, Exception? Error)
{
    public bool Succeeded => Error is null;
}
