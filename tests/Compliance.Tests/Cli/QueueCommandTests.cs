using System.Net;
using System.Text.Json;
using Azure.Storage.Queues;
using Compliance.Storage;
using Compliance.Tests.Storage;
using ComplianceCli;
using Testing;

namespace Compliance.Tests.Cli;

public sealed class QueueCommandOnAzuriteTests(AzuriteFixture accounts) : QueueCommandTests(accounts)
{
    [Fact]
    public async Task The_command_lists_first_and_moves_when_it_is_confirmed()
    {
        var (poison, queue) = await QueuesAsync("put-back-typed", "first", "second");

        var dry = await TypeAsync("put-back", "put-back-typed");
        Assert.Equal(0, dry.Code);
        Assert.EndsWith("\n", dry.Output, StringComparison.Ordinal);
        Texts.Cli.Expect("put back without --confirm, typed", dry.Output.Split('\n')[^2]);
        var done = await TypeAsync("put-back", "put-back-typed", "--confirm", "--json");

        using var result = JsonDocument.Parse(done.Output);
        Assert.Equal(
            (0, 2, true),
            (done.Code, result.RootElement.GetProperty("putBack").GetInt32(), result.RootElement.GetProperty("confirmed").GetBoolean())
        );
        Assert.Equal(["first", "second"], await TextsAsync(queue));
        Assert.Empty(await TextsAsync(poison));
    }

    [Theory]
    [InlineData("put-back", "hr-events-poison")]
    [InlineData("put-back", "HR")]
    [InlineData("put-back-dead-letters", "a/b")]
    public async Task A_name_that_cannot_be_is_wrong_usage(string command, string name)
    {
        var (code, output, errors) = await TypeAsync(command, name);

        Assert.Equal((64, ""), (code, output));
        Texts.Cli.Expect("a name that cannot be", [command, name], errors);
    }

    [Theory]
    [InlineData("http://st.queue.core.windows.net")]
    [InlineData("https://st.blob.core.windows.net")]
    [InlineData("st")]
    public async Task An_address_that_is_no_queue_service_is_wrong_usage(string account)
    {
        var (code, output, errors) = await TypeAsync("put-back", "hr-events", "--account", account);

        Assert.Equal((64, ""), (code, output));
        Texts.Cli.Expect("an address that is no queue service", errors);
    }

    [Fact]
    public async Task An_account_in_Azure_is_opened_as_the_Azure_CLIs_user()
    {
        // Without a sign-in here; the name is reserved and belongs to nobody.
        var e = await Assert.ThrowsAsync<CliException>(() => TypeAsync("put-back", "hr-events", "--account", "https://st.queue.invalid"));

        Texts.Cli.Expect("an account in Azure without a sign-in", e.Message);
    }

    [Fact]
    public async Task An_evidence_account_in_Azure_can_be_named_too()
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();

        var code = await Commands.InvokeAsync(
            ["evidence", "download", Path.GetTempPath() + "none", "--account", "https://st.blob.invalid", "--tenant", "t"],
            output,
            errors,
            Stop
        );

        Assert.Equal(2, code);
        Assert.StartsWith("cannot decide: ", errors.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", 0, 1)]
    [InlineData("DELETE", 1, 1)]
    public async Task Cut_off_between_sending_and_deleting_no_message_is_lost(string method, int sent, int left)
    {
        var name = $"put-back-cut-{method.ToLowerInvariant()}";
        var (poison, queue) = await QueuesAsync(name, Hr);
        var (storage, faults) = Faults.On(Accounts);
        faults.Before = (request, _) => request.Method.Method == method ? Faults.Answer(HttpStatusCode.Forbidden) : null;

        var failed = await Assert.ThrowsAsync<CliException>(() => PutBackAsync(storage, name, confirm: true));

        Texts.Cli.Expect("put back and cut off", method, failed.Message);
        Assert.Equal((sent, left), (await CountAsync(queue), await CountAsync(poison)));
    }

    [Fact]
    public async Task What_fails_again_meanwhile_does_not_go_round_for_ever()
    {
        var (poison, queue) = await QueuesAsync("put-back-again", "first", "second");
        var (storage, faults) = Faults.On(Accounts);
        faults.After = (request, _, answer) =>
        {
            if (request.Method == HttpMethod.Delete)
                poison.SendMessage("failed again", Stop);
            return answer;
        };

        var result = await PutBackAsync(storage, "put-back-again", confirm: true);

        Assert.Equal((2, 2, 2), (result.PutBack, await CountAsync(queue), await CountAsync(poison)));
        Texts.Cli.Expect("put back while messages fail again", Lines[^1]);
    }

    private async Task<(int Code, string Output, string Errors)> TypeAsync(params string[] arguments)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(
                file,
                JsonSerializer.Serialize(
                    new ComplianceCli.Connection(
                        "http://127.0.0.1:1",
                        null,
                        null,
                        null,
                        new Dictionary<string, string>(),
                        Accounts.StateConnection
                    ),
                    JsonSerializerOptions.Web
                ),
                Stop
            );
            using var output = new StringWriter { NewLine = "\n" };
            using var errors = new StringWriter { NewLine = "\n" };
            var code = await Commands.InvokeAsync(["queue", .. arguments, "--connection", file], output, errors, Stop);
            return (code, output.ToString(), errors.ToString());
        }
        finally
        {
            File.Delete(file);
        }
    }
}

