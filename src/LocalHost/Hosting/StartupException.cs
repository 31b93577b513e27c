namespace LocalHost.Hosting;

/// <summary>The host cannot run as it is configured; the message names what is wrong and where, in one line.</summary>
internal sealed class StartupException(string message, Exception? innerException = null) : Exception(message, innerException);
