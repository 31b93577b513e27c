namespace EmbeddedHost.Hosting;

/// <summary>The host cannot start as it is configured; the message says what is wrong and where.</summary>
internal sealed class StartupException : InvalidOperationException
{
    public StartupException()
    {
    }

    public StartupException(string message)
        : base(message)
    {
    }

    public StartupException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
