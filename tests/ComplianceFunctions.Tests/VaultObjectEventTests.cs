using Azure.Messaging;
using Compliance.Credentials;

namespace ComplianceFunctions.Tests;

public sealed class VaultObjectEventTests
{
    private const string Data = """{"Id":"https://kv-hr.vault.azure.net/secrets/db/1a","VaultName":"kv-hr","ObjectType":"Secret","ObjectName":"db","Version":"1a","NBF":1,"EXP":2}""";

    [Theory]
    [InlineData("Microsoft.KeyVault.SecretNearExpiry", "secrets")]
    [InlineData("Microsoft.KeyVault.SecretExpired", "secrets")]
    [InlineData("Microsoft.KeyVault.KeyNewVersionCreated", "keys")]
    [InlineData("Microsoft.KeyVault.CertificateNearExpiry", "certificates")]
    public void An_event_names_the_object_to_check_again(string type, string collection)
    {
        var changed = VaultObjectEvent.From(Event(type, Data))!;

        Assert.Equal(("kv-hr", collection, "db", type), (changed.Vault, changed.Collection, changed.ObjectName, changed.EventType));
        Assert.Equal(changed, VaultObjectEvent.FromMessage(changed.ToMessage()));
    }

    [Fact]
    public void A_redelivered_event_is_the_same_run_and_another_event_is_not()
    {
        var first = VaultObjectEvent.From(Event("Microsoft.KeyVault.SecretExpired", Data))!;
        var again = VaultObjectEvent.From(Event("Microsoft.KeyVault.SecretExpired", Data))!;
        var other = VaultObjectEvent.From(Event("Microsoft.KeyVault.SecretExpired", Data, id: "e2"))!;

        Assert.Equal(first.RunId, again.RunId);
        Assert.NotEqual(first.RunId, other.RunId);
    }

    [Fact]
    public void A_key_vault_event_about_something_else_is_passed_over() =>
        Assert.Null(VaultObjectEvent.From(Event("Microsoft.KeyVault.VaultAccessPolicyChanged", Data)));

    [Theory]
    [InlineData("[]", "event data.VaultName must be a string")]
    [InlineData("""{"VaultName":"kv-hr"}""", "event data.ObjectName must be a string")]
    [InlineData("""{"VaultName":"../x","ObjectName":"db"}""", "VaultName must be 3 to 24 letters, digits and hyphens")]
    [InlineData("""{"VaultName":"kv-hr","ObjectName":"db/../../keys"}""", "ObjectName must be 1 to 127 letters, digits and hyphens")]
    public void A_malformed_event_is_refused_with_the_field_and_the_rule(string data, string message)
    {
        var refused = Assert.Throws<FormatException>(() => VaultObjectEvent.From(Event("Microsoft.KeyVault.SecretExpired", data)));

        Assert.Equal(message, refused.Message);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"vault":"kv-hr","collection":"certs","objectName":"db","eventType":"manual","runId":"kv-1"}""")]
    public void A_message_that_is_no_object_is_refused(string message) =>
        Assert.Throws<FormatException>(() => VaultObjectEvent.FromMessage(message));

    private static CloudEvent Event(string type, string data, string id = "e1") =>
        new("/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv-hr", type, new BinaryData(data), "application/json", CloudEventDataFormat.Json) { Id = id };
}
