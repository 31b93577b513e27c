using Compliance.Credentials;
using Compliance.Runs;

namespace ComplianceFunctions.Tests;

public sealed class RunRequestTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Two_requests_at_the_same_instant_are_two_runs() =>
        Assert.NotEqual(RunRequest.New("cred", "manual", Now).RunId, RunRequest.New("cred", "manual", Now).RunId);

    [Fact]
    public void A_run_id_names_its_control_and_time() =>
        Assert.Matches("^cred-20261123T060000Z-[0-9a-f]{8}$", RunRequest.New("cred", "timer", Now).RunId);

    [Theory]
    [InlineData("cred-20261123T060000Z-00c0ffee", true)]
    [InlineData("../../other", false)]
    [InlineData("a/b", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Only_letters_digits_and_hyphens_make_a_run_id(string? text, bool valid) => Assert.Equal(valid, RunRequest.IsRunId(text));

    [Fact]
    public void A_message_is_read_as_it_is_and_in_Base64()
    {
        const string Message = """{"runId":"cred-20261123T060000Z-00c0ffee","trigger":"manual","correlationId":"c"}""";
        var expected = new RunRequest("cred-20261123T060000Z-00c0ffee", "manual", "c");

        Assert.Equal(expected, CredentialCheckRequests.Read(Message));
        // What a version before this one may have left in the queue.
        Assert.Equal(expected, CredentialCheckRequests.Read(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Message))));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"runId":7,"trigger":"manual","correlationId":"c"}""")]
    [InlineData("""{"runId":"../x","trigger":"manual","correlationId":"c"}""")]
    public void A_message_that_is_no_request_is_refused(string message) =>
        Assert.ThrowsAny<FormatException>(() => CredentialCheckRequests.Read(message));
}
