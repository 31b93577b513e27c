using System.Security.Cryptography;
using Compliance.Offboarding;
using Compliance.Storage;
using Compliance.Tests.Offboarding.Intake;
using Testing;

namespace Compliance.Tests.Storage;

public sealed class BlobDocumentStoreOnAzuriteTests(AzuriteFixture accounts) : BlobDocumentStoreTests(accounts);

public sealed class BlobDocumentStoreInMemoryTests(MemoryStorageFixture accounts) : BlobDocumentStoreTests(accounts);

public abstract class BlobDocumentStoreTests(StorageFixture accounts)
{
    private const string Container = "documents";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_document_comes_back_as_it_was_and_its_digest_is_that_of_its_bytes()
    {
        var documents = Documents();
        var snapshot = new AccessSnapshot(
            "t",
            "u",
            Hr.Now,
            [
                new()
                {
                    Kind = AccessKind.AzureRole,
                    Id = "/subscriptions/1",
                    Name = "Ünï",
                    Asset = AssetClass.ProductionModel,
                    Details = new Dictionary<string, string> { ["b"] = "2" },
                },
            ],
            []
        );

        var sha = await documents.SaveAsync("leaver-docs-1/1/snapshot.json", snapshot, Stop);

        var bytes = (await documents.LoadBytesAsync("leaver-docs-1/1/snapshot.json", Stop))!.ToArray();
        Assert.Equal(sha, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        var loaded = (await documents.LoadAsync<AccessSnapshot>("leaver-docs-1/1/snapshot.json", Stop))!;
        Assert.Equivalent(snapshot, loaded, strict: true);
        Assert.Equal(sha, await documents.SaveAsync("leaver-docs-1/1/snapshot.json", loaded, Stop));
    }

    [Fact]
    public async Task The_very_same_is_not_written_again_and_another_one_replaces_it()
    {
        var documents = Documents();
        var blob = accounts.Blobs.GetBlobContainerClient(Container).GetBlobClient("leaver-docs-2/1/page.html");
        await documents.SaveTextAsync("leaver-docs-2/1/page.html", "text/html; charset=utf-8", "<p>ü", Stop);
        var written = (await blob.GetPropertiesAsync(cancellationToken: Stop)).Value;

        await documents.SaveTextAsync("leaver-docs-2/1/page.html", "text/html; charset=utf-8", "<p>ü", Stop);
        Assert.Equal(written.ETag, (await blob.GetPropertiesAsync(cancellationToken: Stop)).Value.ETag);
        await documents.SaveTextAsync("leaver-docs-2/1/page.html", "text/html; charset=utf-8", "<p>ö", Stop);

        Assert.Equal("<p>ö", (await documents.LoadBytesAsync("leaver-docs-2/1/page.html", Stop))!.ToString());
        Assert.Equal("text/html; charset=utf-8", (await blob.GetPropertiesAsync(cancellationToken: Stop)).Value.ContentType);
    }

    [Fact]
    public async Task Many_who_change_a_document_at_once_lose_no_change()
    {
        const string name = "leaver-docs-3/1/state.json";
        await Task.WhenAll(
            Enumerable
                .Range(0, 12)
                .Select(n => Task.Run(() => Documents().ChangeAsync<Numbers>(name, known => new([.. known?.All ?? [], n]), Stop), Stop))
        );

        Assert.Equal(Enumerable.Range(0, 12), (await Documents().LoadAsync<Numbers>(name, Stop))!.All.Order());
    }

    [Fact]
    public async Task What_is_not_there_is_null()
    {
        Assert.Null(await Documents().LoadAsync<AccessSnapshot>("leaver-docs-none/1/snapshot.json", Stop));
        Assert.Null(await Documents().LoadBytesAsync("leaver-docs-none/1/page.html", Stop));
    }

    [Theory]
    [InlineData("../other/snapshot.json")]
    [InlineData("leaver-1//x.json")]
    [InlineData("/x.json")]
    [InlineData("a\\b.json")]
    public async Task No_name_climbs_out_of_its_container(string name) =>
        await Assert.ThrowsAsync<ArgumentException>(() => Documents().SaveTextAsync(name, "text/plain", "", Stop));

    private sealed record Numbers(IReadOnlyList<int> All);

    private BlobDocumentStore Documents() => new(Faults.Storage(accounts), Container);
}
