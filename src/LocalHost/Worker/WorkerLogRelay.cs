using System.Collections;
using System.Globalization;
using LocalHost.Rpc;
using Microsoft.Extensions.Logging;

namespace LocalHost.Worker;

/// <summary>Writes the worker's log entries to the host's log under the category that they have in the app.</summary>
internal static class WorkerLogRelay
{
    /// <summary>Writes one entry; in the scope of its invocation where it has one.</summary>
    public static void Write(ILoggerFactory loggers, RpcLog entry, RunningInvocation? invocation)
    {
        var logger = loggers.CreateLogger(string.IsNullOrEmpty(entry.Category) ? "Worker" : entry.Category);
        using var scope = invocation is null ? null : logger.BeginScope(new InvocationScope(invocation));
        var exception = entry.Exception is { } remote ? new RemoteException(remote) : null;
        logger.Log((LogLevel)(int)entry.Level, ReadEventId(entry.EventId), entry.Message, exception, (text, _) => text);
    }

    // The worker sends an event's name where it has one, else its number.
    private static EventId ReadEventId(string id) =>
        int.TryParse(id, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number)
            ? number
            : new EventId(0, string.IsNullOrEmpty(id) ? null : id);

    /// <summary>An exception of the app, as text.</summary>
    private sealed class RemoteException(RpcException remote) : Exception(remote.Message)
    {
        public override string? StackTrace => remote.StackTrace;

        public override string ToString() => $"{remote.Message}\n{remote.StackTrace}".TrimEnd();
    }
}

/// <summary>
/// The log scope of an invocation: <c>FunctionName</c>, <c>InvocationId</c> and <c>CorrelationId</c>, the id of its trace.
/// </summary>
internal sealed class InvocationScope(RunningInvocation invocation) : IReadOnlyList<KeyValuePair<string, object?>>
{
    private readonly KeyValuePair<string, object?>[] _values =
    [
        new("FunctionName", invocation.Function.Name),
        new("InvocationId", invocation.Id),
        new("CorrelationId", invocation.TraceId),
    ];

    public int Count => _values.Length;

    public KeyValuePair<string, object?> this[int index] => _values[index];

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _values.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"{invocation.Function.Name} {invocation.Id}";
}
