using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Identity;
using Compliance.Findings;
using Compliance.Tenants;
using Microsoft.Graph.Models.ODataErrors;

namespace Compliance.Tests.Tenants;

/// <summary>What a failure means, and that nothing secret and nothing endless is said about it.</summary>
public sealed class ReadFailureTests
{
    private static readonly DeclaredCall Call = DeclaredCall.Resource;

    public static TheoryData<string, string, bool> Kinds() =>
        new()
        {
            { "401", "401, the service did not accept the sign-in: what it says", false },
            { "403", "403, refused: what it says", true },
            { "403 firewall", "403, refused by its firewall: ", false },
            { "403 address", "403, refused by its firewall: ", false },
            { "429", "429, still throttled after 10 attempts: ", false },
            { "500", "500: what it says", false },
            { "200 of Graph", "the answer is not valid JSON", false },
            { "Graph 404", "404: Request_ResourceNotFound: gone", false },
            { "answer that is no JSON", "the answer is not valid JSON", false },
            { "JSON within", "the answer is not valid JSON", false },
            { "sign-in", "sign-in failed: AADSTS7000222: expired", false },
            { "sign-in within", "sign-in failed: AADSTS7000222: expired", false },
            { "host within", "the address points to another host (other.example)", false },
            { "wait within", "the service asked to wait 301 s", false },
            { "wait in an aggregate", "the service asked to wait 301 s", false },
            { "not reachable", "not reachable: refused", false },
            { "broken", "the connection broke: reset", false },
            { "incomplete", "the answer has no 'data' array", false },
            { "other", "InvalidOperationException: odd", false },
        };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Each_kind_of_failure_is_named_and_a_permission_only_where_one_is_missing(string kind, string reason, bool permission)
    {
        var signIn = new AuthenticationFailedException("", new InvalidOperationException("AADSTS7000222: expired\nTrace ID: 1"));
        var failure = ReadFailure.From(
            kind switch
            {
                "401" or "403" or "429" or "500" => new RequestFailedException(
                    int.Parse(kind, CultureInfo.InvariantCulture),
                    "what it says\nStatus: x"
                ),
                "403 firewall" => new RequestFailedException(403, "Blocked by the Firewall of the vault"),
                "403 address" => new RequestFailedException(403, "Client address is not authorized and caller is not a trusted service"),
                "200 of Graph" => new ODataError { ResponseStatusCode = 200 },
                "Graph 404" => new ODataError
                {
                    ResponseStatusCode = 404,
                    Error = new() { Code = "Request_ResourceNotFound", Message = "gone" },
                },
                "answer that is no JSON" => new RequestFailedException(200, "no", new JsonException("at 0")),
                "JSON within" => new InvalidOperationException("x", new JsonException("at 0")),
                "sign-in" => signIn,
                "sign-in within" => new InvalidOperationException("x", signIn),
                "host within" => new InvalidOperationException("x", new ForeignHostException("other.example")),
                "wait within" => new InvalidOperationException("x", TooLong()),
                "wait in an aggregate" => new AggregateException(TooLong(), new InvalidOperationException("y")),
                "not reachable" => new InvalidOperationException("x", new HttpRequestException("refused")),
                "broken" => new InvalidOperationException("x", new IOException("reset")),
                "incomplete" => new IncompleteReadException("the answer has no 'data' array"),
                _ => new InvalidOperationException("odd"),
            },
            Call,
            "/subscriptions/s",
            "client"
        );

        Assert.StartsWith(reason, failure.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("Trace", failure.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Reason);
        Assert.Equal(permission ? Call.Permission : null, failure.Permission);
        Assert.Equal(permission, failure.Remedy.Contains("az role assignment create --assignee client", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, null, "no answer")]
    [InlineData(0, "the connection broke", "the connection broke")]
    [InlineData(503, "the batch left this request out", "503: the batch left this request out")]
    [InlineData(404, null, "404: no reason was given")]
    public void An_answer_inside_a_batch_is_named_by_its_status_or_by_why_there_is_none(int status, string? why, string reason) =>
        Assert.Equal(reason, ReadFailure.From(new BatchAnswer(status, default, null, why), Call, "client").Reason);

    [Fact]
    public void A_reason_is_one_short_line_without_secrets()
    {
        var failure = ReadFailure.From(new InvalidOperationException($"client_secret=PLANTED\r\n{new string('x', 400)}"), Call, null, null);

        Assert.StartsWith("InvalidOperationException: client_secret=*** xxx", failure.Reason, StringComparison.Ordinal);
        Assert.Equal((301, '…'), (failure.Reason.Length, failure.Reason[^1]));
    }

    [Fact]
    public void What_could_not_be_read_is_not_complete()
    {
        var failure = ReadFailure.From(new IOException("reset"), Call, null, null);

        var outcome = failure.Outcome("s", 3, new Subject(SubjectTypes.Source, "s", "s"), "/r");

        Assert.Equal(
            (false, "s", 3L, "/r", "the connection broke: reset"),
            (outcome.Complete, outcome.Source, outcome.Objects, outcome.ResourceId, outcome.Reason)
        );
    }

    private static RetryAfterTooLongException TooLong() => new(TimeSpan.FromSeconds(301), TimeSpan.FromSeconds(300));
}
