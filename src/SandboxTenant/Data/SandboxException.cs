namespace SandboxTenant.Data;

/// <summary>
/// Something the user gave the sandbox is wrong: a tenant file, a fault rule, a port. The message is one line, fit to be shown as it is.
/// </summary>
internal sealed class SandboxException(string message, Exception? inner = null) : Exception(message, inner);
