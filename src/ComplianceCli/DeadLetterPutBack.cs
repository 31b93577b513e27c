using System.Globalization;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Compliance.Credentials;
using Compliance.Offboarding.Desk;
using Compliance.Storage;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>A file of events that Event Grid could not deliver.</summary>
/// <param name="File">Its name.</param>
/// <param name="Events">What is in it: queue, type and id of each event.</param>
/// <param name="Problem">Why it stays; null when it can be put back.</param>
internal sealed record DeadLetterFile(string File, IReadOnlyList<string> Events, string? Problem);

/// <summary>What was put on the queues, or would be.</summary>
/// <param name="Container">The container.</param>
/// <param name="Confirmed">False for a dry run.</param>
/// <param name="PutBack">How many files were put back.</param>
/// <param name="Files">The files.</param>
internal sealed record DeadLetterResult(string Container, bool Confirmed, int PutBack, IReadOnlyList<DeadLetterFile> Files);

/// <summary>
/// Puts the events of a dead-letter container on their queues. A file is deleted after all its events were sent, so that none is lost; cut
/// off in between, some come twice.
/// Event Grid writes each as <c>SUBSCRIPTION/2026/11/23/6/GUID.json</c>, a list of events:
/// <c>[{"specversion":"1.0","type":"hr.employee.terminated","id":"7","source":"/hr","data":{}}]</c>.
/// </summary>
/// <param name="account">The account.</param>
/// <param name="container">The container.</param>
internal sealed class DeadLetterPutBack(StateAccount account, string container)
{
    // More than Event Grid puts into one file.
    private const long MaxFileBytes = 16 << 20;

    private int _putBack;

    /// <summary>Lists the files, or puts their events on the queues.</summary>
    /// <param name="confirm">Does it.</param>
    /// <param name="report">Gets a line for each event and file, and the result.</param>
    /// <param name="cancellationToken">Stops between two events.</param>
    /// <exception cref="CliException">The container cannot be read, or storage failed; what was not put back still lies there.</exception>
    public async Task<DeadLetterResult> RunAsync(bool confirm, Func<string, Task> report, CancellationToken cancellationToken)
    {
        try
        {
            var files = new List<DeadLetterFile>();
            var client = account.Blobs.GetBlobContainerClient(container);
            await foreach (var blob in client.GetBlobsAsync(cancellationToken: cancellationToken))
            {
                var (file, events, etag) = await ReadAsync(client.GetBlobClient(blob.Name), blob, cancellationToken);
                files.Add(file);
                foreach (var line in file.Events)
                    await report($"{file.File}  {line}");
                if (file.Problem is { } problem)
                    await report($"{file.File}  stays: {problem}");
                else if (confirm)
                    await MoveAsync(client.GetBlobClient(blob.Name), events, etag, cancellationToken);
            }
            var ready = files.Count(f => f.Problem is null);
            await report(
                confirm
                    ? Text($"{_putBack} of {files.Count} files were put on their queues.")
                    : Text($"{ready} of {files.Count} files would be put on their queues. {QueuePutBack.DryRun} put them back.")
            );
            return new(container, confirm, _putBack, files);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            throw new CliException($"there is no container {container} in the state account", e);
        }
        catch (Exception e) when (StateAccount.IsFailure(e) && !cancellationToken.IsCancellationRequested)
        {
            throw new CliException(
                $"{StateAccount.Failed(e)}. {Text($"{_putBack}")} files were put back; all others still lie in container {container}",
                e
            );
        }
    }

    private static async Task<(DeadLetterFile File, IReadOnlyList<(string Queue, string Text)> Events, ETag Etag)> ReadAsync(
        BlobClient blob,
        BlobItem item,
        CancellationToken cancellationToken
    )
    {
        var name = Plain.Text(item.Name, 500);
        if (item.Properties.ContentLength > MaxFileBytes)
            return Unusable(name, Text($"it has {item.Properties.ContentLength} bytes; read are at most {MaxFileBytes}"));
        BlobDownloadResult content = await blob.DownloadContentAsync(cancellationToken);
        try
        {
            using var document = JsonDocument.Parse(content.Content.ToMemory(), new() { MaxDepth = JsonMessage.MaxDepth + 1 });
            if (document.RootElement.ValueKind != JsonValueKind.Array)
                return Unusable(name, "it is no list of events");
            var read = document.RootElement.EnumerateArray().Select(Route).ToList();
            var problem = read.Count == 0 ? "it holds no event" : read.Select(e => e.Problem).FirstOrDefault(p => p is not null);
            var file = new DeadLetterFile(name, [.. read.Select(e => e.Line)], problem);
            return (file, [.. read.Select(e => (e.Queue ?? "", e.Text))], content.Details.ETag);
        }
        catch (JsonException)
        {
            return Unusable(name, "it is no JSON");
        }
    }

    private static (DeadLetterFile File, IReadOnlyList<(string Queue, string Text)> Events, ETag Etag) Unusable(
        string name,
        string problem
    ) => (new(name, [], problem), [], default);

    private static string? QueueOf(string type)
    {
        if (type.StartsWith(EventSend.HrTypes, StringComparison.Ordinal))
            return HrDesk.Queue;
        return type.StartsWith(VaultObjectEvent.TypePrefix, StringComparison.Ordinal) ? VaultObjectEvent.Queue : null;
    }

    private static (string? Queue, string Text, string Line, string? Problem) Route(JsonElement element)
    {
        var text = element.GetRawText();
        if (element.ValueKind != JsonValueKind.Object)
            return (null, text, "no event", "one of its entries is no event");
        if (CloudEventEnvelope.IsEventGridSchema(element))
            return (null, text, "an event in the Event Grid schema", CloudEventEnvelope.EventGridSchemaRefused);
        var type = JsonMessage.Text(element, "type") ?? "";
        var queue = QueueOf(type);
        var line = Plain.Text($"{queue ?? "no queue"}  {type} {JsonMessage.Text(element, "id")}", 300);
        if (queue is null)
            return (null, text, line, $"the app has no queue for type '{Plain.Text(type, 200)}'");
        var isTooLarge = Encoding.UTF8.GetByteCount(text) > EventSend.MaxMessageBytes;
        var problem = isTooLarge ? $"one of its events has more than the {EventSend.MaxMessageBytes} bytes that a queue takes" : null;
        return (queue, text, line, problem);
    }

    private async Task MoveAsync(
        BlobClient blob,
        IReadOnlyList<(string Queue, string Text)> events,
        ETag etag,
        CancellationToken cancellationToken
    )
    {
        foreach (var (queue, text) in events)
        {
            var client = account.Queues.GetQueueClient(queue);
            await client.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await client.SendMessageAsync(text, timeToLive: QueueMove.NeverExpires, cancellationToken: cancellationToken);
        }
        await blob.DeleteAsync(conditions: new() { IfMatch = etag }, cancellationToken: CancellationToken.None);
        _putBack++;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