public sealed class QueueCommandInMemoryTests(MemoryStorageFixture accounts) : QueueCommandTests(accounts)
{
    // The queues of the app by their real names, which other tests use on Azurite.
    [Fact]
    public async Task Dead_letters_go_to_the_queue_of_their_type_and_what_has_none_stays()
    {
        const string Vault =
            """
            {"specversion":"1.0","type":"Microsoft.KeyVault.SecretExpired","id":"8","source":"/v","data":{},
             "deadletterreason":"NotFound"}
            """;
        var container = Accounts.Blobs.GetBlobContainerClient("put-back-dead");
        await container.CreateAsync(cancellationToken: Stop);
        async Task WriteAsync(string name, string text) => await container.GetBlobClient(name).UploadAsync(new BinaryData(text), Stop);
        await WriteAsync("HR/2026/11/23/6/1.json", $"[{Hr},{Vault}]");
        await WriteAsync("HR/2026/11/23/6/2.json", $$"""[{{Hr}},{"specversion":"1.0","type":"com.example.other","id":"9"}]""");
        await WriteAsync("HR/2026/11/23/6/3.json", """[{"id":"1","eventType":"hr.x","topic":"/t","data":{}}]""");
        await WriteAsync("HR/2026/11/23/6/4.json", "<xml/>");
        var storage = Faults.Storage(Accounts);

        var dry = await DeadLettersAsync(storage, confirm: false);
        Assert.Equal((0, 4), (dry.PutBack, await BlobsAsync()));
        Texts.Cli.Expect("put back dead letters without --confirm", Lines[^1]);
        var done = await DeadLettersAsync(storage, confirm: true);

        Assert.Equal((1, 3), (done.PutBack, await BlobsAsync()));
        Texts.Cli.Expect("put back dead letters of which three cannot be", done.Files.Select(f => $"{f.File}: {f.Problem}"));
        Assert.Contains(Hr, await TextsAsync(Accounts.Queues.GetQueueClient("hr-events")));
        Assert.Contains(Vault, await TextsAsync(Accounts.Queues.GetQueueClient("vault-events")));
        Assert.All(Lines, l => Assert.DoesNotContain("NW-1042", l, StringComparison.Ordinal));

        async Task<int> BlobsAsync() => await container.GetBlobsAsync(cancellationToken: Stop).CountAsync(Stop);
    }

    private Task<DeadLetterResult> DeadLettersAsync(StateStorage storage, bool confirm) =>
        new DeadLetterPutBack(new(storage.Queues, storage.Blobs), "put-back-dead").RunAsync(confirm, ReportAsync, Stop);
}

/// <summary>What was given up goes back, and whatever happens on the way nothing is lost.</summary>
public abstract class QueueCommandTests(StorageFixture accounts)
{
    protected const string Hr =
        """{"specversion":"1.0","type":"hr.employee.terminated","id":"7","source":"/hr","data":{"employeeId":"NW-1042"}}""";

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    protected StorageFixture Accounts => accounts;

    protected List<string> Lines { get; } = [];

