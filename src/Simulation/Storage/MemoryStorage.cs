using System.Collections.Immutable;
using System.Globalization;
using Simulation.Storage.Blobs;
using Simulation.Storage.Queues;
using Simulation.Storage.Tables;

namespace Simulation.Storage;

/// <summary>
/// Azure Storage in memory: the state account and the evidence account, behind the transport that the official clients send their requests
/// through. Everything happens on the caller's
/// thread and by the given clock, and the same requests get the same answers in every run.
/// </summary>
/// <param name="time">The only clock: of dates, leases and the visibility of messages.</param>
internal sealed class MemoryStorage(TimeProvider time)
{
    /// <summary>Name of the state account.</summary>
    public const string StateAccount = "memorystate";

    /// <summary>Name of the evidence account.</summary>
    public const string EvidenceAccount = "memoryevidence";

    /// <summary>Connection string of the state account; the key is none.</summary>
    public const string StateConnection = $"DefaultEndpointsProtocol=https;AccountName={StateAccount};{Rest}";

    /// <summary>Connection string of the evidence account; the key is none.</summary>
    public const string EvidenceConnection = $"DefaultEndpointsProtocol=https;AccountName={EvidenceAccount};{Rest}";

    private const string Rest = "AccountKey=bWVtb3J5;EndpointSuffix=memory.invalid";

    private readonly Lock _gate = new();
    private readonly Dictionary<StorageOperation, long> _served = [];
    private long _number;
    private long _version;

    /// <summary>The state account's contents.</summary>
    public MemoryAccount State { get; } = new(StateAccount);

    /// <summary>The evidence account's contents.</summary>
    public MemoryAccount Evidence { get; } = new(EvidenceAccount);

    /// <summary>Asked before each request what shall happen to it; one request at a time, in their order.</summary>
    public Func<StorageRequest, StorageFault> Faults { get; set; } = _ => StorageFault.None;

    /// <summary>
    /// Called after each change of something stored, before the next request is served. Whoever listens may read the contents; what it
    /// throws reaches the process that made the request.
    /// </summary>
    public Action<StorageChange>? Changed { get; set; }

    /// <summary>Most rows on one page of a table; the service's bound is 1,000. Small ones make clients page.</summary>
    public int TablePage { get; set; } = 1000;

    /// <summary>
    /// Most rows that one page of a table looks through. The service ends pages early too, even empty ones, where a query takes long.
    /// </summary>
    public int TableScan { get; set; } = int.MaxValue;

    /// <summary>Most blobs on one page of a listing; the service's bound is 5,000.</summary>
    public int BlobPage { get; set; } = 5000;

    /// <summary>Most appends to one blob; the service's bound is 50,000. A small one makes logs go on in the next blob.</summary>
    public int MaxAppends { get; set; } = 50_000;

    /// <summary>How many requests were served, by operation: what storage would charge for.</summary>
    public IReadOnlyDictionary<StorageOperation, long> Served
    {
        get
        {
            lock (_gate)
                return _served.ToImmutableSortedDictionary();
        }
    }

    /// <summary>Requests so far.</summary>
    public long Requests => Volatile.Read(ref _number);

    /// <summary>The clock's time.</summary>
    internal DateTimeOffset Now => time.GetUtcNow();

    /// <summary>The way to this storage for one process, which a crash takes away from it.</summary>
    /// <param name="process">Name of the process in requests.</param>
    public MemoryStorageTransport Open(string process = "app") => new(this, process);

    /// <summary>All contents as they are now. Costs next to nothing: contents are never changed in place.</summary>
    public StorageSnapshot Snapshot()
    {
        lock (_gate)
            return new(State.Snapshot(), Evidence.Snapshot(), _version);
    }

    /// <summary>
    /// Puts contents back. Versions (ETags) count on from there as well, so that what comes after is the same each time; processes that
    /// knew the later contents have to be started again.
    /// </summary>
    public void Restore(StorageSnapshot snapshot)
    {
        lock (_gate)
        {
            State.Restore(snapshot.State);
            Evidence.Restore(snapshot.Evidence);
            _version = snapshot.Version;
        }
    }

    /// <summary>A number that was never given before: ETags, ids of messages and receipts are made of it.</summary>
    internal long NextVersion() => ++_version;

    /// <summary>An id in the form that clients make ids of, from <see cref="NextVersion"/>.</summary>
    internal Guid NextId() => new((int)NextVersion(), 0, 0, [0x80, 0, 0, 0, 0, 0, 0, 0]);

    /// <summary>Serves a request, or does to it what <see cref="Faults"/> answers.</summary>
    internal Answer Serve(MemoryRequest request, MemoryStorageTransport from, CancellationToken cancellationToken)
    {
        var call = new StorageCall(request, cancellationToken);
        var (account, service) = Addressed(request.Uri.Host);
        var step = service switch
        {
            StorageService.Blob => new BlobService(this, account).Plan(call),
            StorageService.Queue => new QueueService(this, account).Plan(call),
            _ => new TableService(this, account).Plan(call),
        };
        StorageRequest asked;
        StorageFault fault;
        lock (_gate)
        {
            asked = new(++_number, from.Name, account.Name, service, step.Operation, step.Resource);
            fault = Faults(asked);
        }
        fault.Race?.Invoke();
        if (fault.CrashesBefore)
            throw from.Die(asked);
        var answer =
            fault.Status > 0 ? Refusal.Answer(service, fault.Status, fault.Code!, "a fault of the simulation") : Apply(step, asked);
        if (fault.CrashesAfter)
            throw from.Die(asked);
        if (fault.LosesAnswer)
            throw new Azure.RequestFailedException(0, "the connection broke", new IOException("the connection broke"));
        answer.Finish(asked.Number, Now, request.Header("x-ms-client-request-id") ?? request.ClientRequestId);
        return answer;
    }

    private Answer Apply(StorageStep step, StorageRequest asked)
    {
        lock (_gate)
        {
            _served[asked.Operation] = _served.GetValueOrDefault(asked.Operation) + 1;
            var answer = step.Apply();
            if (Changed is { } changed)
                foreach (var resource in answer.Changes)
                    changed(new(Now, asked, resource));
            return answer;
        }
    }

    private (MemoryAccount Account, StorageService Service) Addressed(string? host) =>
        host?.Split('.') switch
        {
            [StateAccount, var service, ..] => (State, Service(service)),
            [EvidenceAccount, var service, ..] => (Evidence, Service(service)),
            _ => throw new NotSupportedException($"storage in memory has no account at {host}"),
        };

    private static StorageService Service(string name) =>
        name switch
        {
            "blob" => StorageService.Blob,
            "queue" => StorageService.Queue,
            "table" => StorageService.Table,
            _ => throw new NotSupportedException(string.Create(CultureInfo.InvariantCulture, $"storage in memory has no service {name}")),
        };
}

/// <summary>What a service would do for a request.</summary>
/// <param name="Operation">What is asked.</param>
/// <param name="Resource">What it is about.</param>
/// <param name="Apply">Does it. Called by one at a time.</param>
internal readonly record struct StorageStep(StorageOperation Operation, string Resource, Func<Answer> Apply);

/// <summary>All contents at one time.</summary>
internal sealed record StorageSnapshot(AccountSnapshot State, AccountSnapshot Evidence, long Version);
