namespace Compliance.Credentials;

/// <summary>
/// A message about a Key Vault object that cannot be taken in. It lists every problem as field and rule and repeats no value.
/// </summary>
public sealed class VaultEventException : FormatException
{
    internal VaultEventException(IReadOnlyList<string> problems, string key, Exception? inner = null)
        : base($"Key Vault event {key} cannot be taken in: {string.Join("; ", problems)}", inner)
    {
        Problems = problems;
        Key = key;
    }

    /// <summary>Each problem: field and rule.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>
    /// Names the event in the finding: <c>kv-</c> and 24 hex digits derived from CloudEvents source and id where both can be read, else
    /// <c>kv-unread-</c> and as many of the message's own SHA-256.
    /// </summary>
    public string Key { get; }
}
