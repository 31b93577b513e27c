using System.Text;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Testing;
using static Simulation.Tests.Storage.StoragePlace;

namespace Simulation.Tests.Storage;

public sealed class AzuriteBlobTests(AzuriteFixture azurite) : BlobContract(StoragePlace.On(azurite));

public sealed class MemoryBlobTests() : BlobContract(InMemory())
{
    // As Azure has both; Azurite writes the blob, and answers a range that begins at the end with no bytes.
    [Fact]
    public async Task A_blob_that_is_not_there_matches_nothing_and_no_range_begins_at_the_end_of_one()
    {
        var blob = (await Place.ContainerAsync("azure")).GetBlobClient("b");
        var there = new BlobUploadOptions { Conditions = new() { IfMatch = ETag.All } };

        Assert.Equal(
            (412, "ConditionNotMet"),
            await RefusalAsync(() => blob.UploadAsync(new BinaryData(""), there, TestContext.Current.CancellationToken))
        );
        await blob.UploadAsync(new BinaryData(""), TestContext.Current.CancellationToken);
        Assert.Equal(
            (416, "InvalidRange"),
            await RefusalAsync(() => blob.DownloadStreamingAsync(new() { Range = new(0, 5) }, TestContext.Current.CancellationToken))
        );
        await blob.UploadAsync(new BinaryData("ten bytes!"), overwrite: true, TestContext.Current.CancellationToken);
        Assert.Equal(
            (416, "InvalidRange"),
            await RefusalAsync(() => blob.DownloadStreamingAsync(new() { Range = new(10) }, TestContext.Current.CancellationToken))
        );
    }
}

/// <summary>What the app relies on in the blob service, for block blobs.</summary>
public abstract class BlobContract(StoragePlace place)
{
    protected StoragePlace Place => place;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_container_is_made_once_and_is_gone_once_it_is_deleted()
    {
        var container = place.Blobs.GetBlobContainerClient("once");
        var blob = container.GetBlobClient("b");

        Assert.Equal((404, "ContainerNotFound"), await RefusalAsync(() => blob.UploadAsync(new BinaryData("a"), Stop)));
        Assert.Equal((404, "ContainerNotFound"), await RefusalAsync(() => blob.DownloadContentAsync(Stop)));
        Assert.Equal((404, "ContainerNotFound"), await RefusalAsync(() => blob.GetPropertiesAsync(cancellationToken: Stop)));
        Assert.Equal((404, "ContainerNotFound"), await RefusalAsync(() => NamesAsync(container)));
        Assert.False(await container.ExistsAsync(Stop));
        Assert.False(await blob.ExistsAsync(Stop));
        Assert.False(await blob.DeleteIfExistsAsync(cancellationToken: Stop));
        Assert.Equal(201, (await container.CreateIfNotExistsAsync(cancellationToken: Stop)).GetRawResponse().Status);
        Assert.Null(await container.CreateIfNotExistsAsync(cancellationToken: Stop));
        Assert.Equal((409, "ContainerAlreadyExists"), await RefusalAsync(() => container.CreateAsync(cancellationToken: Stop)));
        Assert.True(await container.ExistsAsync(Stop));
        Assert.Equal(
            "once",
            await place
                .Blobs.GetBlobContainersAsync(BlobContainerTraits.None, BlobContainerStates.None, "once", Stop)
                .Select(c => c.Name)
                .SingleAsync(Stop)
        );
        Assert.Equal(202, (await container.DeleteAsync(cancellationToken: Stop)).Status);
    }

