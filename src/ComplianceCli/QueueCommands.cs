using System.CommandLine;
using System.Text.Json;
using Compliance.Runs;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>
/// <c>compliance queue</c>: puts back or deletes what the app could not process, and puts back what Event Grid could not deliver.
/// </summary>
/// <param name="connect">Gives the connection that the options name.</param>
/// <param name="json">The option that asks for JSON.</param>
/// <param name="output">For what was done.</param>
internal sealed class QueueCommands(Func<ParseResult, Connection> connect, Option<bool> json, TextWriter output)
{
    private readonly Option<Uri?> _account = AccountOption.Create(
        "The state account's queues, opened as the Azure CLI's user (Storage Queue Data Contributor)",
        "queue"
    );
    private readonly Option<bool> _confirm = new("--confirm") { Description = "Do it; without it, what would be done is listed" };

    /// <summary>The command with its subcommands.</summary>
    public Command Create()
    {
        var queue = Queue();
        return new Command("queue", "What was not processed or not delivered") { PutBack(queue), Discard(queue), PutBackDeadLetters() };
    }

    private static Argument<string> Queue()
    {
        var queue = new Argument<string>("QUEUE") { Description = "The queue that the app reads, for example hr-events" };
        queue.Validators.Add(result =>
        {
            var name = result.GetValueOrDefault<string>();
            if (name.EndsWith(WatchedQueue.PoisonSuffix, StringComparison.Ordinal))
                result.AddError($"QUEUE is the queue that the app reads: {name[..^WatchedQueue.PoisonSuffix.Length]}");
            else if (!EventCommands.QueueNames().IsMatch(name))
                result.AddError("QUEUE takes 3 to 63 lower-case letters, digits and single hyphens");
        });
        return queue;
    }

    private Command PutBack(Argument<string> queue) =>
        Make(
            "put-back",
            "Move what the app could not process from the poison queue back to its queue",
            (parsed, state, isConfirmed, report, cancellationToken) =>
                new QueuePutBack(state.Queues, parsed.GetValue(queue)!).RunAsync(isConfirmed, report, cancellationToken),
            queue
        );

    private Command Discard(Argument<string> queue)
    {
        var id = new Argument<string>("MESSAGE") { Description = "The queue's id of the message, as put-back lists it" };
        return Make(
            "discard",
            "Delete one message that will never be processed from the poison queue",
            (parsed, state, isConfirmed, report, cancellationToken) =>
                new QueuePutBack(state.Queues, parsed.GetValue(queue)!).DiscardAsync(
                    parsed.GetValue(id)!,
                    isConfirmed,
                    report,
                    cancellationToken
                ),
            queue,
            id
        );
    }

    private Command PutBackDeadLetters()
    {
        var container = new Argument<string>("CONTAINER") { Description = "The container that setting Events__DeadLetterContainer names" };
        container.Validators.Add(result =>
        {
            if (!EventCommands.QueueNames().IsMatch(result.GetValueOrDefault<string>()))
                result.AddError("CONTAINER takes 3 to 63 lower-case letters, digits and single hyphens");
        });
        return Make(
            "put-back-dead-letters",
            "Put the events that Event Grid could not deliver on their queues",
            (parsed, state, isConfirmed, report, cancellationToken) =>
                new DeadLetterPutBack(state, parsed.GetValue(container)!).RunAsync(isConfirmed, report, cancellationToken),
            container
        );
    }

    private Command Make<T>(
        string name,
        string description,
        Func<ParseResult, StateAccount, bool, Func<string, Task>, CancellationToken, Task<T>> run,
        params IEnumerable<Symbol> more
    )
    {
        var command = AppCommands.Create(name, description, [.. more, _account, _confirm]);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                var isJson = parsed.GetValue(json);
                var state = StateAccount.Open(parsed.GetValue(_account), () => connect(parsed));
                Func<string, Task> report = isJson ? _ => Task.CompletedTask : output.WriteLineAsync;
                var result = await run(parsed, state, parsed.GetValue(_confirm), report, cancellationToken);
                if (isJson)
                    await output.WriteLineAsync(JsonSerializer.Serialize(result, ComplianceJson.Readable));
                return 0;
            }
        );
        return command;
    }
}
