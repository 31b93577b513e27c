namespace Compliance.Credentials;

/// <summary>What the id of an object in a vault is made of: <c>https://VAULT.HOST/COLLECTION/NAME</c>.</summary>
/// <param name="Vault">Name of the vault.</param>
/// <param name="Collection"><c>secrets</c>, <c>keys</c> or <c>certificates</c>.</param>
/// <param name="Name">Name of the object.</param>
internal readonly record struct VaultObjectAddress(string Vault, string Collection, string Name)
{
    /// <summary>Takes an id apart; null when it names no object in a vault.</summary>
    public static VaultObjectAddress? Parse(string subjectId)
    {
        if (!Uri.TryCreate(subjectId, UriKind.Absolute, out var url))
            return null;
        var path = url.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return path.Length < 2 ? null : new(url.Host.Split('.')[0], path[0], path[1]);
    }
}
