using System.Collections;
using System.Text.Json;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using EmbeddedHost.Configuration;
using EmbeddedHost.Hosting;
using EmbeddedHost.Storage;

namespace EmbeddedHost.Queues;

/// <summary>Writes return values to queues.</summary>
internal sealed class QueueOutputs(StorageAccounts accounts, SettingResolver settings, HostJson rules, QueueSignals signals)
{
    // The official worker's serializer settings.
    private static readonly JsonSerializerOptions Json = new() { PropertyNameCaseInsensitive = true };

    public QueueOutput? Bind(QueueOutputAttribute attribute, string where, Problems problems) =>
        settings.TryResolve(attribute.QueueName, where, problems, out var name) && QueueNames.Check(name, where, problems)
        && accounts.Queues(attribute.Connection, where, problems) is { } account
            ? new QueueOutput(account.GetQueueClient(name))
            : null;

    /// <exception cref="RequestFailedException">Storage refused or is down; messages before the failed one have been written.</exception>
    public async Task WriteAsync(QueueOutput output, object? value, CancellationToken stop)
    {
        foreach (var message in Messages(value))
            await SendAsync(output.Queue, QueueText.Encode(message, rules.Queues.Base64), stop);
        signals.Ring(output.Queue.Uri);
    }

    public static async Task SendAsync(QueueClient queue, string body, CancellationToken stop)
    {
        try
        {
            await queue.SendMessageAsync(body, stop);
        }
        catch (RequestFailedException e) when (e.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            await queue.CreateIfNotExistsAsync(cancellationToken: stop);
            await queue.SendMessageAsync(body, stop);
        }
    }

    private static IEnumerable<string> Messages(object? value) => value switch
    {
        null => [],
        string text => [text],
        byte[] bytes => [System.Text.Encoding.UTF8.GetString(bytes)],
        BinaryData data => [data.ToString()],
        IDictionary or JsonElement => [JsonSerializer.Serialize(value, Json)],
        IEnumerable sequence => sequence.Cast<object?>().SelectMany(Messages),
        _ => [JsonSerializer.Serialize(value, value.GetType(), Json)],
    };
}
