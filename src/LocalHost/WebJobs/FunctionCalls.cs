using System.Globalization;
using System.Text;
using System.Text.Json;
using Azure.Storage.Queues.Models;
using Google.Protobuf;
using LocalHost.Rpc;
using LocalHost.Worker;
using Microsoft.Azure.WebJobs;
using Microsoft.Extensions.Logging;
using Newtonsoft.Json.Linq;

namespace LocalHost.WebJobs;

/// <summary>What the emitted functions do: pass the call to the worker, and its answer back in the form that the extension wants.</summary>
internal sealed class FunctionCalls(IWorkerChannel worker, IReadOnlyDictionary<string, string> extensions, ILogger logger) : IDisposable
{
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    private readonly TaskCompletionSource _turnedAway = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _draining = new();
    private readonly RunningCount _running = new();

    /// <summary>Whether the app refers to the durable extension.</summary>
    public bool HasDurable => extensions.ContainsKey(AppExtensions.DurableTask);

    /// <summary>Whether the app refers to the queue extension.</summary>
    public bool HasQueues => extensions.ContainsKey(AppExtensions.Queues);

    /// <summary>What a durable client is given; the extension sets it.</summary>
    public string? Client { get; private set; }

    /// <summary>Ends when nothing new is to be begun any more.</summary>
    public CancellationToken Draining => _draining.Token;

    /// <summary>From now on no durable call is begun.</summary>
    public void BeginDrain() => _draining.Cancel();

    /// <summary>Waits until no durable call is under way.</summary>
    public Task WhenNoneRunsAsync() => _running.NoneAsync();

    /// <summary>
    /// Hands the calls that came in since <see cref="BeginDrain"/> back to the extension, which leaves them for the next start.
    /// </summary>
    public void TurnAway() => _turnedAway.TrySetResult();

    /// <summary>The setting with the connection of a queue binding.</summary>
    public static string Connection(FunctionBinding queue) =>
        queue.Text("connection") is { Length: > 0 } name ? name : WebJobsConfiguration.Storage;

    /// <summary>Takes what a durable client is given.</summary>
    public void SetClient(string function, string client) => Client = client;

    /// <summary>Runs one episode of an orchestrator.</summary>
    /// <param name="function">The orchestrator.</param>
    /// <param name="context">The episode's request: protobuf in Base64; so is the answer.</param>
    public async Task<string> OrchestrateAsync(string function, string context)
    {
        var orchestrator = worker.Functions[function];
        return (await InvokeDurableAsync(worker.CreateRequest(orchestrator, new TypedData { String = context }))).ReturnValue.String;
    }

    /// <summary>Runs an activity.</summary>
    /// <param name="function">The activity.</param>
    /// <param name="input">Its input as JSON text; null where it has none.</param>
    /// <param name="instanceId">The orchestration that asked for it.</param>
    /// <returns>The result in a form that the extension can write as JSON.</returns>
    public async Task<object?> ActAsync(string function, string? input, string instanceId)
    {
        var request = worker.CreateRequest(worker.Functions[function], new TypedData { String = input ?? "null" });
        request.TriggerMetadata["instanceId"] = new TypedData { String = instanceId };
        var result = (await InvokeDurableAsync(request)).ReturnValue;
        return result?.DataCase switch
        {
            TypedData.DataOneofCase.String => result.String,
            TypedData.DataOneofCase.Json => JToken.Parse(result.Json),
            TypedData.DataOneofCase.Int => result.Int,
            TypedData.DataOneofCase.Double => result.Double,
            TypedData.DataOneofCase.Bytes => result.Bytes.ToByteArray(),
            _ => null,
        };
    }

