using Compliance.Tests.Tenants;
using SandboxTenant;
using SandboxTenant.Data;

namespace Compliance.Tests.Credentials.Inventory;

public sealed class StorageKeyTests
{
    private const string Subscription = "11111111-aaaa-4bbb-8ccc-000000000001";
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("""{"key1":"2026-11-01T00:00:00Z","key2":"2020-01-01T00:00:00Z"}""", 2020)]
    [InlineData("""{"key1":"2026-11-01T00:00:00Z","key2":null}""", null)]
    public async Task Each_key_of_an_account_has_an_age_of_its_own_and_one_without_a_time_has_none(string times, int? second)
    {
        var tenant = new TenantData()
            .Add("organization", """{"id":"11111111-aaaa-4bbb-8ccc-0000000000aa","displayName":"Case"}""")
            .Add("subscriptions", $$"""{"id":"/subscriptions/{{Subscription}}","subscriptionId":"{{Subscription}}","displayName":"P"}""")
            .Add(
                "resources",
                $$$"""
                {"id":"/subscriptions/{{{Subscription}}}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/one","name":"one",
                 "type":"microsoft.storage/storageaccounts","location":"w","properties":{"keyCreationTime":{{{times}}}}}
                """
            );
        await using var reader = await Reader.StartAsync(options: new SandboxOptions { Now = Now, Tenant = tenant });

        var keys = (await reader.ReadAsync()).All.ToDictionary(c => c.Part, c => c.Started?.Year);

        Assert.Equal((2026, second), (keys["key1"], keys["key2"]));
    }
}
