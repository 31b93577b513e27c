namespace LocalHost.Hosting;

/// <summary>The host cannot run as it is configured; the message says what is wrong and where.</summary>
internal sealed class StartupException(string message, Exception? innerException = null) : Exception(message, innerException);
