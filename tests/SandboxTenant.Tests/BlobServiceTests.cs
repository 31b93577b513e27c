using System.Text.Json.Nodes;

namespace SandboxTenant.Tests;

/// <summary>Blob services and containers as Resource Manager shows them.</summary>
public sealed class BlobServiceTests : IAsyncLifetime
{
    private Sandbox _sandbox = null!;
    private PinnedClients _clients = null!;

    public async ValueTask InitializeAsync()
    {
        _sandbox = await Sandbox.StartAsync(new SandboxOptions { Now = DemoFixture.Now }, TimeProvider.System, CancellationToken.None);
        _clients = new PinnedClients(_sandbox);
    }

    public async ValueTask DisposeAsync()
    {
        _clients.Dispose();
        await _sandbox.DisposeAsync();
    }

    [Fact]
    public async Task A_blob_service_shows_how_it_keeps_data_and_one_that_was_never_changed_keeps_nothing()
    {
        var kept = await PropertiesAsync("ctsml", "blobServices/default");
        var other = await PropertiesAsync("stnwtrainprod", "blobServices/default");

        Assert.Equal("""{"enabled":true,"days":14,"allowPermanentDelete":false}""", kept["deleteRetentionPolicy"]!.ToJsonString());
        Assert.True((bool)kept["isVersioningEnabled"]!);
        Assert.Equal("""{"allowPermanentDelete":false,"enabled":false}""", other["deleteRetentionPolicy"]!.ToJsonString());
        Assert.Equal(404, (await _clients.SendAsync("GET", Account("ctsml") + "x/blobServices/default?api-version=2023-05-01")).Status);
    }

    [Fact]
    public async Task Containers_are_listed_below_their_account_alone_in_pages_of_the_size_asked_for()
    {
        const string Query = "/blobServices/default/containers?api-version=2023-05-01";

        var (items, pages) = await _clients.AllAsync(Account("ctsml") + Query + "&$maxpagesize=2");

        Assert.Equal(["features", "models", "logs"], items.Select(i => (string?)i["name"]));
        Assert.Equal(2, pages);
        Assert.Empty((await _clients.AllAsync(Account("stnwtrainprod") + Query)).Items);
    }

    [Fact]
    public async Task A_container_shows_its_immutability_policy_and_one_without_any_has_no_days()
    {
        var held = Account("ctsraw") + "/blobServices/default/containers/audio";
        _sandbox.Tenant.Add(
            "containers",
            $$"""
            {"id":"{{held}}","name":"audio","properties":{"hasImmutabilityPolicy":true,
            "immutabilityPolicy":{"etag":"\"1\"","properties":{"immutabilityPeriodSinceCreationInDays":30,"state":"Locked"} } } }
            """
        );

        var audio = await PropertiesAsync("ctsraw", "blobServices/default/containers/audio/immutabilityPolicies/default");
        var raw = await PropertiesAsync("ctsraw", "blobServices/default/containers/raw/immutabilityPolicies/default");

        Assert.Equal((30, "Locked"), ((int)audio["immutabilityPeriodSinceCreationInDays"]!, (string?)audio["state"]));
        Assert.Equal(0, (int)raw["immutabilityPeriodSinceCreationInDays"]!);
        Assert.True((bool)(await PropertiesAsync("ctsraw", "blobServices/default/containers/audio"))["hasImmutabilityPolicy"]!);
        foreach (var below in (string[])["", "/immutabilityPolicies/default"])
        {
            var missing = $"{Account("ctsraw")}/blobServices/default/containers/x{below}?api-version=2023-05-01";
            Assert.Equal(404, (await _clients.SendAsync("GET", missing)).Status);
        }
    }

    private async Task<JsonObject> PropertiesAsync(string account, string path)
    {
        var (status, body, _) = await _clients.SendAsync("GET", $"{Account(account)}/{path}?api-version=2023-05-01");
        Assert.Equal(200, status);
        return body!["properties"]!.AsObject();
    }

    private string Account(string name) =>
        _sandbox.Tenant.Resources.All().Single(r => r.Id.EndsWith($"/storageAccounts/{name}", StringComparison.Ordinal)).Id;
}