    [Fact]
    public async Task A_blob_comes_back_as_it_was_written()
    {
        var container = await place.ContainerAsync("whole");
        var blob = container.GetBlobClient("a/b c/d+é%.json");
        var options = new BlobUploadOptions
        {
            HttpHeaders = new() { ContentType = "application/json", CacheControl = "no-store" },
            Metadata = new Dictionary<string, string> { ["run"] = "7" },
        };

        var written = await blob.UploadAsync(new BinaryData("""{"a":"é"}"""), options, Stop);
        var read = await blob.DownloadContentAsync(Stop);
        var properties = (await blob.GetPropertiesAsync(cancellationToken: Stop)).Value;

        Assert.Equal(201, written.GetRawResponse().Status);
        Assert.Equal(
            ("""{"a":"é"}""", "application/json", 10L, written.Value.ETag),
            (read.Value.Content.ToString(), read.Value.Details.ContentType, read.Value.Details.ContentLength, read.Value.Details.ETag)
        );
        Assert.Equal(
            ("application/json", "no-store", "run=7", BlobType.Block, 10L, written.Value.ETag, written.Value.LastModified),
            (
                properties.ContentType,
                properties.CacheControl,
                string.Join(',', properties.Metadata.Select(m => $"{m.Key}={m.Value}")),
                properties.BlobType,
                properties.ContentLength,
                properties.ETag,
                properties.LastModified
            )
        );
        Assert.Equal(properties.CreatedOn, read.Value.Details.CreatedOn);
        Assert.Equal(["a/b c/d+é%.json"], await NamesAsync(container));
    }

