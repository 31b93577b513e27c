using System.Collections.Concurrent;
using EmbeddedHost.Hosting;

namespace EmbeddedHost.Queues;

/// <summary>Wakes the poller of a queue this host has just written to, so that it does not wait out its polling interval.</summary>
internal sealed class QueueSignals
{
    private readonly ConcurrentDictionary<Uri, ConcurrentBag<WakeUp>> _listeners = new();

    public void Listen(Uri queue, WakeUp wake) => _listeners.GetOrAdd(queue, _ => []).Add(wake);

    public void Ring(Uri queue)
    {
        foreach (var wake in _listeners.GetValueOrDefault(queue) ?? [])
            wake.Ring();
    }
}