    /// <summary>
    /// Runs a queue function on a message and writes its outputs; the extension deletes the message when this has succeeded.
    /// </summary>
    /// <exception cref="Exception">The message, the function or an output failed: the extension tries the message again, and in the end
    /// poisons it.</exception>
    public async Task TakeAsync(string function, QueueMessage message, IBinder binder, CancellationToken cancellationToken)
    {
        var taker = worker.Functions[function];
        var text = Read(function, message);
        var request = worker.CreateRequest(taker, new TypedData { String = text });
        AddMetadata(request, message, text);
        try
        {
            var response = await worker.InvokeAsync(request, cancellationToken);
            await WriteOutputsAsync(taker, response, binder, cancellationToken);
        }
        catch (WorkerExitedException e)
        {
            throw new WorkerProcessExitException(e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _draining.Dispose();

    private string Read(string function, QueueMessage message)
    {
        try
        {
            return Utf8.GetString(message.Body);
        }
        catch (DecoderFallbackException)
        {
            logger.NotText(message.MessageId, function);
            throw;
        }
    }

    // The worker turns each into the parameter of its name. It takes no Int ("Int is not supported"), so a number goes as JSON.
    private static void AddMetadata(InvocationRequest request, QueueMessage message, string text)
    {
        var metadata = request.TriggerMetadata;
        metadata["QueueTrigger"] = new TypedData { String = text };
        // A message by hand has neither.
        metadata["Id"] = new TypedData { String = message.MessageId ?? "" };
        metadata["PopReceipt"] = new TypedData { String = message.PopReceipt ?? "" };
        metadata["DequeueCount"] = new TypedData { Json = message.DequeueCount.ToString(CultureInfo.InvariantCulture) };
        metadata["InsertionTime"] = new TypedData { Json = JsonSerializer.Serialize(message.InsertedOn) };
        metadata["ExpirationTime"] = new TypedData { Json = JsonSerializer.Serialize(message.ExpiresOn) };
        metadata["NextVisibleTime"] = new TypedData { Json = JsonSerializer.Serialize(message.NextVisibleOn) };
    }

    private async Task<InvocationResponse> InvokeDurableAsync(InvocationRequest request)
    {
        if (Draining.IsCancellationRequested)
        {
            // Not handed back at once: it would be offered again, and wait longer each time.
            await _turnedAway.Task;
            throw new OperationCanceledException("the host stops");
        }

        _running.Enter();
        try
        {
            return await worker.InvokeAsync(request, CancellationToken.None);
        }
        catch (FunctionFailedException e)
        {
            // The form that the Functions host gives a failure, which the extension takes apart again.
            throw new InvalidOperationException($"Result: Failure\nException: {e.Remote.Message}\nStack: {e.Remote.StackTrace}");
        }
        catch (WorkerExitedException e)
        {
            throw new WorkerProcessExitException(e);
        }
        finally
        {
            _running.Exit();
        }
    }

    private async Task WriteOutputsAsync(
        WorkerFunction function,
        InvocationResponse response,
        IBinder binder,
        CancellationToken cancellationToken
    )
    {
        foreach (var output in function.Outputs)
        {
            var data =
                output.Name == "$return" ? response.ReturnValue : response.OutputData.FirstOrDefault(o => o.Name == output.Name)?.Data;
            try
            {
                await WriteAsync(output, Messages(data), binder, cancellationToken);
            }
            catch (Exception e)
            {
                logger.OutputFailed(function.Name, output.Text("queueName")!, e.Message.Split('\n', 2)[0].TrimEnd());
                throw;
            }
        }
    }

    // The extension's own writer: it encodes as its listener decodes, makes the queue where it is missing, and wakes the listener behind
    // it.
    private static async Task WriteAsync(
        FunctionBinding output,
        List<ByteString> messages,
        IBinder binder,
        CancellationToken cancellationToken
    )
    {
        if (messages.Count == 0)
            return;
        var attribute = new QueueAttribute(output.Text("queueName")!) { Connection = Connection(output) };
        var queue = await binder.BindAsync<IAsyncCollector<byte[]>>(attribute, cancellationToken);
        foreach (var message in messages)
            await queue.AddAsync(message.ToByteArray(), cancellationToken);
    }

    // One message, or one for each element of a list.
    private static List<ByteString> Messages(TypedData? data) =>
        data?.DataCase switch
        {
            TypedData.DataOneofCase.String => [ByteString.CopyFromUtf8(data.String)],
            TypedData.DataOneofCase.Bytes => [data.Bytes],
            TypedData.DataOneofCase.CollectionString => [.. data.CollectionString.String.Select(ByteString.CopyFromUtf8)],
            TypedData.DataOneofCase.Json => Messages(JsonElement.Parse(data.Json)),
            _ => [],
        };

    private static List<ByteString> Messages(JsonElement json) =>
        json.ValueKind switch
        {
            JsonValueKind.Null => [],
            JsonValueKind.Array => [.. json.EnumerateArray().Select(Message)],
            _ => [Message(json)],
        };

    private static ByteString Message(JsonElement json) =>
        ByteString.CopyFromUtf8(json.ValueKind == JsonValueKind.String ? json.GetString()! : json.GetRawText());
}

/// <summary>
/// The worker ended while a function ran in it. The durable extension goes by this name: it repeats an orchestrator's episode, and fails an
/// activity.
/// </summary>
internal sealed class WorkerProcessExitException(Exception reason) : Exception("The worker process ended while the function ran.", reason);