    [Fact]
    public async Task A_dry_run_shows_each_message_without_its_data_and_changes_nothing()
    {
        var (poison, queue) = await QueuesAsync("put-back-dry", Hr, """{"specversion":"1.0","type":"x\u202e","id":"9","source":"/s"}""");

        var result = await PutBackAsync(Faults.Storage(accounts), "put-back-dry", confirm: false);

        Assert.Equal((2, 0, false), (result.Found, result.PutBack, result.Confirmed));
        Assert.Equal(["hr.employee.terminated 7", "x\\u202e 9"], result.Messages.Select(m => m.What));
        Assert.All(Lines, l => Assert.DoesNotContain("NW-1042", l, StringComparison.Ordinal));
        Texts.Cli.Expect("put back without --confirm", Lines[^1]);
        Assert.Equal((2, 0), (await CountAsync(poison), await CountAsync(queue)));
    }

    [Fact]
    public async Task A_message_goes_back_as_it_was_and_does_not_expire()
    {
        var (poison, queue) = await QueuesAsync("put-back-whole", Hr, "eyJpZCI6IjcifQ==");

        var result = await PutBackAsync(Faults.Storage(accounts), "put-back-whole", confirm: true);

        Assert.Equal((2, 2), (result.Found, result.PutBack));
        Texts.Cli.Expect("put back", Lines[^1]);
        Assert.All((await queue.PeekMessagesAsync(10, Stop)).Value, m => Assert.Equal(9999, m.ExpiresOn!.Value.Year));
        Assert.Equal(["eyJpZCI6IjcifQ==", Hr], await TextsAsync(queue));
        Assert.Equal(0, await CountAsync(poison));
    }

    [Fact]
    public async Task One_message_that_was_sent_again_corrected_can_be_deleted_and_no_other()
    {
        var (poison, queue) = await QueuesAsync("put-back-one", "first", "second");
        var id = (await poison.PeekMessagesAsync(32, Stop)).Value.Single(m => m.Body.ToString() == "second").MessageId;
        var work = new QueuePutBack(Faults.Storage(accounts).Queues, "put-back-one");

        await work.DiscardAsync(id, confirm: false, ReportAsync, Stop);
        Texts.Cli.Expect("discard without --confirm", Lines[^1]);
        Assert.Equal(2, await CountAsync(poison));
        Assert.Equal("put-back-one-poison", (await work.DiscardAsync(id, confirm: true, ReportAsync, Stop)).Poison);

        Assert.Equal((1, 0), (await CountAsync(poison), await CountAsync(queue)));
        Texts.Cli.Expect(
            "discard what is not there",
            (await Assert.ThrowsAsync<CliException>(() => work.DiscardAsync(id, confirm: true, ReportAsync, Stop))).Message.Replace(
                id,
                "MESSAGE",
                StringComparison.Ordinal
            )
        );
    }

    [Fact]
    public async Task A_queue_without_a_poison_queue_is_named_with_those_that_are_there()
    {
        await QueuesAsync("put-back-other", "first");

        var e = await Assert.ThrowsAsync<CliException>(() => PutBackAsync(Faults.Storage(accounts), "put-back-othr", confirm: true));

        Texts.Cli.Expect("a queue without a poison queue", e.Message.Split("; ")[0]);
        Assert.Contains("put-back-other-poison", e.Message, StringComparison.Ordinal);
    }

    private protected async Task<(QueueClient Poison, QueueClient Queue)> QueuesAsync(string name, params string[] messages)
    {
        var (poison, queue) = (accounts.Queues.GetQueueClient(name + "-poison"), accounts.Queues.GetQueueClient(name));
        await poison.CreateAsync(cancellationToken: Stop);
        await queue.CreateAsync(cancellationToken: Stop);
        foreach (var message in messages)
            await poison.SendMessageAsync(message, Stop);
        return (poison, queue);
    }

    private protected static async Task<List<string>> TextsAsync(QueueClient queue) =>
        [.. (await queue.PeekMessagesAsync(32, Stop)).Value.Select(m => m.Body.ToString()).Order(StringComparer.Ordinal)];

    private protected static async Task<int> CountAsync(QueueClient queue) =>
        (await queue.GetPropertiesAsync(Stop)).Value.ApproximateMessagesCount;

    private protected Task<PutBackResult> PutBackAsync(StateStorage storage, string queue, bool confirm) =>
        new QueuePutBack(storage.Queues, queue).RunAsync(confirm, ReportAsync, Stop);

    private protected Task ReportAsync(string line)
    {
        Lines.Add(line);
        return Task.CompletedTask;
    }
}
