using System.CommandLine;
using System.Text.Json;
using System.Text.RegularExpressions;
using Compliance.Text;

namespace ComplianceCli;

/// <summary><c>compliance event send</c>: what Event Grid does in Azure, by hand.</summary>
internal static partial class EventCommands
{
    private const string StandardInput = "-";

    /// <summary>The commands.</summary>
    /// <param name="connect">Gives the connection that the options name.</param>
    /// <param name="json">The option that asks for JSON.</param>
    /// <param name="input">Opens standard input.</param>
    /// <param name="output">For what was done.</param>
    /// <param name="time">Judges whether the times of an event are near enough.</param>
    public static Command Create(
        Func<ParseResult, Connection> connect,
        Option<bool> json,
        Func<Stream> input,
        TextWriter output,
        TimeProvider time
    )
    {
        var file = new Argument<string>("FILE") { Description = "A CloudEvents 1.0 event as JSON; - reads it from standard input" };
        var queue = new Option<string?>("--queue")
        {
            Description = "Another queue than the type's own; the event's data is then not judged",
            HelpName = "NAME",
        };
        queue.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } name && !QueueNames().IsMatch(name))
                result.AddError("--queue takes 3 to 63 lower-case letters, digits and single hyphens");
        });
        var base64 = new Option<bool>("--base64") { Description = "Send it in Base64, as Event Grid may" };
        var send = new Command("send", "Put an event on the queue that Event Grid delivers it to") { file, queue, base64 };
        send.SetAction(
            async (parsed, cancellationToken) =>
            {
                var (name, bytes) = await ReadAsync(parsed.GetValue(file)!, input, cancellationToken);
                var sent = await new EventSend(connect(parsed), time).SendAsync(
                    name,
                    bytes,
                    parsed.GetValue(queue),
                    parsed.GetValue(base64),
                    cancellationToken
                );
                if (parsed.GetValue(json))
                {
                    await output.WriteLineAsync(JsonSerializer.Serialize(sent, ComplianceJson.Readable));
                    return 0;
                }
                if (sent.QueueMade)
                    await output.WriteLineAsync($"Queue {sent.Queue} was missing and has been made.");
                var encoding = sent.Base64 ? ", in Base64" : "";
                await output.WriteLineAsync($"{name} is on queue {sent.Queue} as message {sent.MessageId}{encoding}.");
                await output.WriteLineAsync($"{sent.Next}.");
                return 0;
            }
        );
        return new Command("event", "Events of HR and of Key Vault") { send };
    }

    private static async Task<(string Name, ReadOnlyMemory<byte> Bytes)> ReadAsync(
        string file,
        Func<Stream> input,
        CancellationToken cancellationToken
    )
    {
        var name = file == StandardInput ? "standard input" : Plain.Text(file, 1000);
        try
        {
            await using var stream = file == StandardInput ? input() : new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            // One byte more than may be sent shows what is too large, however much there is.
            var buffer = new byte[JsonMessage.MaxBytes + 1];
            // A terminal's input heeds no token: whoever waits for it is let go.
            var length = await stream
                .ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)
                .AsTask()
                .WaitAsync(cancellationToken);
            if (length > JsonMessage.MaxBytes)
                throw new CliException($"{name} was not sent: the event has more than {JsonMessage.MaxBytes} bytes");
            return (name, buffer.AsMemory(0, length));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CliException($"{name} cannot be read: {e.Message}", e);
        }
    }

    // https://learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata
    [GeneratedRegex("^(?=.{3,63}\\z)[a-z0-9]+(-[a-z0-9]+)*\\z", RegexOptions.CultureInvariant)]
    internal static partial Regex QueueNames();
}
