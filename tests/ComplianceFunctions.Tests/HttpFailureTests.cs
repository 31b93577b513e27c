using Azure;
using Microsoft.AspNetCore.Http;

namespace ComplianceFunctions.Tests;

public sealed class HttpFailureTests
{
    public static TheoryData<Exception, int> Failures =>
        new()
        {
            { new AggregateException(new RequestFailedException(0, "refused"), new HttpRequestException("refused")), 503 },
            { new InvalidOperationException("outer", new RequestFailedException(503, "busy")), 503 },
            { new RequestFailedException(404, "BlobNotFound of a person"), 500 },
            { new InvalidOperationException("of a person"), 500 },
            { new BadHttpRequestException("of a person", 413), 413 },
        };

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public void A_request_that_failed_is_answered_in_JSON_with_an_id_and_without_the_reason(Exception failure, int status)
    {
        var answer = HttpFailureMiddleware.Answer(failure, "4bf92f3577b34da6a3ce929d0e0e4736");

        Assert.Equal((status, "application/json; charset=utf-8"), (answer.StatusCode, answer.ContentType));
        Assert.Contains("\"correlationId\": \"4bf92f3577b34da6a3ce929d0e0e4736\"", answer.Content, StringComparison.Ordinal);
        Assert.DoesNotContain("person", answer.Content, StringComparison.Ordinal);
    }
}
