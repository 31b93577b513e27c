namespace Local;

/// <summary>Something the launcher needs is missing or broken. The message is the one line the user sees.</summary>
internal sealed class LaunchException : Exception
{
    public LaunchException(string message)
        : base(message) { }

    public LaunchException(string message, Exception inner)
        : base(message, inner) { }
}
