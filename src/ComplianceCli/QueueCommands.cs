using System.CommandLine;
using System.Text.Json;
using Compliance.Runs;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>
/// <c>compliance queue</c>: puts back or deletes what the app could not process, and puts back what Event Grid could not deliver.
/// </summary>
internal static class QueueCommands
{
    /// <summary>The commands.</summary>
    /// <param name="connect">Gives the connection that the options name.</param>
    /// <param name="json">The option that asks for JSON.</param>
    /// <param name="output">For what was done.</param>
    public static Command Create(Func<ParseResult, Connection> connect, Option<bool> json, TextWriter output)
    {
        var account = AccountOption.Create(
            "The state account's queues, opened as the Azure CLI's user (Storage Queue Data Contributor)",
            "queue"
        );
        var confirm = new Option<bool>("--confirm") { Description = "Do it; without it, what would be done is listed" };
        var queue = new Argument<string>("QUEUE") { Description = "The queue that the app reads, for example hr-events" };
        queue.Validators.Add(result =>
        {
            var name = result.GetValueOrDefault<string>();
            if (name.EndsWith(WatchedQueue.PoisonSuffix, StringComparison.Ordinal))
                result.AddError($"QUEUE is the queue that the app reads: {name[..^WatchedQueue.PoisonSuffix.Length]}");
            else if (!EventCommands.QueueNames().IsMatch(name))
                result.AddError("QUEUE takes 3 to 63 lower-case letters, digits and single hyphens");
        });
        var container = new Argument<string>("CONTAINER") { Description = "The container that setting Events__DeadLetterContainer names" };
        container.Validators.Add(result =>
        {
            if (!EventCommands.QueueNames().IsMatch(result.GetValueOrDefault<string>()))
                result.AddError("CONTAINER takes 3 to 63 lower-case letters, digits and single hyphens");
        });

        async Task<int> RunAsync<T>(ParseResult parsed, Func<StateAccount, bool, Func<string, Task>, Task<T>> run)
        {
            var isJson = parsed.GetValue(json);
            var state = StateAccount.Open(parsed.GetValue(account), () => connect(parsed));
            var result = await run(state, parsed.GetValue(confirm), isJson ? _ => Task.CompletedTask : output.WriteLineAsync);
            if (isJson)
                await output.WriteLineAsync(JsonSerializer.Serialize(result, ComplianceJson.Readable));
            return 0;
        }

        var putBack = new Command("put-back", "Move what the app could not process from the poison queue back to its queue")
        {
            queue,
            account,
            confirm,
        };
        putBack.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    parsed,
                    (state, isConfirmed, report) =>
                        new QueuePutBack(state.Queues, parsed.GetValue(queue)!).RunAsync(isConfirmed, report, cancellationToken)
                )
        );
        var id = new Argument<string>("MESSAGE") { Description = "The queue's id of the message, as put-back lists it" };
        var discard = new Command("discard", "Delete one message that will never be processed from the poison queue")
        {
            queue,
            id,
            account,
            confirm,
        };
        discard.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    parsed,
                    (state, isConfirmed, report) =>
                        new QueuePutBack(state.Queues, parsed.GetValue(queue)!).DiscardAsync(
                            parsed.GetValue(id)!,
                            isConfirmed,
                            report,
                            cancellationToken
                        )
                )
        );
        var deadLetters = new Command("put-back-dead-letters", "Put the events that Event Grid could not deliver on their queues")
        {
            container,
            account,
            confirm,
        };
        deadLetters.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    parsed,
                    (state, isConfirmed, report) =>
                        new DeadLetterPutBack(state, parsed.GetValue(container)!).RunAsync(isConfirmed, report, cancellationToken)
                )
        );
        return new Command("queue", "What was not processed or not delivered") { putBack, discard, deadLetters };
    }
}
