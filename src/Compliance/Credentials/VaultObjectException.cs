namespace Compliance.Credentials;

/// <summary>A Key Vault object could not be checked again.</summary>
public sealed class VaultObjectException : Exception
{
    internal VaultObjectException(string message, bool isUnknown)
        : base(message) => IsUnknown = isUnknown;

    /// <summary>Whether there is no such vault or object, as far as this app is shown; else it could not be read.</summary>
    public bool IsUnknown { get; }

    /// <summary>The reason that a vault is not found.</summary>
    internal static string NotShown(string vault) => $"vault {vault} is in no subscription that is shown to us";
}
