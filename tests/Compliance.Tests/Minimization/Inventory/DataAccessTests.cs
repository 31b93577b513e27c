using Azure.Storage.Blobs;
using Compliance.Minimization.Deletion;
using Compliance.Minimization.Inventory;
using Compliance.Storage;
using Compliance.Tests.Tenants;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace Compliance.Tests.Minimization.Inventory;

/// <summary>How an account's data is opened, and what a batch shows to be let in.</summary>
public sealed class DataAccessTests(AzuriteFixture azurite)
{
    private const string Emulated = "devstoreaccount1";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task In_Azure_an_account_is_opened_at_its_address_with_the_apps_token()
    {
        using var tenant = new PaperTenant(("Tenant:PinnedThumbprint", null));
        using var service = new PaperBlobs { Answer = _ => PaperBlobs.Containers("") };
        var access = new DataAccess(tenant.Connection, Options(), transport: service.Transport);

        var data = access.Open(SampleAccount.Named("stone"), out var unread)!;
        await data.Blobs.GetBlobContainersAsync(cancellationToken: Stop).ToListAsync(Stop);

        Assert.Null(unread);
        Assert.Equal("stone.blob.core.windows.net", Assert.Single(service.Requests).Host);
        Assert.Equal("Bearer scripted", service.Authorization);
        Assert.Equal(BatchProof.FromToken("scripted"), await data.ProofAsync("proof-of-a-batch", Stop));
    }

    [Theory]
    [InlineData("https://stone.blob.core.windows.net/", true)]
    [InlineData("https://STONE.z01.blob.storage.azure.net/", true)]
    [InlineData("https://stone.blob.core.chinacloudapi.cn/", true)]
    [InlineData("https://stone.blob.core.usgovcloudapi.net/", true)]
    [InlineData("http://stone.blob.core.windows.net/", false)]
    [InlineData("https://stone.blob.core.windows.net:8443/", false)]
    [InlineData("https://other.blob.core.windows.net/", false)]
    [InlineData("https://stone.blob.core.windows.net.evil.example/", false)]
    [InlineData("https://stone.evil.example/", false)]
    [InlineData(null, false)]
    public void A_token_is_sent_to_the_accounts_own_address_alone(string? endpoint, bool isOpened)
    {
        using var tenant = new PaperTenant(("Tenant:PinnedThumbprint", null));
        var account = SampleAccount.Named("stone") with { BlobEndpoint = endpoint is null ? null : new Uri(endpoint) };

        var data = new DataAccess(tenant.Connection, Options()).Open(account, out var unread);

        Assert.Equal((isOpened, isOpened), (data is not null, unread is null));
        Assert.Equal(isOpened ? null : "blob/stone", unread?.Source);
    }

    [Fact]
    public void An_account_of_a_sandbox_without_an_emulator_is_unread_and_nothing_is_asked_of_Azure()
    {
        using var tenant = new PaperTenant();

        Assert.Null(new DataAccess(tenant.Connection, Options()).Open(SampleAccount.Named("stone"), out var unread));

        Texts.Minimization.Expect("an account of a sandbox without data", $"{unread!.Reason}\n{unread.Remedy}");
    }

