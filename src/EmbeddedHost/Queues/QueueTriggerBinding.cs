using System.Text.Json;
using Azure.Storage.Queues.Models;
using EmbeddedHost.Configuration;
using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;
using EmbeddedHost.Storage;
using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Queues;

/// <summary>Queue triggers.</summary>
internal sealed class QueueTriggerBinding(
    SettingResolver settings,
    StorageAccounts accounts,
    TimeProvider time,
    FunctionInvoker invoker,
    HostJson rules,
    HostSetup setup,
    QueueSignals signals,
    Workload workload,
    ILogger<QueueListener> logger) : ITriggerBinding
{
    // The official worker's serializer settings.
    private static readonly JsonSerializerOptions Json = new() { PropertyNameCaseInsensitive = true };

    private static readonly HashSet<string> Metadata = new(StringComparer.OrdinalIgnoreCase)
    {
        "QueueTrigger", "Id", "DequeueCount", "PopReceipt", "InsertionTime", "ExpirationTime", "NextVisibleTime",
    };

    public Type Attribute => typeof(QueueTriggerAttribute);

    public IBoundTrigger? Bind(FunctionMethod method, Problems problems)
    {
        var attribute = (QueueTriggerAttribute)method.Attribute;
        var type = method.Trigger.ParameterType;
        if (type.IsPrimitive || type.IsArray || type.IsInterface || type == typeof(object))
        {
            problems.Add($"{method.Where}: a queue message is bound to string, BinaryData, {nameof(QueueMessage)} or a class of its JSON, not to {type.Name}");
            return null;
        }

        if (!settings.TryResolve(attribute.QueueName, method.Where, problems, out var name) || !QueueNames.Check(name, method.Where, problems)
            || !QueueNames.Check(name + QueueNames.PoisonSuffix, method.Where, problems)
            || accounts.Queues(attribute.Connection, method.Where, problems) is not { } account)
        {
            return null;
        }

        return new Bound(type, f => new QueueListener(
            f, account.GetQueueClient(name), account.GetQueueClient(name + QueueNames.PoisonSuffix), rules.Queues, setup.QueueLease, time, invoker, signals, workload, logger));
    }

    /// <summary>The event for a message whose body has been decoded; a body that does not fit the parameter fails the run, not the listener.</summary>
    public static TriggerEvent Event(Type type, string text, QueueMessage? message) => new(Convert(type, text, message))
    {
        BindingData = message is null ? Data(("QueueTrigger", text)) : Data(
            ("QueueTrigger", text),
            ("Id", message.MessageId),
            ("DequeueCount", message.DequeueCount),
            ("PopReceipt", message.PopReceipt),
            ("InsertionTime", JsonSerializer.Serialize(message.InsertedOn)),
            ("ExpirationTime", JsonSerializer.Serialize(message.ExpiresOn)),
            ("NextVisibleTime", JsonSerializer.Serialize(message.NextVisibleOn))),
    };

    private static Dictionary<string, object?> Data(params (string Name, object? Value)[] values) =>
        values.ToDictionary(v => v.Name, v => v.Value, StringComparer.OrdinalIgnoreCase);

    private static object? Convert(Type type, string text, QueueMessage? message)
    {
        if (type == typeof(string))
            return text;
        if (type == typeof(BinaryData))
            return BinaryData.FromString(text);
        if (type == typeof(QueueMessage))
        {
            return QueuesModelFactory.QueueMessage(
                message?.MessageId ?? "", message?.PopReceipt ?? "", BinaryData.FromString(text), message?.DequeueCount ?? 0,
                message?.NextVisibleOn, message?.InsertedOn, message?.ExpiresOn);
        }

        return JsonSerializer.Deserialize(text, type, Json) ?? throw new JsonException($"the message is null, not a {type.Name}");
    }

    private sealed class Bound(Type type, Func<Function, IListener> listener) : IBoundTrigger
    {
        public string Type => "queueTrigger";

        public IReadOnlySet<string> Names => Metadata;

        public IListener CreateListener(Function function) => listener(function);

        public TriggerEvent FromAdmin(Function function, string? input)
        {
            try
            {
                return Event(type, input ?? throw new FormatException("\"input\" must be the message's text"), null);
            }
            catch (JsonException e)
            {
                throw new FormatException($"\"input\" is not the JSON of a {type.Name}: {e.Message}", e);
            }
        }
    }
}
