using ComplianceCli;
using Microsoft.Extensions.Time.Testing;

namespace Compliance.Tests.Cli;

public sealed class PolicyCommandTests : IDisposable
{
    private const string Policy = """
        version: 1
        dataSets:
          - id: raw
            accounts: [sttrain*]
            containers: [raw]
            classification: confidential
            purpose: Training
            lawfulBasis: GDPR 6(1)(f)
            owner: data@contoso.example
            keepNewest: 3
            rules:
              - { id: cool, after: P30D, from: lastModified, action: cool }
              - { id: gone, after: P2Y, from: created, action: delete }
          - id: all
            accounts: ["*"]
            containers: ["*"]
            classification: internal
            purpose: Everything else
            lawfulBasis: none
            owner: ops@contoso.example
            rules:
              - { id: report, after: P5Y, from: lastModified, action: report }
        """;

    private readonly string _file = Path.GetTempFileName();

    public PolicyCommandTests() => File.WriteAllText(_file, Policy);

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("valid")]
    [InlineData("due", "--blob", "sttrain1/raw/2024/a.json", "--created", "2024-12-01", "--last-modified", "2026-11-20")]
    [InlineData("kept", "--blob", "sttrain1/raw/2026/a.json", "--created", "2026-06-01", "--last-modified", "2026-11-20")]
    [InlineData("unknown", "--blob", "sttrain1/raw/2026/a.json", "--last-modified", "2026-11-20")]
    [InlineData("held", "--blob", "sttrain1/raw/a", "--created", "2020-01-01", "--last-modified", "2020-01-01", "--tag", "LegalHold=17")]
    [InlineData("month end", "--blob", "stx/y/a", "--last-modified", "2028-02-29", "--at", "2033-02-28")]
    public async Task A_policy_is_explained(string situation, params string[] more)
    {
        var (code, output, errors) = await TypeAsync([_file, .. more]);

        Assert.Equal((0, ""), (code, errors));
        Texts.Cli.Expect("policy check", situation, output);
    }

    [Theory]
    [InlineData("no blob", 64, "--blob", "sttrain1/raw")]
    [InlineData("no time", 64, "--blob", "a/b/c", "--created", "yesterday")]
    [InlineData("no tag", 64, "--blob", "a/b/c", "--tag", "x")]
    public async Task What_cannot_be_read_is_wrong_usage(string situation, int expected, params string[] more)
    {
        var (code, output, errors) = await TypeAsync([_file, .. more]);

        Assert.Equal((expected, ""), (code, output));
        Texts.Cli.Expect("policy check", situation, errors);
    }

    [Fact]
    public async Task Approvers_tables_and_overlaps_are_named()
    {
        static string Set(string id, string place, string from) =>
            $$"""
              - id: {{id}}
                {{place}}
                classification: internal
                purpose: Logs
                lawfulBasis: none
                owner: ops@contoso.example
                approver: ann@contoso.example
                rules: [{ id: gone, after: P1Y, from: {{from}}, action: delete }]

            """;
        File.WriteAllText(
            _file,
            "version: 1\ndataSets:\n"
                + Set("a", "accounts: [st*]\n    containers: [raw]", "created")
                + Set("b", "accounts: ['*1']\n    containers: [raw]", "created")
                + Set("c", "accounts: [st1]\n    containers: ['*']", "created")
                + Set("rows", "accounts: [st*]\n    tables: [prompts]", "timestamp")
        );

        var (code, output, errors) = await TypeAsync([_file]);

        Assert.Equal((0, ""), (code, errors));
        Texts.Cli.Expect("policy check: overlaps", output);
    }

    [Fact]
    public async Task A_policy_that_cannot_be_used_names_every_place()
    {
        File.WriteAllText(
            _file,
            Policy.Replace("P30D", "30 days", StringComparison.Ordinal).Replace("internal", "secret", StringComparison.Ordinal)
        );

        var (code, _, errors) = await TypeAsync([_file]);

        Assert.Equal(1, code);
        Assert.Contains("(17,21)", errors, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Errors)> TypeAsync(params string[] typed)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var stop = TestContext.Current.CancellationToken;
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 12, 1, 12, 0, 0, TimeSpan.Zero));
        var code = await OneLine.RunAsync(
            () => Commands.InvokeAsync(["policy", "check", .. typed], output, errors, stop, time: time),
            errors,
            stop
        );
        return (code, output.ToString(), errors.ToString());
    }
}
