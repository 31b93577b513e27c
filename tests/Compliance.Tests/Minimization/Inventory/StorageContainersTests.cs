using Azure.Storage.Blobs;
using Compliance.Minimization.Inventory;
using Compliance.Tests.Tenants;

namespace Compliance.Tests.Minimization.Inventory;

/// <summary>Containers as their account lists them, and the days of an immutability policy, which only Resource Manager shows.</summary>
public sealed class StorageContainersTests : IDisposable
{
    private readonly PaperTenant _tenant = new();
    private readonly PaperBlobs _service = new() { Answer = _ => PaperBlobs.Containers("") };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _tenant.Dispose();
        _service.Dispose();
    }

    [Fact]
    public async Task Holds_policies_and_deleted_containers_are_in_the_facts_on_every_page()
    {
        _service.Answer = query =>
            query.Contains("marker", StringComparison.Ordinal)
                ? PaperBlobs.Containers(
                    Container("gone", "<Deleted>true</Deleted>", "<RemainingRetentionDays>5</RemainingRetentionDays>" + Flags(true, true))
                )
                : PaperBlobs.Containers(Container("held", "", Flags(true, false)) + Container("kept", "", Flags(false, true)), "2");
        _tenant.Answer = (_, _) => PaperTenant.Json(200, """{"properties":{"immutabilityPeriodSinceCreationInDays":30} }""");

        var inventory = await ReadAsync();

        Assert.Empty(inventory.Unread);
        Assert.Equal(
            [("held", true, false, null, false, null), ("kept", false, true, 30.0, false, null), ("gone", true, true, null, true, 5)],
            inventory.Containers.Select(c =>
                (c.Name, c.HasLegalHold, c.HasImmutabilityPolicy, c.ImmutableFor?.TotalDays, c.IsDeleted, c.RemainingDays)
            )
        );
        Assert.EndsWith(
            "/storageAccounts/stone/blobServices/default/containers/kept/immutabilityPolicies/default?api-version=2023-05-01",
            Assert.Single(_tenant.Requests),
            StringComparison.Ordinal
        );
        Assert.True(ReadingTests.Declared("GET", "arm", new Uri(_tenant.Requests[0].Split(' ')[1]).AbsolutePath));
        Assert.Contains("include=Deleted,Metadata", Uri.UnescapeDataString(_service.Requests[0].Query), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Holds_that_were_not_shown_are_unknown()
    {
        _service.Answer = _ => PaperBlobs.Containers(Container("data", "", ""));

        var facts = Assert.Single((await ReadAsync()).Containers);

        Assert.Equal((null, null), (facts.HasLegalHold, facts.HasImmutabilityPolicy));
    }

    [Theory]
    [InlineData(403, """{"error":{"code":"AuthorizationFailed","message":"no"} }""", "Reader")]
    [InlineData(200, """{"properties":{"immutabilityPeriodSinceCreationInDays":0} }""", null)]
    [InlineData(200, "{}", null)]
    public async Task The_days_of_a_policy_that_could_not_be_read_are_unread(int status, string json, string? permission)
    {
        _service.Answer = _ => PaperBlobs.Containers(Container("kept", "", Flags(false, true)));
        _tenant.Answer = (_, _) => PaperTenant.Json(status, json);

        var inventory = await ReadAsync();

        Assert.Equal((true, null), (inventory.Containers[0].HasImmutabilityPolicy, inventory.Containers[0].ImmutableFor));
        var unread = Assert.Single(inventory.Unread);
        Assert.Equal(("arm/stone/containers/kept/immutabilityPolicy", permission), (unread.Source, unread.Permission));
    }

    [Fact]
    public async Task An_account_that_refuses_us_is_unread_with_the_role()
    {
        _service.Answer = _ => PaperBlobs.Refused(403, "AuthorizationPermissionMismatch");

        var inventory = await ReadAsync();

        Assert.Empty(inventory.Containers);
        var unread = Assert.Single(inventory.Unread);
        Assert.Equal(("blob/stone", "Storage Blob Data Reader"), (unread.Source, unread.Permission));
    }

    [Fact]
    public async Task Containers_whose_next_page_repeats_have_no_end()
    {
        _service.Answer = _ => PaperBlobs.Containers(Container("data", "", Flags(false, false)), "2");

        Assert.Contains("twice", Assert.Single((await ReadAsync()).Unread).Reason, StringComparison.Ordinal);
    }

    private static string Container(string name, string before, string properties) =>
        $"<Container><Name>{name}</Name>{before}<Properties><Last-Modified>Thu, 01 Apr 2027 06:00:00 GMT</Last-Modified>"
        + $"<Etag>0x1</Etag>{properties}</Properties></Container>";

    private static string Flags(bool hold, bool policy) =>
        $"<HasImmutabilityPolicy>{(policy ? "true" : "false")}</HasImmutabilityPolicy><HasLegalHold>{(hold ? "true" : "false")}"
        + "</HasLegalHold>";

    private Task<ContainerInventory> ReadAsync()
    {
        var client = new BlobServiceClient(
            new Uri("https://stone.blob.core.windows.net"),
            new BlobClientOptions { Transport = _service.Transport, Retry = { MaxRetries = 0 } }
        );
        var data = new DataAccount("stone", client, (_, _) => throw new InvalidOperationException("no batch is sent"));
        return new StorageContainers(_tenant.Connection, new(_tenant.Connection)).ReadAsync(SampleAccount.Named("stone"), data, Stop);
    }
}
