using System.Collections.Immutable;
using Simulation.Storage.Blobs;
using Simulation.Storage.Queues;
using Simulation.Storage.Tables;

namespace Simulation.Storage;

/// <summary>
/// The contents of one account, to be read past the clients: by invariants after each change, and by tests. Rows, blobs and messages are
/// immutable, so that what was read stays as it was.
/// </summary>
/// <param name="name">Name of the account.</param>
internal sealed class MemoryAccount(string name)
{
    /// <summary>Name of the account.</summary>
    public string Name => name;

    /// <summary>Tables by name.</summary>
    public ImmutableSortedDictionary<string, MemoryTable> Tables { get; internal set; } =
        ImmutableSortedDictionary.Create<string, MemoryTable>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Containers by name.</summary>
    public ImmutableSortedDictionary<string, MemoryContainer> Containers { get; internal set; } =
        ImmutableSortedDictionary.Create<string, MemoryContainer>(StringComparer.Ordinal);

    /// <summary>Queues by name.</summary>
    public ImmutableSortedDictionary<string, MemoryQueue> Queues { get; internal set; } =
        ImmutableSortedDictionary.Create<string, MemoryQueue>(StringComparer.Ordinal);

    /// <summary>The rows of a table in their order, by partition and row key; none when there is no such table.</summary>
    public ImmutableList<TableRow> Rows(string table) => Tables.TryGetValue(table, out var found) ? found.Rows : [];

    /// <summary>One row; null when it is not there.</summary>
    public TableRow? Row(string table, string partitionKey, string rowKey) =>
        Tables.TryGetValue(table, out var found) ? found.Find(partitionKey, rowKey) : null;

    /// <summary>The blobs of a container in the order of their names; none when there is no such container.</summary>
    public ImmutableList<MemoryBlob> Blobs(string container) => Containers.TryGetValue(container, out var found) ? found.Blobs : [];

    /// <summary>One blob; null when it is not there.</summary>
    public MemoryBlob? Blob(string container, string blob) => Containers.TryGetValue(container, out var found) ? found.Find(blob) : null;

    /// <summary>The messages of a queue, visible or not, in the order in which they were put; none when there is no such queue.</summary>
    public ImmutableList<MemoryMessage> Messages(string queue) => Queues.TryGetValue(queue, out var found) ? found.Messages : [];

    /// <summary>How much is kept: for the rule that it grows with changes, not with time. Looks at everything.</summary>
    public StoredSize Size() =>
        new(
            Tables.Values.Sum(t => (long)t.Rows.Count),
            Tables.Values.Sum(t => t.Rows.Sum(r => (long)r.Weight)),
            Containers.Values.Sum(c => (long)c.Blobs.Count),
            Containers.Values.Sum(c => c.Blobs.Sum(b => b.Content.Length)),
            Queues.Values.Sum(q => (long)q.Messages.Count)
        );

    internal AccountSnapshot Snapshot() => new(Tables, Containers, Queues);

    internal void Restore(AccountSnapshot snapshot) =>
        (Tables, Containers, Queues) = (snapshot.Tables, snapshot.Containers, snapshot.Queues);
}

/// <summary>How much an account keeps.</summary>
/// <param name="Rows">Rows of all tables.</param>
/// <param name="RowBytes">Their size as the service counts it.</param>
/// <param name="Blobs">Blobs of all containers.</param>
/// <param name="BlobBytes">Their contents' size.</param>
/// <param name="Messages">Messages in all queues.</param>
internal readonly record struct StoredSize(long Rows, long RowBytes, long Blobs, long BlobBytes, long Messages);

/// <summary>The contents of one account at one time.</summary>
internal sealed record AccountSnapshot(
    ImmutableSortedDictionary<string, MemoryTable> Tables,
    ImmutableSortedDictionary<string, MemoryContainer> Containers,
    ImmutableSortedDictionary<string, MemoryQueue> Queues
);