    [Fact]
    public async Task A_signature_for_the_emulator_deletes_a_batch_and_writes_nothing()
    {
        using var tenant = new PaperTenant();
        var access = new DataAccess(tenant.Connection, Options((Emulated, azurite.StateConnection)));
        var data = access.Open(SampleAccount.Named(Emulated), out _)!;
        var container = data.Blobs.GetBlobContainerClient("proof-of-a-batch");
        await container.CreateAsync(cancellationToken: Stop);
        await container.UploadBlobAsync("a+b?.json", BinaryData.FromString("x"), Stop);
        await container.UploadBlobAsync("stays", BinaryData.FromString("x"), Stop);
        var blobs = await ListAsync(container);
        var proof = await data.ProofAsync("proof-of-a-batch", Stop);

        var target = DeletionTarget.From(blobs.Single(b => b.Name == "a+b?.json"), null, out _)!;
        var batch = BatchRequest.Create(data.Blobs.Uri, [target], proof);
        using var client = new HttpClient(azurite.Wire());
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{batch.Address}&{proof.Query}");
        request.Headers.Add("x-ms-version", BatchRequest.Version);
        request.Content = new ReadOnlyMemoryContent(batch.Body);
        request.Content.Headers.Add("Content-Type", batch.ContentType);
        using var answer = await client.SendAsync(request, Stop);
        using var written = await client.PutAsync(
            new Uri($"{container.Uri}/new?{proof.Query}"),
            new ByteArrayContent([1]) { Headers = { { "x-ms-blob-type", "BlockBlob" } } },
            Stop
        );

        Assert.Contains("HTTP/1.1 202", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        Assert.Equal(["stays"], (await ListAsync(container)).Select(b => b.Name));
        Assert.Equal(403, (int)written.StatusCode);
    }

    [Fact]
    public async Task A_signature_is_good_for_an_hour_and_for_clocks_a_quarter_of_an_hour_apart()
    {
        using var tenant = new PaperTenant();
        var time = new FakeTimeProvider(new(2027, 4, 1, 6, 0, 0, TimeSpan.Zero));
        var access = new DataAccess(tenant.Connection, Options((Emulated, azurite.StateConnection)), time);

        var query = Uri.UnescapeDataString((await access.Open(SampleAccount.Named(Emulated), out _)!.ProofAsync("data", Stop)).Query!);

        Assert.Contains("st=2027-04-01T05:45:00Z&se=2027-04-01T07:00:00Z", query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_is_busy_is_asked_six_times_and_no_more()
    {
        using var tenant = new PaperTenant(("Tenant:PinnedThumbprint", null));
        using var service = new PaperBlobs { Answer = _ => PaperBlobs.Refused(503, "ServerBusy") };
        var access = new DataAccess(tenant.Connection, Options(), null, service.Transport, TimeSpan.FromMilliseconds(1));

        await Assert.ThrowsAsync<Azure.RequestFailedException>(async () =>
            await access
                .Open(SampleAccount.Named("stone"), out _)!
                .Blobs.GetBlobContainersAsync(cancellationToken: Stop)
                .ToListAsync(Stop)
        );

        Assert.Equal(6, service.Requests.Count);
    }

    [Theory]
    [InlineData("ctsraw", "https://ctsraw.blob.core.windows.net/")]
    [InlineData("ctsraw", "http://192.0.2.1:10000/ctsraw")]
    public void An_emulator_is_on_this_machine(string name, string endpoint)
    {
        var error = Assert.Throws<StateSettingException>(() =>
            Options((name, $"AccountName={name};AccountKey=cGxhbnRlZA==;BlobEndpoint={endpoint}"))
        );

        Assert.Equal("Minimization:Accounts:ctsraw", error.Key);
        Assert.Contains($"leads to {new Uri(endpoint).Host}: it is for an emulator", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("cGxhbnRlZA", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ctsraw", "planted")]
    [InlineData("ctsraw", "")]
    [InlineData("ctsraw", "BlobEndpoint=http://127.0.0.1:10000/ctsraw;SharedAccessSignature=sig=planted")]
    [InlineData("ctsraw", "AccountName=ctsraw;AccountKey=planted!;BlobEndpoint=http://127.0.0.1:10000/ctsraw")]
    [InlineData("c", "UseDevelopmentStorage=true")]
    [InlineData("cts-raw", "UseDevelopmentStorage=true")]
    public void A_setting_that_is_none_stops_the_start_and_its_value_is_not_shown(string name, string value)
    {
        var error = Assert.Throws<StateSettingException>(() => Options((name, value)));

        Assert.Equal($"Minimization:Accounts:{name}", error.Key);
        Assert.DoesNotContain("planted", error.Message, StringComparison.Ordinal);
    }

    private static DataAccountOptions Options(params (string Name, string Value)[] accounts) =>
        DataAccountOptions.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection(accounts.Select(a => KeyValuePair.Create($"Minimization:Accounts:{a.Name}", (string?)a.Value)))
                .Build()
        );

    private static ValueTask<List<Compliance.Minimization.Evaluation.BlobFacts>> ListAsync(BlobContainerClient container) =>
        new BlobListing(null)
            .ListAsync(
                new(SampleAccount.Named(Emulated), SampleContainer.Of(Emulated, container.Name), container),
                "",
                u => Assert.Fail(u.Reason),
                Stop
            )
            .ToListAsync(Stop);
}
