using System.Text.Json;
using Compliance.Ledger.Checkpoints;
using Compliance.Tenants;
using Compliance.Tests.Tenants;

namespace Compliance.Tests.Ledger.Checkpoints;

/// <summary>Azurite has no immutability policies: what Resource Manager says of them stands in its wire format.</summary>
public sealed class WriteOnceTests
{
    private const string AccountId =
        "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/evidence";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("locked with protected appends", true, true, true)]
    [InlineData("not locked", false, true, false)]
    [InlineData("locked without protected appends", true, false, false)]
    [InlineData("neither locked nor with protected appends", false, false, false)]
    public void It_is_claimed_only_when_locked_with_protected_appends(string policy, bool locked, bool appends, bool claimed)
    {
        var verdict = WriteOnceRules.Judge(new ImmutabilityPolicy(locked, 2555, appends), TimeSpan.FromDays(2555));

        Assert.Equal((claimed, false), (verdict.Claimed, verdict.Unknown));
        Texts.Ledger.Expect("immutability policy", policy, [verdict.Reason, verdict.NextStep ?? ""]);
        Assert.Equal(claimed, verdict.NextStep is null);
    }

    [Fact]
    public void It_is_not_claimed_when_the_policy_ends_before_the_time_of_keeping()
    {
        var verdict = WriteOnceRules.Judge(new ImmutabilityPolicy(Locked: true, 2555, ProtectedAppends: true), TimeSpan.FromDays(2556));

        Assert.False(verdict.Claimed);
        Texts.Ledger.Expect("immutability policy: shorter than evidence is kept", verdict.Reason);
        Assert.Contains("immutability-policy extend", verdict.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public void No_policy_and_none_that_can_be_read_claim_nothing()
    {
        Assert.Equal((false, false), WriteOnceRules.Judge(null, TimeSpan.Zero) is var none ? (none.Claimed, none.Unknown) : default);
        Assert.Equal(
            (false, true, "do this"),
            WriteOnceRules.Judge(new WriteOnceUnknownException("refused", "do this")) is var unknown
                ? (unknown.Claimed, unknown.Unknown, unknown.NextStep)
                : default
        );
    }

    [Theory]
    [InlineData(
        """{"properties":{"immutabilityPeriodSinceCreationInDays":2555,"state":"Locked","allowProtectedAppendWrites":true}}""",
        true,
        2555,
        true
    )]
    [InlineData(
        """{"properties":{"immutabilityPeriodSinceCreationInDays":3,"state":"Locked","allowProtectedAppendWritesAll":true}}""",
        true,
        3,
        true
    )]
    [InlineData(
        """{"properties":{"immutabilityPeriodSinceCreationInDays":3,"state":"Unlocked","allowProtectedAppendWrites":false}}""",
        false,
        3,
        false
    )]
    [InlineData("""{"properties":{"immutabilityPeriodSinceCreationInDays":3}}""", false, 3, false)]
    public void A_policy_is_read_as_it_stands(string answer, bool locked, int days, bool appends) =>
        Assert.Equal(new ImmutabilityPolicy(locked, days, appends), Read(answer));

    [Theory]
    [InlineData("""{"properties":{"immutabilityPeriodSinceCreationInDays":0,"state":"Unlocked"}}""")]
    [InlineData("""{"properties":{}}""")]
    public void A_container_without_a_policy_answers_with_no_days(string answer) => Assert.Null(Read(answer));

    [Fact]
    public void An_answer_without_properties_is_not_no_policy() => Assert.Throws<IncompleteReadException>(() => Read("{}"));

    [Fact]
    public async Task A_refusal_is_unknown_and_names_the_permission_and_its_grant()
    {
        await using var reader = await Reader.StartAsync("arm/subscriptions/* => status=403");

        var e = await Assert.ThrowsAsync<WriteOnceUnknownException>(() =>
            new ResourceManagerWriteOnce(reader.Get<TenantConnection>(), AccountId).ReadAsync(Stop)
        );

        Assert.Contains("403", e.Message, StringComparison.Ordinal);
        Assert.Contains(
            $"--role 'Reader' --scope '{AccountId}/blobServices/default/containers/ledger'",
            e.Remedy,
            StringComparison.Ordinal
        );
        var asked = Assert.Single(reader.Sandbox.Requests, r => r.Host == "arm");
        Assert.EndsWith(
            DeclaredCall.LedgerImmutability.Path["/subscriptions/{*id}".Length..],
            asked.Path.Split('?')[0],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_account_that_is_not_there_and_one_that_is_not_named_are_unknown()
    {
        await using var reader = await Reader.StartAsync();
        var tenant = reader.Get<TenantConnection>();

        await Assert.ThrowsAsync<WriteOnceUnknownException>(() => new ResourceManagerWriteOnce(tenant, AccountId).ReadAsync(Stop));
        var e = await Assert.ThrowsAsync<WriteOnceUnknownException>(() => new ResourceManagerWriteOnce(tenant, null).ReadAsync(Stop));

        Assert.Contains(EvidenceOptions.AccountSetting, e.Message, StringComparison.Ordinal);
    }

    private static ImmutabilityPolicy? Read(string answer)
    {
        using var json = JsonDocument.Parse(answer);
        return ResourceManagerWriteOnce.Read(json.RootElement);
    }
}
