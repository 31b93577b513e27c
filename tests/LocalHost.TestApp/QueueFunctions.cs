using Microsoft.Azure.Functions.Worker;

namespace TestApp;

/// <summary>Queues: what they take, how they fail, what they pass on.</summary>
public static class QueueFunctions
{
    [Function("Take")]
    public static void Take([QueueTrigger("%Take%")] string message, long dequeueCount) => Probe.See($"{message} {dequeueCount}");

    [Function("Refuse")]
    public static void Refuse([QueueTrigger("%Refuse%")] string message, long dequeueCount)
    {
        Probe.See($"{message} {dequeueCount}");
        throw new InvalidDataException("no");
    }

    [Function("Hold")]
    public static async Task HoldAsync([QueueTrigger("%Hold%")] string message, long dequeueCount, CancellationToken cancellationToken)
    {
        Probe.See($"begin {message} {dequeueCount}");
        await Probe.PassAsync(message, cancellationToken);
        Probe.See($"end {message} {dequeueCount}");
    }

    [Function("Read")]
    public static void Read([QueueTrigger("%Read%")] Order order, string id, DateTimeOffset insertionTime, DateTimeOffset expirationTime) =>
        Probe.See($"{order.Count} {order.Item} {id.Length} {(expirationTime - insertionTime).TotalDays}");

    [Function("Forward")]
    [QueueOutput("%Second%")]
    public static object? Forward([QueueTrigger("%First%")] string message) =>
        message switch
        {
            "one" => "one",
            "many" => new List<string> { "a", "b" },
            "object" => new { Id = 7 },
            _ => null,
        };

    [Function("Second")]
    public static void Second([QueueTrigger("%Second%")] string message) => Probe.See(message);

    [Function("ForwardElsewhere")]
    [QueueOutput("elsewhere", Connection = "Elsewhere")]
    public static string ForwardElsewhere([QueueTrigger("%ForwardElsewhere%")] string message) => message;
}
