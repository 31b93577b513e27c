using Compliance.Minimization.Inventory;
using Compliance.Tenants;
using Compliance.Tests.Tenants;
using SandboxTenant;
using SandboxTenant.Demo;

namespace Compliance.Tests.Minimization.Inventory;

/// <summary>Storage accounts as Resource Manager shows them: the demo tenant's, and answers that are not what they claim to be.</summary>
public sealed class StorageAccountsTests : IDisposable
{
    private const string Id = "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stone";
    private const string Endpoint = """{"primaryEndpoints":{"blob":"https://stone.blob.core.windows.net/"}}""";

    private readonly PaperTenant _tenant = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _tenant.Dispose();

    [Fact]
    public async Task Every_account_of_the_demo_is_read_with_how_it_keeps_data()
    {
        await using var reader = await Reader.StartAsync();

        var inventory = await Accounts(reader).ReadAsync(Stop);

        Assert.Empty(inventory.Unread);
        Assert.Equal(16, inventory.Accounts.Count);
        Assert.All(inventory.Accounts, a => Assert.NotNull(a.BlobService));
        var raw = inventory.Accounts.Single(a => a.Name == "ctsraw");
        Assert.Equal(
            ("rg-training", "westeurope", "StorageV2", false, "https://ctsraw.blob.core.windows.net/"),
            (raw.ResourceGroup, raw.Location, raw.Kind, raw.IsHierarchical, raw.BlobEndpoint!.ToString())
        );
        Assert.Equal(
            new BlobServiceFacts
            {
                IsVersioned = true,
                SoftDeleteDays = 7,
                ContainerSoftDeleteDays = 7,
                AllowsPermanentDelete = false,
                TracksLastAccess = true,
                HasChangeFeed = true,
                HasPointInTimeRestore = false,
            },
            raw.BlobService
        );
        Assert.Equal("dev", inventory.Accounts.Single(a => a.Name == "ctsdev").Tags["Environment"]);
        Assert.True(inventory.Accounts.Single(a => a.Name == "ctsexports").IsHierarchical);
        // An account that was never configured keeps nothing.
        Assert.Equal((false, null), (Kept("stnwtrainprod").IsVersioned, Kept("stnwtrainprod").SoftDeleteDays));

        BlobServiceFacts Kept(string name) => inventory.Accounts.Single(a => a.Name == name).BlobService!;
    }

    [Theory]
    [InlineData("Microsoft.Storage/storageAccounts/read", "storageAccounts", 3)]
    [InlineData("Microsoft.Storage/storageAccounts/blobServices/read", "blobServices", 16)]
    public async Task A_missing_permission_is_named_with_its_grant_for_each_place(string denied, string source, int count)
    {
        await using var reader = await Reader.StartAsync(options: new SandboxOptions { Now = Reader.Now, WithoutPermissions = [denied] });

        var inventory = await Accounts(reader).ReadAsync(Stop);

        // What a role takes away of reading makes the whole subscription one that is partly shown, too.
        var unread = inventory.Unread.Where(u => u.Source.EndsWith(source, StringComparison.Ordinal)).ToList();
        Assert.Equal(count, unread.Count);
        Assert.All(
            unread,
            u =>
            {
                Assert.Equal("Reader", u.Permission);
                Assert.StartsWith("403, refused: AuthorizationFailed", u.Reason, StringComparison.Ordinal);
                Assert.EndsWith($"--role 'Reader' --scope '{u.ResourceId}'", u.Remedy, StringComparison.Ordinal);
            }
        );
        Assert.Equal(source == "storageAccounts" ? 0 : 16, inventory.Accounts.Count);
        Assert.All(inventory.Accounts, a => Assert.Null(a.BlobService));
    }

    [Fact]
    public async Task A_subscription_of_which_only_parts_are_shown_is_unread_and_what_is_shown_is_read()
    {
        await using var reader = await Reader.StartAsync(options: new SandboxOptions { Now = Reader.Now, WithoutPermissions = ["*/read"] });

        var inventory = await Accounts(reader).ReadAsync(Stop);

        Assert.Equal(3, inventory.Unread.Count);
        Assert.All(inventory.Unread, u => Assert.EndsWith("/permissions", u.Source, StringComparison.Ordinal));
        Assert.Equal(16, inventory.Accounts.Count);
    }

    [Fact]
    public async Task An_identity_without_any_role_is_unread_and_not_an_empty_tenant()
    {
        await using var reader = await Reader.StartAsync();
        foreach (var subscription in reader.Sandbox.Tenant.Set("subscriptions").All().Select(e => e.Id))
            reader.Sandbox.Tenant.Remove("subscriptions", subscription);

        var inventory = await Accounts(reader).ReadAsync(Stop);

        Assert.Empty(inventory.Accounts);
        Assert.Equal(("arm/subscriptions", "Reader"), (Assert.Single(inventory.Unread).Source, inventory.Unread[0].Permission));
    }

    [Theory]
    [InlineData("arm/subscriptions => status=500", "arm/subscriptions", "500")]
    [InlineData("arm/subscriptions/*/storageAccounts => nextlink=repeat", "/storageAccounts", "twice")]
    [InlineData("arm/subscriptions/*/storageAccounts => nextlink=https://evil.localhost/x", "/storageAccounts", "another host")]
    [InlineData("arm/subscriptions/*/storageAccounts => status=429", "/storageAccounts", "429, still throttled")]
    [InlineData("arm/subscriptions/*/permissions => malformed", "/permissions", "not valid JSON")]
    [InlineData("arm/*/ctsraw/blobServices/default => status=404", "arm/ctsraw/blobServices", "404")]
    [InlineData("arm/*/ctsraw/blobServices/default => cut=30", "arm/ctsraw/blobServices", "not valid JSON")]
    public async Task A_source_that_fails_is_unread_with_its_reason(string fault, string source, string reason)
    {
        await using var reader = await Reader.StartAsync(fault);

        var inventory = await Accounts(reader).ReadAsync(Stop);

        Assert.NotEmpty(inventory.Unread);
        Assert.All(
            inventory.Unread,
            u =>
            {
                Assert.EndsWith(source, u.Source, StringComparison.Ordinal);
                Assert.Contains(reason, u.Reason, StringComparison.Ordinal);
                Assert.NotEmpty(u.Remedy);
            }
        );
    }