    [Fact]
    public async Task A_write_is_held_to_its_conditions()
    {
        var container = await place.ContainerAsync("conditions");
        var blob = container.GetBlobClient("b");
        Task<Response<BlobContentInfo>> Write(string text, BlobRequestConditions? conditions) =>
            blob.UploadAsync(new BinaryData(text), new BlobUploadOptions { Conditions = conditions }, Stop);

        Assert.Equal((412, "ConditionNotMet"), await RefusalAsync(() => Write("none", new() { IfMatch = new("\"0x1\"") })));
        var first = (await Write("1", new() { IfNoneMatch = ETag.All })).Value.ETag;
        Assert.Equal((409, "BlobAlreadyExists"), await RefusalAsync(() => Write("2", new() { IfNoneMatch = ETag.All })));
        Assert.Equal((409, "BlobAlreadyExists"), await RefusalAsync(() => blob.UploadAsync(new BinaryData("2"), overwrite: false, Stop)));
        var second = (await Write("2", new() { IfMatch = first })).Value.ETag;
        Assert.Equal((412, "ConditionNotMet"), await RefusalAsync(() => Write("3", new() { IfMatch = first })));
        Assert.Equal((412, "ConditionNotMet"), await RefusalAsync(() => Write("3", new() { IfNoneMatch = second })));
        Assert.Equal(
            (412, "ConditionNotMet"),
            await RefusalAsync(() => blob.DeleteAsync(conditions: new() { IfMatch = first }, cancellationToken: Stop))
        );
        Assert.NotEqual(first, second);
        Assert.Equal("2", (await blob.DownloadContentAsync(Stop)).Value.Content.ToString());
        Assert.True(await blob.DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, new() { IfMatch = second }, Stop));
        Assert.False(await blob.DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: Stop));
        Assert.Equal((404, "BlobNotFound"), await RefusalAsync(() => blob.DownloadContentAsync(Stop)));
        Assert.Equal((404, "BlobNotFound"), await RefusalAsync(() => blob.GetPropertiesAsync(cancellationToken: Stop)));
    }

    [Fact]
    public async Task A_read_is_held_to_its_conditions()
    {
        var container = await place.ContainerAsync("reads");
        var blob = container.GetBlobClient("b");
        var tag = (await blob.UploadAsync(new BinaryData("a"), Stop)).Value.ETag;
        Task<Response<BlobDownloadStreamingResult>> Read(BlobRequestConditions conditions) =>
            blob.DownloadStreamingAsync(new() { Conditions = conditions }, Stop);

        var unchanged = await Read(new() { IfNoneMatch = tag });

        // The client makes an answer of 304, no exception.
        Assert.Equal(304, unchanged.GetRawResponse().Status);
        Assert.Equal((412, "ConditionNotMet"), await RefusalAsync(() => Read(new() { IfMatch = new("\"0x1\"") })));
        Assert.Equal(200, (await Read(new() { IfMatch = tag })).GetRawResponse().Status);
    }

    [Theory]
    [InlineData(0, null, "0123456789", 200, null)]
    [InlineData(3, null, "3456789", 206, "bytes 3-9/10")]
    [InlineData(3, 4L, "3456", 206, "bytes 3-6/10")]
    [InlineData(0, 11L, "0123456789", 206, "bytes 0-9/10")]
    [InlineData(9, null, "9", 206, "bytes 9-9/10")]
    public async Task A_range_gives_what_there_is_of_it(long offset, long? length, string expected, int status, string? range)
    {
        var container = place.Blobs.GetBlobContainerClient("ranges");
        await container.CreateIfNotExistsAsync(cancellationToken: Stop);
        await container.GetBlobClient("b").UploadAsync(new BinaryData("0123456789"), overwrite: true, Stop);

        var read = await container.GetBlobClient("b").DownloadStreamingAsync(new() { Range = new(offset, length) }, Stop);
        using var text = new StreamReader(read.Value.Content, Encoding.UTF8);

        Assert.Equal(
            (expected, status, range, (long)expected.Length),
            (
                await text.ReadToEndAsync(Stop),
                read.GetRawResponse().Status,
                read.Value.Details.ContentRange,
                read.Value.Details.ContentLength
            )
        );
    }

    [Fact]
    public async Task A_range_past_the_end_is_refused()
    {
        var container = await place.ContainerAsync("past");
        await container.GetBlobClient("ten").UploadAsync(new BinaryData("0123456789"), Stop);
        await container.GetBlobClient("empty").UploadAsync(new BinaryData(""), Stop);
        Task Read(string name, HttpRange range) => container.GetBlobClient(name).DownloadStreamingAsync(new() { Range = range }, Stop);

        Assert.Equal((416, "InvalidRange"), await RefusalAsync(() => Read("ten", new(11, 5))));
        Assert.Equal((0, null), await RefusalAsync(() => Read("empty", new(0))));
    }

    [Fact]
    public async Task A_listing_gives_names_in_order_by_prefix_folder_and_page()
    {
        var container = await place.ContainerAsync("lists");
        string[] names = ["t/log/2", "t/log/1", "t/first", "u/log/1", "T/log/1", "t.txt", "t/log/10"];
        foreach (var name in names)
            await container.GetBlobClient(name).UploadAsync(new BinaryData(name), Stop);
        var pages = new List<int>();
        await foreach (var page in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, "t", Stop).AsPages(pageSizeHint: 2))
            pages.Add(page.Values.Count);
        var folders = await container
            .GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", "t", Stop)
            .Select(i => i.IsPrefix ? $"folder {i.Prefix}" : i.Blob.Name)
            .ToListAsync(Stop);
        var item = await container.GetBlobsAsync(BlobTraits.None, BlobStates.None, "t/log/10", Stop).SingleAsync(Stop);
        var properties = (await container.GetBlobClient("t/log/10").GetPropertiesAsync(cancellationToken: Stop)).Value;

        Assert.Equal(["T/log/1", "t.txt", "t/first", "t/log/1", "t/log/10", "t/log/2", "u/log/1"], await NamesAsync(container));
        Assert.Equal(["t/log/1", "t/log/10", "t/log/2"], await NamesAsync(container, "t/log/"));
        Assert.Empty(await NamesAsync(container, "x"));
        Assert.Equal([2, 2, 1], pages);
        Assert.Equal(["t.txt", "folder t/"], folders.Order(StringComparer.Ordinal).Reverse());
        // Azure lists versions without the quotes it gives them elsewhere, Azurite with them: what is listed cannot serve as a condition.
        Assert.Equal(
            (
                properties.ETag.ToString("G").Trim('"'),
                properties.ContentLength,
                properties.BlobType,
                properties.CreatedOn,
                properties.LastModified
            ),
            (
                item.Properties.ETag!.Value.ToString("G").Trim('"'),
                item.Properties.ContentLength!.Value,
                item.Properties.BlobType!.Value,
                item.Properties.CreatedOn!.Value,
                item.Properties.LastModified!.Value
            )
        );
    }

    [Fact]
    public async Task A_large_blob_is_put_in_blocks_and_read_in_parts()
    {
        var container = await place.ContainerAsync("large");
        var blob = container.GetBlobClient("b");
        var bytes = new byte[10_000];
        new Random(1).NextBytes(bytes);
        var parts = new StorageTransferOptions
        {
            InitialTransferSize = 1_000,
            MaximumTransferSize = 3_000,
            MaximumConcurrency = 1,
        };

        await blob.UploadAsync(
            new BinaryData(bytes),
            new BlobUploadOptions
            {
                TransferOptions = parts,
                Conditions = new() { IfNoneMatch = ETag.All },
            },
            Stop
        );
        using var read = new MemoryStream();
        await blob.DownloadToAsync(read, new BlobDownloadToOptions { TransferOptions = parts }, Stop);

        Assert.Equal(bytes, read.ToArray());
        Assert.Equal(
            (409, "BlobAlreadyExists"),
            await RefusalAsync(() =>
                blob.UploadAsync(
                    new BinaryData(bytes),
                    new BlobUploadOptions
                    {
                        TransferOptions = parts,
                        Conditions = new() { IfNoneMatch = ETag.All },
                    },
                    Stop
                )
            )
        );
    }

    [Fact]
    public async Task Blocks_are_no_blob_before_they_are_in_a_list()
    {
        var container = await place.ContainerAsync("blocks");
        var blob = container.GetBlockBlobClient("b");
        string[] ids = ["MDE=", "MDI=", "MDM="];
        foreach (var id in ids)
            await blob.StageBlockAsync(id, new MemoryStream(Encoding.UTF8.GetBytes(id[..3])), cancellationToken: Stop);

        Assert.False(await blob.ExistsAsync(Stop));
        Assert.Empty(await NamesAsync(container));
        await blob.CommitBlockListAsync([ids[1], ids[0]], cancellationToken: Stop);
        Assert.Equal("MDIMDE", (await blob.DownloadContentAsync(Stop)).Value.Content.ToString());
        Assert.Equal((400, "InvalidBlockList"), await RefusalAsync(() => blob.CommitBlockListAsync([ids[2]], cancellationToken: Stop)));
        await blob.CommitBlockListAsync([ids[0]], cancellationToken: Stop);
        Assert.Equal("MDE", (await blob.DownloadContentAsync(Stop)).Value.Content.ToString());
    }

    [Fact]
    public async Task Metadata_and_headers_are_set_apart_from_the_content()
    {
        var container = await place.ContainerAsync("metadata");
        var blob = container.GetBlobClient("b");
        var first = (await blob.UploadAsync(new BinaryData("a"), Stop)).Value.ETag;

        var second = (await blob.SetMetadataAsync(new Dictionary<string, string> { ["a"] = "1" }, cancellationToken: Stop)).Value.ETag;
        await blob.SetHttpHeadersAsync(new() { ContentType = "text/plain" }, cancellationToken: Stop);
        var after = (await blob.GetPropertiesAsync(cancellationToken: Stop)).Value;

        Assert.Equal(("1", "text/plain", 1L), (after.Metadata["a"], after.ContentType, after.ContentLength));
        Assert.Equal(3, new HashSet<ETag> { first, second, after.ETag }.Count);
        Assert.Equal(
            "1",
            (await container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, null, Stop).SingleAsync(Stop)).Metadata["a"]
        );
    }

    private static async Task<List<string>> NamesAsync(BlobContainerClient container, string? prefix = null) =>
        await container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, Stop).Select(b => b.Name).ToListAsync(Stop);
}
