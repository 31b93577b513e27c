using System.Net;
using System.Text;
using Azure;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Identity;
using Compliance.Storage;
using Testing;

namespace Compliance.Tests.Storage;

/// <summary>What an operator reads when storage refuses or does not answer, and when it is tried once more.</summary>
public sealed class StateStorageFailureTests(MemoryStorageFixture accounts)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(401, "InvalidAuthenticationInfo")]
    [InlineData(403, "AuthorizationFailure")]
    [InlineData(400, "InvalidHeaderValue")]
    public async Task A_refusal_names_account_service_address_and_remedy(int status, string code)
    {
        var storage = Storage(_ =>
            new((HttpStatusCode)status)
            {
                Content = new StringContent($"<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>", Encoding.UTF8, "application/xml"),
            }
        );

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => storage.EvidenceContainerAsync("evidence", Stop));

        Texts.Storage.Expect("a refusal of evidence", code, error.Message);
        Assert.Equal((status, code), (error.Status, error.ErrorCode));
    }

    [Fact]
    public async Task No_answer_asks_whether_the_address_is_right()
    {
        var storage = Storage(_ => throw new HttpRequestException("connection refused"));

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => storage.TableAsync("findings", Stop));

        Texts.Storage.Expect("no answer of the tables", error.Message);
        Assert.Equal(0, error.Status);
    }

    [Theory]
    [InlineData(true, "managed identity")]
    [InlineData(false, "`az login`")]
    public async Task A_missing_sign_in_names_what_should_have_given_it(bool managed, string named)
    {
        var storage = Storage(_ => throw new AuthenticationFailedException("no token"), managed);

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => storage.TableAsync("findings", Stop));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Texts.Storage.Expect("no sign-in to the tables", named, error.Message);
        Assert.Equal(0, error.Status);
        Assert.IsType<AuthenticationFailedException>(error.InnerException);
    }

    [Fact]
    public async Task Each_table_is_asked_for_once()
    {
        var (storage, faults) = Faults.On(accounts);

        foreach (var name in new[] { "oneofmany", "twoofmany", "oneofmany", "twoofmany" })
            await storage.TableAsync(name, Stop);

        Assert.Equal(2, faults.Requests.Count);
    }

    [Theory]
    [InlineData("0", 4)]
    [InlineData("6", 1)]
    [InlineData("soon", 1)]
    public void A_call_that_blocks_waits_for_no_longer_pause_either(string retryAfter, int tries)
    {
        var asked = 0;
        var storage = Storage(_ => Busy(retryAfter, ref asked));

        var error = Assert.Throws<RequestFailedException>(() => storage.Tables.GetTableClient("busy").CreateIfNotExists(Stop));

        Assert.Equal((503, tries), (error.Status, asked));
    }

    [Theory]
    [InlineData("0", 4)]
    [InlineData("1", 1)]
    public async Task A_pause_as_long_as_the_bound_is_waited_for_and_a_longer_one_is_not(string retryAfter, int tries)
    {
        var asked = 0;
        var options = new TableClientOptions
        {
            RetryPolicy = new BoundedRetry(retries: 3, delay: TimeSpan.Zero, longest: TimeSpan.Zero),
            Transport = new HttpClientTransport(new Wire(_ => Busy(retryAfter, ref asked))),
        };
        var table = new TableServiceClient(Connection("statesa"), options).GetTableClient("busy");

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => table.CreateIfNotExistsAsync(Stop));

        Assert.Equal((503, tries), (error.Status, asked));
    }

    private static HttpResponseMessage Busy(string retryAfter, ref int asked)
    {
        asked++;
        var answer = Faults.Answer(HttpStatusCode.ServiceUnavailable);
        answer.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
        return answer;
    }

    private static StateStorage Storage(Func<HttpRequestMessage, HttpResponseMessage> answer, bool managed = false) =>
        new(
            new(Account(StorageOptions.StateKey, "statesa", managed), Account(StorageOptions.EvidenceKey, "evidencesa", managed)),
            new HttpClientTransport(new Wire(answer)),
            TimeSpan.Zero
        );

    private static StorageAccount Account(string key, string name, bool managed) =>
        new()
        {
            Key = key,
            ConnectionString = Connection(name),
            ManagedIdentity = managed,
            BlobEndpoint = new($"https://{name}.blob.core.windows.net/"),
        };

    private static string Connection(string name) =>
        $"DefaultEndpointsProtocol=https;AccountName={name};AccountKey={Convert.ToBase64String(new byte[64])};"
        + "EndpointSuffix=core.windows.net";

    /// <summary>Answers instead of a service, for calls that block as well.</summary>
    private sealed class Wire(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) => answer(request);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(answer(request));
    }
}
