using System.Text;
using System.Text.Json.Nodes;
using Compliance.Credentials;

namespace ComplianceFunctions.Tests;

public sealed class VaultObjectEventTests
{
    private const string Stored =
        """
        {"vault":"kv-hr","collection":"secrets","objectName":"db","eventType":"Microsoft.KeyVault.SecretNearExpiry",
         "runId":"kv-0123456789abcdef01234567"}
        """;

    [Theory]
    [InlineData("Microsoft.KeyVault.SecretNearExpiry", "secrets")]
    [InlineData("Microsoft.KeyVault.SecretExpired", "secrets")]
    [InlineData("Microsoft.KeyVault.KeyNewVersionCreated", "keys")]
    [InlineData("Microsoft.KeyVault.CertificateNearExpiry", "certificates")]
    public void An_event_names_the_object_to_check_again_as_it_is_and_in_Base64(string type, string collection)
    {
        var text = With("type", $"\"{type}\"");

        var changed = Read(text)!;

        Assert.Equal(("kv-hr", collection, "db", type), (changed.Vault, changed.Collection, changed.ObjectName, changed.EventType));
        Assert.Equal(changed, Read(Base64(text)));
    }

    [Fact]
    public void A_redelivered_event_is_the_same_run_and_another_event_is_not()
    {
        var (first, again, other) = (Read(With())!, Read(With("time", "\"2026-11-21T08:00:00Z\""))!, Read(With("id", "\"e2\""))!);

        Assert.Equal(first.RunId, again.RunId);
        Assert.NotEqual(first.RunId, other.RunId);
        Assert.Matches("^kv-[0-9a-f]{24}$", first.RunId);
    }

    [Fact]
    public void A_message_of_an_earlier_version_is_read_as_it_is_and_in_Base64()
    {
        var expected = new VaultObjectEvent("kv-hr", "secrets", "db", "Microsoft.KeyVault.SecretNearExpiry", "kv-0123456789abcdef01234567");

        Assert.Equal((expected, expected), (Read(Stored), Read(Base64(Stored))));
    }

    [Fact]
    public void A_key_vault_event_about_something_else_is_passed_over_by_its_type()
    {
        Assert.Null(VaultObjectEvent.Read(With("type", "\"Microsoft.KeyVault.VaultAccessPolicyChanged\""), out var type));
        Assert.Equal("Microsoft.KeyVault.VaultAccessPolicyChanged", type);
    }

    [Theory]
    [InlineData(
        "data",
        "[]",
        "data.VaultName must be 3 to 24 letters, digits and hyphens; data.ObjectName must be 1 to 127 letters, digits and hyphens"
    )]
    [InlineData(
        "data",
        null,
        "data.VaultName must be 3 to 24 letters, digits and hyphens; data.ObjectName must be 1 to 127 letters, digits and hyphens"
    )]
    [InlineData("data", """{"VaultName":"../x","ObjectName":"db"}""", "data.VaultName must be 3 to 24 letters, digits and hyphens")]
    [InlineData(
        "data",
        """{"VaultName":"kv-hr","ObjectName":"db/../../keys"}""",
        "data.ObjectName must be 1 to 127 letters, digits and hyphens"
    )]
    [InlineData("data", """{"VaultName":"kv-hr","ObjectName":"\ud800"}""", "data.ObjectName must be 1 to 127 letters, digits and hyphens")]
    [InlineData("specversion", "\"0.3\"", "specversion: allowed: 1.0")]
    [InlineData("specversion", null, "specversion: missing")]
    [InlineData("type", null, "type: missing")]
    [InlineData("type", "\"hr.employee.terminated\"", "type: must begin with Microsoft.KeyVault.")]
    public void A_malformed_event_is_refused_with_the_field_and_the_rule_and_named_by_source_and_id(
        string path,
        string? json,
        string problems
    )
    {
        var refused = Assert.Throws<VaultEventException>(() => Read(With(path, json)));

        Assert.Equal((problems, Read(With())!.RunId), (string.Join("; ", refused.Problems), refused.Key));
    }

    [Theory]
    [InlineData("id", "7", "id: must be text that is not empty")]
    [InlineData("source", null, "source: missing")]
    public void An_event_that_names_itself_by_no_source_or_id_is_named_by_its_text(string path, string? json, string problem)
    {
        var refused = Assert.Throws<VaultEventException>(() => Read(With(path, json)));

        Assert.Equal([problem], refused.Problems);
        Assert.Matches("^kv-unread-[0-9a-f]{24}$", refused.Key);
    }

    [Fact]
    public void An_event_in_the_Event_Grid_schema_is_refused_with_what_to_change()
    {
        const string Delivered =
            """
            {"id":"e1","topic":"/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv-hr","subject":"db",
             "eventType":"Microsoft.KeyVault.SecretExpired","data":{"VaultName":"kv-hr","ObjectType":"Secret","ObjectName":"db"},
             "dataVersion":"1","metadataVersion":"1","eventTime":"2026-11-20T08:00:00Z"}
            """;

        var refused = Assert.Throws<VaultEventException>(() => Read(Delivered));

        Assert.Equal(
            [
                "the event is in the Event Grid schema, and only CloudEvents 1.0 are taken in: replace the event subscription by one "
                    + "with --event-delivery-schema cloudeventschemav1_0",
            ],
            refused.Problems
        );
    }

    [Theory]
    [InlineData("nonsense", "the message is neither a JSON object nor Base64 of one")]
    [InlineData("null", "the message is neither a JSON object nor Base64 of one")]
    [InlineData("[]", "the message must be a JSON object")]
    [InlineData("{}", "specversion: missing; id: missing; source: missing; type: missing")]
    [InlineData("""{"vault":7}""", "the message is not a Key Vault object: a value of it is no text")]
    [InlineData(
        """{"vault":"kv-hr","collection":"certs","objectName":"db","eventType":"manual","runId":"../x"}""",
        "the collection must be secrets, keys or certificates; eventType: must be the type of an event about a secret, key or "
            + "certificate; runId: must be 1 to 64 letters, digits and hyphens"
    )]
    public void A_message_that_is_no_object_is_refused_and_named_by_its_text(string message, string problems)
    {
        var refused = Assert.Throws<VaultEventException>(() => Read(message));

        Assert.Equal(problems, string.Join("; ", refused.Problems));
        Assert.Matches("^kv-unread-[0-9a-f]{24}$", refused.Key);
    }

    private static VaultObjectEvent? Read(string message) => VaultObjectEvent.Read(message, out _);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    // An event as Event Grid delivers it, with one attribute changed; null takes it away.
    private static string With(string? name = null, string? json = null)
    {
        const string Placeholder = "@";
        var made = JsonNode
            .Parse(
                """
                {"specversion":"1.0","id":"e1","source":"/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv-hr",
                 "type":"Microsoft.KeyVault.SecretExpired","subject":"db","time":"2026-11-20T08:00:00Z",
                 "data":{"Id":"https://kv-hr.vault.azure.net/secrets/db/1a","VaultName":"kv-hr","ObjectType":"Secret","ObjectName":"db",
                 "Version":"1a","NBF":1,"EXP":2}}
                """
            )!
            .AsObject();
        if (name is not null)
            made.Remove(name);
        if (json is not null)
            made.Add(name!, Placeholder);
        return made.ToJsonString().Replace($"\"{Placeholder}\"", json, StringComparison.Ordinal);
    }
}
