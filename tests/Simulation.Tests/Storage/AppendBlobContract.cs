using System.Text;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Testing;
using static Simulation.Tests.Storage.StoragePlace;

namespace Simulation.Tests.Storage;

public sealed class AzuriteAppendBlobTests(AzuriteFixture azurite) : AppendBlobContract(StoragePlace.On(azurite));

public sealed class MemoryAppendBlobTests() : AppendBlobContract(InMemory())
{
    // Azurite does not know the seal of append blobs.
    [Fact]
    public async Task A_sealed_blob_takes_no_more()
    {
        var (blob, append) = await MakeAsync("sealed");
        await append("a", null);

        await blob.SealAsync(cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal((409, "BlobIsSealed"), await RefusalAsync(() => append("b", null)));
        Assert.Equal(
            ("a", true),
            (
                await TextAsync(blob),
                (await blob.GetPropertiesAsync(cancellationToken: TestContext.Current.CancellationToken)).Value.IsSealed
            )
        );
    }
}

/// <summary>What the app relies on in append blobs.</summary>
public abstract class AppendBlobContract(StoragePlace place)
{
    protected delegate Task<BlobAppendInfo> Append(string text, AppendBlobRequestConditions? conditions);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_blob_is_made_once_where_that_is_asked_for()
    {
        var (blob, append) = await MakeAsync("made");
        await append("a", null);
        var once = new AppendBlobCreateOptions { Conditions = new() { IfNoneMatch = ETag.All } };

        Assert.Equal((409, "BlobAlreadyExists"), await RefusalAsync(() => blob.CreateAsync(once, Stop)));
        Assert.Equal("a", await TextAsync(blob));
        await blob.CreateAsync(new AppendBlobCreateOptions(), Stop);
        Assert.Equal("", await TextAsync(blob));
        Assert.Equal(
            (404, "BlobNotFound"),
            await RefusalAsync(() =>
                blob.GetParentBlobContainerClient().GetAppendBlobClient("none").AppendBlockAsync(Stream("a"), cancellationToken: Stop)
            )
        );
    }

    [Fact]
    public async Task An_append_is_held_to_the_position_and_size_it_names()
    {
        var (blob, append) = await MakeAsync("positions");

        var first = await append("one\n", new() { IfAppendPositionEqual = 0 });
        var second = await append("two\n", new() { IfAppendPositionEqual = 4, IfMatch = first.ETag });

        Assert.Equal(
            ("0", 1, "4", 2),
            (first.BlobAppendOffset, first.BlobCommittedBlockCount, second.BlobAppendOffset, second.BlobCommittedBlockCount)
        );
        Assert.Equal(
            (412, "AppendPositionConditionNotMet"),
            await RefusalAsync(() => append("three\n", new() { IfAppendPositionEqual = 4 }))
        );
        Assert.Equal(
            (412, "AppendPositionConditionNotMet"),
            await RefusalAsync(() => append("three\n", new() { IfAppendPositionEqual = 9 }))
        );
        Assert.Equal(
            (412, "MaxBlobSizeConditionNotMet"),
            await RefusalAsync(() => append("three\n", new() { IfMaxSizeLessThanOrEqual = 10 }))
        );
        Assert.Equal((412, "ConditionNotMet"), await RefusalAsync(() => append("three\n", new() { IfMatch = first.ETag })));
        Assert.Equal("one\ntwo\n", await TextAsync(blob));
        await append("3\n", new() { IfMaxSizeLessThanOrEqual = 10 });
        Assert.Equal("one\ntwo\n3\n", await TextAsync(blob));
    }

    [Fact]
    public async Task A_reader_goes_on_where_it_stopped()
    {
        var (blob, append) = await MakeAsync("tail");
        for (var i = 0; i < 10; i++)
            await append($"{i}{i}{i}\n", null);

        using var part = (await blob.DownloadStreamingAsync(new() { Range = new(18) }, Stop)).Value;
        using var text = new StreamReader(part.Content, Encoding.UTF8);

        Assert.Equal(
            ("4\n555\n666\n777\n888\n999\n", 10, BlobType.Append),
            (await text.ReadToEndAsync(Stop), part.Details.BlobCommittedBlockCount, part.Details.BlobType)
        );
    }

    [Fact]
    public async Task Kinds_of_blobs_are_not_mixed()
    {
        var (blob, append) = await MakeAsync("kinds");
        await append("a", null);
        var container = blob.GetParentBlobContainerClient();
        await container.GetBlobClient("block").UploadAsync(new BinaryData("a"), Stop);

        Assert.Equal(
            (409, "InvalidBlobType"),
            await RefusalAsync(() => container.GetAppendBlobClient("block").AppendBlockAsync(Stream("a"), cancellationToken: Stop))
        );
        await container.GetBlobClient(blob.Name).UploadAsync(new BinaryData("b"), overwrite: true, Stop);
        Assert.Equal((409, "InvalidBlobType"), await RefusalAsync(() => append("a", null)));
    }

    protected async Task<(AppendBlobClient Blob, Append Append)> MakeAsync(string container)
    {
        var blob = (await place.ContainerAsync($"append-{container}")).GetAppendBlobClient("log/1");
        await blob.CreateAsync(new AppendBlobCreateOptions { Conditions = new() { IfNoneMatch = ETag.All } }, Stop);
        return (blob, async (text, conditions) => await blob.AppendBlockAsync(Stream(text), new() { Conditions = conditions }, Stop));
    }

    protected static async Task<string> TextAsync(AppendBlobClient blob) =>
        (await blob.DownloadContentAsync(Stop)).Value.Content.ToString();

    private static MemoryStream Stream(string text) => new(Encoding.UTF8.GetBytes(text));
}