    [Fact]
    public async Task Every_page_is_read_and_an_account_that_comes_twice_counts_once()
    {
        const string Next = "https://localhost:7443/subscriptions/s1/providers/Microsoft.Storage/storageAccounts?page=2";
        Answer(
            ($$"""{"value":[{{Account("stone", Endpoint)}}],"nextLink":"{{Next}}"}""", "storageAccounts?api-version"),
            ($$"""{"value":[{{Account("STONE", Endpoint)}},{{Account("sttwo", "{}")}}]}""", "storageAccounts?page=2")
        );

        var inventory = await new StorageAccounts(_tenant.Connection, new(_tenant.Connection)).ReadAsync(Stop);

        Assert.Empty(inventory.Unread);
        Assert.Equal(["STONE", "sttwo"], inventory.Accounts.Select(a => a.Name));
        // An account without a blob service, such as one for file shares, is asked for none.
        Assert.Null(inventory.Accounts[1].BlobEndpoint);
        Assert.DoesNotContain(_tenant.Requests, r => r.Contains("sttwo/blobServices", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"name":"stone"}""", "without 'id'")]
    [InlineData("""{"id":"/subscriptions/s1/x"}""", "another form")]
    [InlineData($$"""{"id":"{{Id}}","kind":"StorageV2","location":"west"}""", "without 'properties'")]
    [InlineData($$"""{"id":"{{Id}}","location":"west","properties":{} }""", "without 'kind'")]
    [InlineData($$"""{"id":"{{Id}}","kind":"S","location":"w","properties":{"primaryEndpoints":{"blob":"x"} } }""", "no address")]
    public async Task An_account_without_what_every_account_has_makes_the_list_incomplete(string account, string reason)
    {
        Answer(($$"""{"value":[{{account}}]}""", "storageAccounts?"));

        var inventory = await new StorageAccounts(_tenant.Connection, new(_tenant.Connection)).ReadAsync(Stop);

        Assert.Contains(reason, Assert.Single(inventory.Unread).Reason, StringComparison.Ordinal);
        Assert.Empty(inventory.Accounts);
    }

    [Theory]
    [InlineData("{}", "without 'properties'")]
    [InlineData("""{"properties":{"deleteRetentionPolicy":{"enabled":true}}}""", "has no days")]
    [InlineData("""{"properties":{"containerDeleteRetentionPolicy":{"enabled":true,"days":"7"}}}""", "has no days")]
    public async Task A_blob_service_that_cannot_be_understood_is_unread_and_never_one_without_soft_delete(string service, string reason)
    {
        Answer(($$"""{"value":[{{Account("stone", Endpoint)}}]}""", "storageAccounts?"), (service, "blobServices/default"));

        var inventory = await new StorageAccounts(_tenant.Connection, new(_tenant.Connection)).ReadAsync(Stop);

        Assert.Contains(reason, Assert.Single(inventory.Unread).Reason, StringComparison.Ordinal);
        Assert.Null(Assert.Single(inventory.Accounts).BlobService);
    }

    [Fact]
    public async Task Every_request_is_one_that_is_declared_with_its_permission()
    {
        await using var reader = await Reader.StartAsync();
        await Accounts(reader).ReadAsync(Stop);

        var undeclared = reader
            .Sandbox.Requests.Where(r => r.Host != "login")
            .Where(r => !ReadingTests.Declared(r.Method, r.Host, r.Path))
            .Select(r => $"{r.Method} {r.Host}{r.Path}");

        Assert.Equal(DemoStorage.Accounts.Count + 12 + 3 + 3 + 1, reader.Sandbox.Requests.Count(r => r.Host == "arm"));
        Assert.Empty(undeclared);
    }

    private static StorageAccounts Accounts(Reader reader) => new(reader.Get<TenantConnection>(), reader.Get<ResourceManagerReader>());

    private static string Account(string name, string properties) =>
        $$"""
        {"id":"{{Id.Replace("stone", name, StringComparison.Ordinal)}}","name":"{{name}}","kind":"StorageV2","location":"westeurope",
        "properties":{{properties}}}
        """;

    // One subscription, all of which is shown; the rest as given, by a part of the address.
    private void Answer(params (string Json, string Part)[] answers) =>
        _tenant.Answer = (request, _) =>
        {
            var address = request.RequestUri!.ToString();
            if (address.Contains("/permissions?", StringComparison.Ordinal))
                return PaperTenant.Json(200, """{"value":[{"actions":["*/read"]}]}""");
            if (answers.FirstOrDefault(a => address.Contains(a.Part, StringComparison.Ordinal)).Json is { } json)
                return PaperTenant.Json(200, json);
            return PaperTenant.Json(
                200,
                address.Contains("blobServices", StringComparison.Ordinal)
                    ? """{"properties":{}}"""
                    : """{"value":[{"id":"/subscriptions/s1","subscriptionId":"s1","displayName":"one"}]}"""
            );
        };
}
