using Compliance.Credentials;

namespace Compliance.Tests.Credentials;

public sealed class VaultObjectAddressTests
{
    [Theory]
    [InlineData("https://kv-hr.vault.azure.net/secrets/db", "kv-hr", "secrets", "db")]
    [InlineData("https://kv-hr.vault.azure.net/keys/db/", "kv-hr", "keys", "db")]
    public void An_id_names_the_vault_the_collection_and_the_object(string id, string vault, string collection, string name) =>
        Assert.Equal(new VaultObjectAddress(vault, collection, name), VaultObjectAddress.Parse(id));

    [Theory]
    [InlineData("https://kv-hr.vault.azure.net/secrets")]
    [InlineData("0f2c")]
    [InlineData("")]
    public void An_id_of_anything_else_names_no_object(string id) => Assert.Null(VaultObjectAddress.Parse(id));
}
