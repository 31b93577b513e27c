using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Sas;
using Compliance.Minimization.Deletion;
using Compliance.Minimization.Evaluation;
using Testing;

namespace Compliance.Tests.Minimization.StandIn;

/// <summary>What Azurite has too, it answers in the same way: the same scenario on both.</summary>
public sealed class StandInParityTests(AzuriteFixture azurite)
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public Task Pages_of_a_listing_are_the_same() => AssertSameAsync(ListAsync, "a/0,a/1,a/2|a/3,a/4|prefix a/,b+c &.txt,d");

    [Fact]
    public Task Deletes_by_themselves_are_answered_in_the_same_way() =>
        AssertSameAsync(
            DeleteAsync,
            "404 BlobNotFound, 412 ConditionNotMet, 412 LeaseIdMissing, 409 SnapshotsPresent, 202, 202, 404 ContainerNotFound"
        );

    [Fact]
    public Task Items_of_a_batch_are_answered_in_the_same_way() =>
        AssertSameAsync(
            BatchAsync,
            "None: 202 , 412 ConditionNotMet, 412 ConditionNotMet, 412 LeaseIdMissing, 202 ; left: changed,leased"
        );

    private async Task AssertSameAsync(Func<BlobContainerClient, string, Task<string>> scenario, string expected)
    {
        await using var host = await StandInHost.StartAsync(time => new("acme", time) { AnswersMissingAsUnmet = true });
        var name = "parity-" + scenario.Method.Name.ToLowerInvariant();

        var onStandIn = await RunAsync(scenario, host.Server.ConnectionString(host.Account), name);
        var onAzurite = await RunAsync(scenario, azurite.StateConnection, name);

        Assert.Equal(expected, onStandIn);
        Assert.Equal(onAzurite, onStandIn);
    }

    private static async Task<string> RunAsync(Func<BlobContainerClient, string, Task<string>> scenario, string connection, string name)
    {
        var container = new BlobServiceClient(connection, StandInHost.Options()).GetBlobContainerClient(name);
        await container.CreateAsync(cancellationToken: CancellationToken);
        try
        {
            return await scenario(container, connection);
        }
        finally
        {
            await container.DeleteIfExistsAsync(cancellationToken: CancellationToken);
        }
    }

    private static async Task<string> ListAsync(BlobContainerClient container, string connection)
    {
        foreach (var name in new[] { "d", "a/3", "a/1", "b+c &.txt", "a/0", "a/4", "a/2" })
            await PutAsync(container, name);
        var pages = new List<string>();
        await foreach (var page in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, "a/", CancellationToken).AsPages(null, 3))
            pages.Add(string.Join(',', page.Values.Select(b => b.Name)));
        var folders = new List<string>();
        await foreach (var item in container.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", "", CancellationToken))
            folders.Add(item.IsPrefix ? $"prefix {item.Prefix}" : item.Blob.Name);
        return $"{string.Join('|', pages)}|{string.Join(',', folders)}";
    }

    private static async Task<string> DeleteAsync(BlobContainerClient container, string connection)
    {
        var (plain, leased, shot) = (container.GetBlobClient("plain"), container.GetBlobClient("leased"), container.GetBlobClient("shot"));
        foreach (var name in new[] { "plain", "leased", "shot" })
            await PutAsync(container, name);
        await leased.GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(-1), null, CancellationToken);
        await shot.CreateSnapshotAsync(cancellationToken: CancellationToken);
        List<string> answers =
        [
            await CodeAsync(container.GetBlobClient("missing"), new()),
            await CodeAsync(plain, new() { IfMatch = new ETag("\"0x8D0000000000001\"") }),
            await CodeAsync(leased, new()),
            await CodeAsync(shot, new()),
            await CodeAsync(shot, new(), DeleteSnapshotsOption.IncludeSnapshots),
            await CodeAsync(plain, new() { IfMatch = (await plain.GetPropertiesAsync(null, CancellationToken)).Value.ETag }),
        ];
        await container.DeleteAsync(null, CancellationToken);
        answers.Add(await CodeAsync(plain, new()));
        return string.Join(", ", answers);
    }

    private static async Task<string> BatchAsync(BlobContainerClient container, string connection)
    {
        foreach (var name in new[] { "fine", "changed", "gone", "leased", "fine too" })
            await PutAsync(container, name);
        var listed = new Dictionary<string, BlobFacts>();
        await foreach (var item in container.GetBlobsAsync(cancellationToken: CancellationToken))
            listed[item.Name] = StandInHost.Facts(item) with { Account = container.AccountName, Container = container.Name };
        await PutAsync(container, "changed");
        await container.DeleteBlobAsync("gone", cancellationToken: CancellationToken);
        await container.GetBlobClient("leased").GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(-1), null, CancellationToken);
        string[] order = ["fine", "changed", "gone", "leased", "fine too"];
        var service = new Uri(container.Uri.AbsoluteUri[..container.Uri.AbsoluteUri.LastIndexOf('/')]);
        var signature = Signature(container.AccountName, connection);
        var batch = BatchRequest.Create(
            service,
            [.. order.Select(n => StandInHost.Target(listed[n]))],
            BatchProof.FromSignature(signature)
        );

        var answer = await SendAsync(new(connection, StandInHost.Options()), batch, order.Length);

        var left = new List<string>();
        await foreach (var item in container.GetBlobsAsync(cancellationToken: CancellationToken))
            left.Add(item.Name);
        return $"{answer.Fault}: {string.Join(", ", answer.Items.Select(i => $"{i.Status} {i.Code}"))}; left: {string.Join(',', left)}";
    }

    // Azurite takes a container's batch with a signed header alone, and its items with a signature in their URL.
    private static async Task<BatchAnswer> SendAsync(BlobServiceClient service, BatchRequest batch, int count)
    {
        var pipeline = Pipeline.From(service);
        using var message = pipeline.CreateMessage();
        message.Request.Method = RequestMethod.Post;
        message.Request.Uri.Reset(batch.Address);
        message.Request.Headers.Add("Content-Type", batch.ContentType);
        message.Request.Headers.Add("x-ms-version", BatchRequest.Version);
        message.Request.Content = RequestContent.Create(batch.Body);
        await pipeline.SendAsync(message, CancellationToken);
        var head = new AnswerHead(message.Response.Status, message.Response.Headers.ContentType);
        return await BatchAnswer.ReadAsync(head, message.Response.ContentStream!, count, default, CancellationToken);
    }

    private static Task<Response<BlobContentInfo>> PutAsync(BlobContainerClient container, string name) =>
        container.GetBlobClient(name).UploadAsync(BinaryData.FromString(name), overwrite: true, CancellationToken);

    private static string Signature(string account, string connection)
    {
        var key = connection.Split(';').Single(p => p.StartsWith("AccountKey=", StringComparison.Ordinal))["AccountKey=".Length..];
        var sas = new AccountSasBuilder(
            AccountSasPermissions.All,
            DateTimeOffset.MaxValue.AddYears(-1),
            AccountSasServices.Blobs,
            AccountSasResourceTypes.All
        );
        return sas.ToSasQueryParameters(new StorageSharedKeyCredential(account, key)).ToString();
    }

    private static async Task<string> CodeAsync(
        BlobClient blob,
        BlobRequestConditions conditions,
        DeleteSnapshotsOption snapshots = DeleteSnapshotsOption.None
    )
    {
        try
        {
            return $"{(await blob.DeleteAsync(snapshots, conditions, CancellationToken)).Status}";
        }
        catch (RequestFailedException e)
        {
            return $"{e.Status} {e.ErrorCode}";
        }
    }

    private sealed class Pipeline : BlobServiceClient
    {
        public static HttpPipeline From(BlobServiceClient service) => GetHttpPipeline(service);
    }
}
