using System.Text;
using System.Text.Json;
using Compliance.Credentials;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Intake;
using Compliance.Tests.Offboarding.Intake;
using ComplianceCli;
using Local;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace Compliance.Tests.Cli;

/// <summary>The command as an admin types it.</summary>
public sealed class EventCommandTests : IDisposable
{
    private const string Tenant = "aaaaaaaa-0000-0000-0000-000000000009";

    private readonly string _folder = Directory.CreateTempSubdirectory("event-").FullName;
    private readonly AzuriteFixture _azurite;
    private Stream _input = Stream.Null;

    public EventCommandTests(AzuriteFixture azurite)
    {
        _azurite = azurite;
        Connect(azurite.StateConnection);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string ConnectionFile => Path.Combine(_folder, "connection.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_example_of_HR_is_put_on_its_queue_and_the_app_reads_it(bool base64)
    {
        var file = Example("hr-event.json");

        var (code, output, errors) = await RunAsync([file, .. base64 ? ["--base64"] : (string[])[]]);
        var message = await TakeAsync("hr-events");

        Assert.Equal((0, ""), (code, errors));
        Assert.Contains($" offboard show {HrEventKeys.CaseOf(Tenant, "NW-1042", "2019-04")}.\n", output, StringComparison.Ordinal);
        Texts.Cli.Expect(base64 ? "an event of HR sent in Base64" : "an event of HR sent", Plain(output, file, message.Id));
        Assert.Equal(Written(file, base64), message.Text);
        Assert.Equal(
            ("NW-1042", true),
            (HrEventReader.Read(message.Text, Hr.Now).EmployeeId, HrEventReader.Read(message.Text, Hr.Now).ForCause)
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_example_of_Key_Vault_is_put_on_its_queue_and_the_app_reads_it(bool base64)
    {
        var file = Example("vault-event.json");

        var (code, output, errors) = await RunAsync([file, .. base64 ? ["--base64"] : (string[])[]]);
        var message = await TakeAsync("vault-events");

        Assert.Equal((0, ""), (code, errors));
        Texts.Cli.Expect(base64 ? "an event of Key Vault sent in Base64" : "an event of Key Vault sent", Plain(output, file, message.Id));
        Assert.Equal(Written(file, base64), message.Text);
        Assert.Equal("payroll-sftp-password", VaultObjectEvent.Read(message.Text, out _)!.ObjectName);
    }

    [Fact]
    public async Task A_dash_reads_standard_input_and_JSON_is_printed_when_it_is_asked_for()
    {
        _input = new MemoryStream(await File.ReadAllBytesAsync(Example("vault-event.json"), Stop));

        var (code, output, _) = await RunAsync("-", "--json");
        var message = await TakeAsync("vault-events");

        using var sent = JsonDocument.Parse(output);
        Assert.Equal(
            (0, "vault-events", message.Id, "Microsoft.KeyVault.SecretNearExpiry"),
            (
                code,
                sent.RootElement.GetProperty("queue").GetString(),
                sent.RootElement.GetProperty("messageId").GetString(),
                sent.RootElement.GetProperty("type").GetString()
            )
        );
    }

    [Fact]
    public async Task A_queue_that_is_named_is_made_and_takes_what_the_app_would_refuse()
    {
        var file = Write("""{"specversion":"1.0","id":"1","source":"/s","type":"com.example.other","data":7}""");

        var first = await RunAsync(file, "--queue", "event-send-other");
        var second = await RunAsync(file, "--queue", "event-send-other");

        Assert.EndsWith(second.Output.Split(" as message ")[0], first.Output.Split(" as message ")[0], StringComparison.Ordinal);
        Texts.Cli.Expect("an event sent to a queue that is made", Plain(first.Output.Split(" as message ")[0], file, "no id"));
        Assert.Equal((0, 0), (first.Code, second.Code));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\n  \"id\": 1,\n}")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"id":"1","topic":"/t","eventType":"Microsoft.KeyVault.SecretExpired","data":{},"eventTime":"2026-11-20T08:00:00Z"}""")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"com.example.other"}""")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"hr.employee.terminated","time":"2026-11-20T08:00:00Z"}""")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"Microsoft.KeyVault.KeyExpired","data":{"VaultName":"kv-hr"}}""")]
    public async Task An_event_that_breaks_a_rule_is_not_sent_and_the_line_or_field_is_named(string text)
    {
        var file = Write(text);

        var refused = await Assert.ThrowsAsync<CliException>(() => RunAsync(file));

        Texts.Cli.Expect("an event that breaks a rule", text, Plain(refused.Message, file, "no id"));
    }

    [Fact]
    public async Task An_event_of_more_than_64_KiB_or_that_grows_beyond_it_in_Base64_is_not_sent()
    {
        string Padded(int bytes)
        {
            const string Event = """{"specversion":"1.0","id":"1","source":"/s","type":"com.example.other"}""";
            return Write(Event + new string(' ', bytes - Event.Length));
        }

        async Task<string> RefusalAsync(int bytes, params string[] options) =>
            Plain(
                (
                    await Assert.ThrowsAsync<CliException>(() => RunAsync([Padded(bytes), "--queue", "event-send-large", .. options]))
                ).Message,
                Path.Combine(_folder, "event.json"),
                "no id"
            );

        Texts.Cli.Expect("an event that is too large", await RefusalAsync(65_537));
        Texts.Cli.Expect("an event that is too large in Base64", await RefusalAsync(65_536, "--base64"));
        Assert.Equal(0, (await RunAsync(Padded(49_152), "--queue", "event-send-large", "--base64")).Code);
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("Vault-Events")]
    [InlineData("vault--events")]
    [InlineData("-vault")]
    [InlineData("vault/events")]
    public async Task A_name_that_no_queue_can_have_is_wrong_usage(string queue)
    {
        var (code, output, errors) = await RunAsync(Example("vault-event.json"), "--queue", queue);

        Assert.Equal((64, ""), (code, output));
        Texts.Cli.Expect("a name that no queue can have", errors);
    }

    [Fact]
    public async Task What_is_missing_is_told_in_one_line_that_keeps_the_key()
    {
        var missing = Path.Combine(_folder, "none.json");
        Assert.StartsWith(
            $"{missing} cannot be read: ",
            (await Assert.ThrowsAsync<CliException>(() => RunAsync(missing))).Message,
            StringComparison.Ordinal
        );

        Connect(null);
        Texts.Cli.Expect(
            "a connection without a state account",
            (await Assert.ThrowsAsync<CliException>(() => RunAsync(Example("vault-event.json")))).Message
        );

        Connect("AccountKey=c2VjcmV0;nonsense");
        Texts.Cli.Expect(
            "a connection whose state account is none",
            (await Assert.ThrowsAsync<CliException>(() => RunAsync(Example("vault-event.json")))).Message
        );

        // Port 9 of this machine answers nothing.
        Connect(
            $"DefaultEndpointsProtocol=http;AccountName=a;AccountKey={Convert.ToBase64String(new byte[64])};QueueEndpoint=http://"
                + "127.0.0.1:9/a;"
        );
        Texts.Cli.Expect(
            "a state account that does not answer",
            (await Assert.ThrowsAsync<CliException>(() => RunAsync(Example("vault-event.json")))).Message
        );
    }

    // What differs from run to run by its name.
    private static string Plain(string output, string file, string message) =>
        output
            .Replace(file, Path.GetFileName(file), StringComparison.Ordinal)
            .Replace(message, "MESSAGE", StringComparison.Ordinal)
            // The first test that uses a queue makes it.
            .Replace("Queue hr-events was missing and has been made.\n", "", StringComparison.Ordinal)
            .Replace("Queue vault-events was missing and has been made.\n", "", StringComparison.Ordinal)
            .Replace(HrEventKeys.CaseOf(Tenant, "NW-1042", "2019-04"), "CASE", StringComparison.Ordinal);

    private static string Example(string name) => Path.Combine(RepositoryRoot.Find(), "docs", "examples", name);

    private static string Written(string file, bool base64)
    {
        var bytes = File.ReadAllBytes(file);
        return base64 ? Convert.ToBase64String(bytes) : Encoding.UTF8.GetString(bytes);
    }

    private string Write(string text)
    {
        var file = Path.Combine(_folder, "event.json");
        File.WriteAllText(file, text);
        return file;
    }

    private void Connect(string? state) =>
        File.WriteAllText(
            ConnectionFile,
            JsonSerializer.Serialize(
                new ComplianceCli.Connection(
                    "http://127.0.0.1:1",
                    null,
                    null,
                    null,
                    new Dictionary<string, string> { ["Tenant:Id"] = Tenant },
                    state
                ),
                JsonSerializerOptions.Web
            )
        );

    // A client without any encoding sees what is on the wire.
    private async Task<(string Id, string Text)> TakeAsync(string queue)
    {
        var client = _azurite.Queues.GetQueueClient(queue);
        var message = (await client.ReceiveMessageAsync(cancellationToken: Stop)).Value;
        await client.DeleteMessageAsync(message.MessageId, message.PopReceipt, Stop);
        return (message.MessageId, message.Body.ToString());
    }

    private async Task<(int Code, string Output, string Errors)> RunAsync(params string[] options)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = await Commands.InvokeAsync(
            ["event", "send", .. options, "--connection", ConnectionFile],
            output,
            errors,
            Stop,
            () => _input,
            new FakeTimeProvider(Hr.Now)
        );
        return (code, output.ToString(), errors.ToString());
    }
}
