using Compliance.Credentials;
using Compliance.Credentials.Inventory;
using Compliance.Tests.Credentials.Policy;
using Compliance.Tests.Tenants;

namespace Compliance.Tests.Credentials.Inventory;

/// <summary>What a key's rotation policy has to be for the key to rotate by itself.</summary>
public sealed class RotationPolicyTests : IDisposable
{
    private const string Key = "https://kv.vault.localhost:7443/keys/signing";

    private readonly PaperTenant _tenant = new();

    public void Dispose() => _tenant.Dispose();

    [Theory]
    [InlineData("""{"lifetimeActions":[{"trigger":{"timeAfterCreate":"P90D"},"action":{"type":"Rotate"}}]}""", true)]
    [InlineData("""{"lifetimeActions":[{"action":{"type":"notify"}},{"action":{"type":"rotate"}}]}""", true)]
    [InlineData("""{"lifetimeActions":[{"trigger":{"timeBeforeExpiry":"P30D"},"action":{"type":"notify"}}]}""", false)]
    [InlineData("""{"lifetimeActions":[{"trigger":{"timeBeforeExpiry":"P30D"}},{"action":{}}]}""", false)]
    [InlineData("""{"lifetimeActions":[]}""", false)]
    [InlineData("""{"lifetimeActions":{}}""", false)]
    [InlineData("{}", false)]
    public async Task A_key_rotates_by_a_policy_that_rotates_it_and_not_by_one_that_sends_a_notice(string policy, bool rotates)
    {
        var answer = await AnswerAsync(200, policy);

        Assert.Equal((rotates, null), (answer.Rotates, answer.Unread));
        Assert.Equal($"GET {Key}/rotationpolicy?api-version=7.6", Assert.Single(_tenant.Requests));
    }

    [Fact]
    public async Task A_key_without_a_policy_does_not_rotate() => Assert.False((await AnswerAsync(404, "{}")).Rotates);

    [Fact]
    public async Task Whether_a_key_rotates_is_not_known_where_its_policy_is_refused()
    {
        var answer = await AnswerAsync(403, """{"error":{"code":"Forbidden","message":"no"}}""");

        Assert.Null(answer.Rotates);
        Assert.NotNull(answer.Unread);
    }

    private async Task<RotationPolicyAnswer> AnswerAsync(int status, string body)
    {
        _tenant.Answer = (_, _) => PaperTenant.Json(status, body);
        var answers = await new RotationPolicies(_tenant.Connection).ReadAsync(
            [Given.Credential(CredentialKind.VaultKey, id: Key)],
            TestContext.Current.CancellationToken
        );
        return answers[Key];
    }
}
