using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using BlobStandIn;
using BlobStandIn.Faults;
using BlobStandIn.State;
using Compliance.Minimization.Deletion;
using Compliance.Minimization.Evaluation;
using Microsoft.Extensions.Time.Testing;

namespace Compliance.Tests.Minimization.StandIn;

/// <summary>An account with the container <c>raw</c>, served, and the official client of it.</summary>
internal sealed class StandInHost : IAsyncDisposable
{
    private StandInHost(FakeTimeProvider time, StandInAccount account, StandInServer server)
    {
        (Time, Account, Server, Raw) = (time, account, server, account.Find("raw")!);
        Service = new(server.ConnectionString(account), Options());
        Client = Service.GetBlobContainerClient("raw");
    }

    public static BatchProof Proof { get; } = BatchProof.FromToken("a.b.c");

    public FakeTimeProvider Time { get; }

    public StandInAccount Account { get; }

    public StandInServer Server { get; }

    public StandInFaults Faults => Server.Faults;

    public StandInContainer Raw { get; }

    public BlobServiceClient Service { get; }

    public BlobContainerClient Client { get; }

    public static FakeTimeProvider Clock() => new(new DateTimeOffset(2027, 4, 1, 6, 0, 0, TimeSpan.Zero));

    public static async Task<StandInHost> StartAsync(Func<TimeProvider, StandInAccount>? create = null, FakeTimeProvider? clock = null)
    {
        var time = clock ?? Clock();
        var account = create?.Invoke(time) ?? new("acme", time);
        account.AddContainer("raw");
        var server = await StandInServer.StartAsync([account], new(seed: 15, time), TestContext.Current.CancellationToken);
        return new(time, account, server);
    }

    // A client that repeats would hide what the service answers.
    public static BlobClientOptions Options() => new() { Retry = { MaxRetries = 0 } };

    /// <summary>Puts blobs into the container.</summary>
    public void Add(params string[] names) => Raw.Add(names.Select(n => new BlobSeed(n)));

    /// <summary>All that a listing shows.</summary>
    public async Task<List<BlobItem>> ListAsync(BlobStates states = BlobStates.All)
    {
        var found = new List<BlobItem>();
        await foreach (var item in Client.GetBlobsAsync(TraitsFor(Account), states, null, TestContext.Current.CancellationToken))
            found.Add(item);
        return found;
    }

    /// <summary>What the sweep would delete: all that a listing shows now.</summary>
    public async Task<List<DeletionTarget>> TargetsAsync(string? tagCondition = null) =>
        [.. (await ListAsync(BlobStates.None)).Select(i => Target(Facts(i), tagCondition))];

    public static DeletionTarget Target(BlobFacts blob, string? tagCondition = null) =>
        DeletionTarget.From(blob, tagCondition, out var problem) ?? throw new InvalidOperationException($"{blob.Name}: {problem}");

    public static BlobFacts Facts(BlobItem item) =>
        new()
        {
            Account = "acme",
            Container = "raw",
            Name = item.Name,
            VersionId = item.VersionId,
            Snapshot = item.Snapshot,
            IsCurrent = item.Snapshot is null && (item.VersionId is null || item.IsLatestVersion == true),
            IsBlockBlob = true,
            ETag = item.Properties.ETag?.ToString(),
            Size = item.Properties.ContentLength ?? 0,
        };

    /// <summary>Sends a batch as the sweep does.</summary>
    public Task<BatchAnswer> SendAsync(IReadOnlyList<DeletionTarget> targets) =>
        SendAsync(BatchRequest.Create(Server.Endpoint(Account), targets, Proof), targets.Count);

    public static async Task<BatchAnswer> SendAsync(BatchRequest batch, int count, string? query = null)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        using var http = new HttpClient(new SocketsHttpHandler());
        using var request = new HttpRequestMessage(HttpMethod.Post, batch.Address + query);
        request.Content = new ReadOnlyMemoryContent(batch.Body);
        request.Content.Headers.TryAddWithoutValidation("Content-Type", batch.ContentType);
        request.Headers.TryAddWithoutValidation("x-ms-version", BatchRequest.Version);
        if (query is null)
            request.Headers.TryAddWithoutValidation("Authorization", Proof.Authorization);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        var head = new AnswerHead(
            (int)response.StatusCode,
            response.Content.Headers.ContentType?.ToString(),
            Header(response, "x-ms-error-code"),
            Header(response, "x-ms-request-id"),
            Header(response, "Retry-After")
        );
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await BatchAnswer.ReadAsync(head, body, count, default, cancellationToken);
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    // A hierarchical account has no tags to list.
    private static BlobTraits TraitsFor(StandInAccount account) => account.IsHierarchical ? BlobTraits.Metadata : BlobTraits.All;

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;
}
