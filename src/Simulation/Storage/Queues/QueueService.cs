using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Xml;

namespace Simulation.Storage.Queues;

/// <summary>
/// The queue service of one account. Messages are got in the order in which they become visible, those of one time in the order in which
/// they were put; the service promises no order at all.
/// </summary>
/// <param name="storage">Clock, versions and bounds.</param>
/// <param name="account">The contents.</param>
internal sealed class QueueService(MemoryStorage storage, MemoryAccount account)
{
    private const int MaxBytes = 64 << 10;
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    /// <summary>What a request would do.</summary>
    public StorageStep Plan(StorageCall call)
    {
        var path = call.Path.Split('/').Select(Uri.UnescapeDataString).ToArray();
        var queue = path[0];
        return (call.Method, path.Length, call.Parameter("comp")) switch
        {
            ("GET", 1, "list") when queue.Length == 0 => new(StorageOperation.ListQueues, "", () => List(call)),
            ("PUT", 1, null) => new(StorageOperation.CreateQueue, queue, () => Create(queue, MetadataIn(call))),
            ("DELETE", 1, null) => new(StorageOperation.DeleteQueue, queue, () => Delete(queue)),
            ("GET" or "HEAD", 1, "metadata") => new(StorageOperation.GetQueue, queue, () => Get(queue)),
            ("PUT", 1, "metadata") => new(StorageOperation.SetQueueMetadata, queue, () => SetMetadata(queue, MetadataIn(call))),
            ("POST", 2, null) => PutStep(queue, call),
            ("GET", 2, null) when call.Parameter("peekonly") == "true" => new(
                StorageOperation.PeekMessages,
                queue,
                () => Peek(queue, call)
            ),
            ("GET", 2, null) => new(StorageOperation.GetMessages, queue, () => Receive(queue, call)),
            ("DELETE", 2, null) => new(StorageOperation.ClearMessages, queue, () => Clear(queue)),
            ("PUT", 3, null) => UpdateStep(queue, path[2], call),
            ("DELETE", 3, null) => new(
                StorageOperation.DeleteMessage,
                queue,
                () => DeleteMessage(queue, path[2], call.Parameter("popreceipt"))
            ),
            _ => throw call.NotServed(),
        };
    }

    private StorageStep PutStep(string queue, StorageCall call)
    {
        var text = TextIn(call.Body) ?? "";
        return new(StorageOperation.PutMessage, queue, () => Put(queue, text, call));
    }

    private StorageStep UpdateStep(string queue, string id, StorageCall call)
    {
        var text = call.Body.Length == 0 ? null : TextIn(call.Body);
        return new(StorageOperation.UpdateMessage, queue, () => Update(queue, id, text, call));
    }

    private Answer Create(string name, ImmutableSortedDictionary<string, string> metadata)
    {
        if (account.Queues.TryGetValue(name, out var there))
            return there.Metadata.SequenceEqual(metadata) ? new(204) : Refused(409, "QueueAlreadyExists");
        account.Queues = account.Queues.Add(name, new(name, metadata, []));
        return new(201) { Changes = [name] };
    }

    private Answer Delete(string name)
    {
        if (!account.Queues.ContainsKey(name))
            return NoQueue();
        account.Queues = account.Queues.Remove(name);
        return new(204) { Changes = [name] };
    }

    private Answer Get(string name)
    {
        if (Current(name) is not { } queue)
            return NoQueue();
        var answer = new Answer(200).With("x-ms-approximate-messages-count", queue.Messages.Count.ToString(CultureInfo.InvariantCulture));
        foreach (var (key, value) in queue.Metadata)
            answer.With($"x-ms-meta-{key}", value);
        return answer;
    }

    private Answer SetMetadata(string name, ImmutableSortedDictionary<string, string> metadata)
    {
        if (Current(name) is not { } queue)
            return NoQueue();
        Save(queue with { Metadata = metadata });
        return new(204) { Changes = [name] };
    }

    private Answer List(StorageCall call)
    {
        var prefix = call.Parameter("prefix") ?? "";
        var names = account.Queues.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal));
        return new(
            200,
            Document(
                "EnumerationResults",
                writer =>
                {
                    writer.WriteStartElement("Queues");
                    foreach (var name in names)
                    {
                        writer.WriteStartElement("Queue");
                        writer.WriteElementString("Name", name);
                        writer.WriteEndElement();
                    }
                    writer.WriteEndElement();
                    writer.WriteElementString("NextMarker", "");
                }
            ),
            "application/xml"
        );
    }

    private Answer Put(string name, string text, StorageCall call)
    {
        if (Current(name) is not { } queue)
            return NoQueue();
        if (Encoding.UTF8.GetByteCount(text) > MaxBytes)
            return Refused(413, "RequestBodyTooLarge");
        var now = storage.Now;
        var lifetime = Seconds(call, "messagettl");
        var message = new MemoryMessage
        {
            Id = storage.NextId().ToString(),
            Text = text,
            Inserted = now,
            Expires = lifetime is -1 ? DateTimeOffset.MaxValue : now + (lifetime is { } seconds ? TimeSpan.FromSeconds(seconds) : Lifetime),
            Visible = now.AddSeconds(Seconds(call, "visibilitytimeout") ?? 0),
            PopReceipt = Receipt(),
        };
        Save(queue with { Messages = queue.Messages.Add(message) });
        return new(
            201,
            Messages(
                [message],
                (writer, m) =>
                {
                    writer.WriteElementString("PopReceipt", m.PopReceipt);
                    writer.WriteElementString("TimeNextVisible", Date(m.Visible));
                }
            ),
            "application/xml"
        )
        {
            Changes = [name],
        };
    }

    private Answer Receive(string name, StorageCall call)
    {
        if (Current(name) is not { } queue)
            return NoQueue();
        if (Number(call) is not { } count)
            return Refused(400, "OutOfRangeQueryParameterValue");
        var now = storage.Now;
        var until = now.AddSeconds(Seconds(call, "visibilitytimeout") ?? 30);
        var got = new List<MemoryMessage>();
        foreach (var message in VisibleAt(queue, now).Take(count))
        {
            var taken = message with { Visible = until, PopReceipt = Receipt(), DequeueCount = message.DequeueCount + 1 };
            queue = queue with { Messages = queue.Messages.Replace(message, taken, ReferenceEqualityComparer.Instance) };
            got.Add(taken);
        }
        Save(queue);
        return new(
            200,
            Messages(
                got,
                (writer, m) =>
                {
                    writer.WriteElementString("PopReceipt", m.PopReceipt);
                    writer.WriteElementString("TimeNextVisible", Date(m.Visible));
                    Body(writer, m);
                }
            ),
            "application/xml"
        )
        {
            Changes = got.Count > 0 ? [name] : [],
        };
    }

    private Answer Peek(string name, StorageCall call)
    {
        if (Current(name) is not { } queue)
            return NoQueue();
        return Number(call) is { } count
            ? new(200, Messages(VisibleAt(queue, storage.Now).Take(count), Body), "application/xml")
            : Refused(400, "OutOfRangeQueryParameterValue");
    }

    private Answer Update(string name, string id, string? text, StorageCall call)
    {
        if (Current(name) is not { } queue)
            return NoQueue();
        if (queue.Messages.Find(m => m.Id == id) is not { } message)
            return Refused(404, "MessageNotFound");
        if (message.PopReceipt != call.Parameter("popreceipt"))
            return Refused(400, "PopReceiptMismatch");
        var updated = message with
        {
            Text = text ?? message.Text,
            Visible = storage.Now.AddSeconds(Seconds(call, "visibilitytimeout") ?? 0),
            PopReceipt = Receipt(),
        };
        Save(queue with { Messages = queue.Messages.Replace(message, updated, ReferenceEqualityComparer.Instance) });
        return new Answer(204) { Changes = [name] }
            .With("x-ms-popreceipt", updated.PopReceipt)
            .With("x-ms-time-next-visible", Date(updated.Visible));
    }

    private Answer DeleteMessage(string name, string id, string? receipt)
    {
        if (Current(name) is not { } queue)
            return NoQueue();
        if (queue.Messages.Find(m => m.Id == id) is not { } message)
            return Refused(404, "MessageNotFound");
        if (message.PopReceipt != receipt)
            return Refused(400, "PopReceiptMismatch");
        Save(queue with { Messages = queue.Messages.Remove(message, ReferenceEqualityComparer.Instance) });
        return new(204) { Changes = [name] };
    }

    private Answer Clear(string name)
    {
        if (Current(name) is not { } queue)
            return NoQueue();
        Save(queue with { Messages = [] });
        return new(204) { Changes = [name] };
    }

    /// <summary>The queue without the messages whose time is over.</summary>
    private MemoryQueue? Current(string name)
    {
        if (!account.Queues.TryGetValue(name, out var queue))
            return null;
        var now = storage.Now;
        return queue.Messages.Exists(m => m.Expires <= now)
            ? queue with
            {
                Messages = queue.Messages.RemoveAll(m => m.Expires <= now),
            }
            : queue;
    }

    private static IEnumerable<MemoryMessage> VisibleAt(MemoryQueue queue, DateTimeOffset now) =>
        queue.Messages.Where(m => m.Visible <= now).OrderBy(m => m.Visible);

    private void Save(MemoryQueue queue) => account.Queues = account.Queues.SetItem(queue.Name, queue);

    private string Receipt() =>
        Convert.ToBase64String(Encoding.ASCII.GetBytes(storage.NextVersion().ToString("X", CultureInfo.InvariantCulture)));

    private static int? Number(StorageCall call)
    {
        var count = Seconds(call, "numofmessages") ?? 1;
        return count is >= 1 and <= 32 ? count : null;
    }

    private static int? Seconds(StorageCall call, string parameter) =>
        call.Parameter(parameter) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    private static string Date(DateTimeOffset at) => at.ToString("R", CultureInfo.InvariantCulture);

    private static string? TextIn(byte[] body) => StorageCall.Xml(body).Root?.Element("MessageText")?.Value;

    private static ImmutableSortedDictionary<string, string> MetadataIn(StorageCall call)
    {
        const string Prefix = "x-ms-meta-";
        return call
            .Headers.Where(h => h.Name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            .ToImmutableSortedDictionary(h => h.Name[Prefix.Length..], h => h.Value, StringComparer.OrdinalIgnoreCase);
    }

    private static void Body(XmlWriter writer, MemoryMessage message)
    {
        writer.WriteElementString("DequeueCount", message.DequeueCount.ToString(CultureInfo.InvariantCulture));
        writer.WriteElementString("MessageText", message.Text);
    }

    private static byte[] Messages(IEnumerable<MemoryMessage> messages, Action<XmlWriter, MemoryMessage> more) =>
        Document(
            "QueueMessagesList",
            writer =>
            {
                foreach (var message in messages)
                {
                    writer.WriteStartElement("QueueMessage");
                    writer.WriteElementString("MessageId", message.Id);
                    writer.WriteElementString("InsertionTime", Date(message.Inserted));
                    writer.WriteElementString("ExpirationTime", Date(message.Expires));
                    more(writer, message);
                    writer.WriteEndElement();
                }
            }
        );

    private static byte[] Document(string root, Action<XmlWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = XmlWriter.Create(stream, new() { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false) }))
        {
            writer.WriteStartElement(root);
            write(writer);
            writer.WriteEndElement();
        }
        return stream.ToArray();
    }

    private static Answer NoQueue() => Refused(404, "QueueNotFound");

    private static Answer Refused(int status, string code) =>
        Refusal.Answer(
            StorageService.Queue,
            status,
            code,
            code switch
            {
                "QueueNotFound" => "The specified queue does not exist.",
                "MessageNotFound" => "The specified message does not exist.",
                "PopReceiptMismatch" => "The specified pop receipt did not match the pop receipt for a dequeued message.",
                _ => code,
            }
        );
}
