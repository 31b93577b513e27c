using Azure;
using Compliance.Findings;
using Compliance.Ledger.Append;
using Compliance.Ledger.Privacy;
using Compliance.Notifications;
using Compliance.Notifications.Channels;
using Compliance.Notifications.Messages;
using Compliance.Notifications.Policy;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Simulation.Storage;

namespace Compliance.Tests.Notifications;

/// <summary>The notifier over both accounts in memory, with what is open and the channels in the test's hands.</summary>
internal sealed class NotificationWorld : IDisposable
{
    private const string Policy = """
        version: 1
        people:
          - { id: 3f0c0b0e-0000-4000-8000-00000000000a, address: ada@b.example, roles: [approver, admin] }
          - { id: 3f0c0b0e-0000-4000-8000-00000000000b, address: bo@b.example, roles: [approver], hours: { timeZone: Asia/Tokyo } }
        """;

    private readonly string _policy = Path.GetTempFileName();
    private readonly Source _source;
    private MemoryStorageTransport? _process;

    public NotificationWorld()
    {
        File.WriteAllText(_policy, Policy);
        Time = new FakeTimeProvider(Some.Monday);
        Memory = new MemoryStorage(Time);
        _source = new Source(this);
    }

    public static string Ada => "3f0c0b0e-0000-4000-8000-00000000000a";

    public FakeTimeProvider Time { get; }

    public MemoryStorage Memory { get; }

    /// <summary>What is open.</summary>
    public List<NotificationItem> Open { get; } = [];

    /// <summary>Object ids of those whose access has ended.</summary>
    public HashSet<string> Ended { get; } = [];

    /// <summary>What arrived: channel, address, message, when.</summary>
    public List<Arrival> Arrived { get; } = [];

    /// <summary>Asked before a message is taken: what it throws, if anything. After it was taken: with true.</summary>
    public Func<Recipient, bool, Exception?> Trouble { get; set; } = (_, _) => null;

    /// <summary>Recipients whose messages are taken by no one, until whoever sends gives up.</summary>
    public Func<Recipient, bool> Hangs { get; set; } = _ => false;

    public IReadOnlyList<ChannelKind> Channels { get; set; } = [ChannelKind.Mail, ChannelKind.Teams];

    /// <summary>One run of a process of its own; false when it died or failed.</summary>
    public async Task<bool> SweepAsync(CancellationToken cancellationToken)
    {
        _process?.Crash();
        _process = Memory.Open();
        try
        {
            await Notifier(_process).RunAsync(cancellationToken);
            return true;
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException || SimulatedCrashException.IsIn(e))
        {
            return false;
        }
    }

    /// <summary>One run of another process, at a signal.</summary>
    public Task SignalAsync(CancellationToken cancellationToken) => Notifier(Memory.Open()).RunAtSignalAsync(cancellationToken);

    /// <summary>Lines of the ledger with this text.</summary>
    public IReadOnlyList<System.Text.Json.Nodes.JsonNode> Records(string action) =>
        [
            .. Memory
                .Evidence.Blobs("ledger")
                .SelectMany(b => System.Text.Encoding.UTF8.GetString(b.Content.ToArray()).Split('\n'))
                .Where(l => l.Contains($"\"{action}\"", StringComparison.Ordinal))
                .Select(l => System.Text.Json.Nodes.JsonNode.Parse(l)!),
        ];

    /// <summary>Names more approvers in the policy.</summary>
    public void AddApprovers(int count) =>
        File.AppendAllText(
            _policy,
            "\n"
                + string.Concat(
                    Enumerable
                        .Range(0, count)
                        .Select(i => $"{i:00}")
                        .Select(i => $"  - {{ id: 3f0c0b0e-0000-4000-8000-1000000000{i}, address: p{i}@b.example, roles: [approver] }}\n")
                )
        );

    /// <summary>Makes the policy one that names no person.</summary>
    public void NameNoOne() => File.WriteAllText(_policy, "version: 1\npeople: []\n");

    /// <summary>Makes the policy one that cannot be used.</summary>
    public void BreakPolicy() => File.WriteAllText(_policy, "version: 2");

    /// <summary>One run of another process.</summary>
    public Task SweepBesideAsync(CancellationToken cancellationToken) => Notifier(Memory.Open()).RunAsync(cancellationToken);

    public Task<IReadOnlyList<TestDelivery>> TestAsync(CancellationToken cancellationToken) =>
        Notifier(Memory.Open()).TestAsync(cancellationToken);

    /// <summary>Open findings of the notifications themselves.</summary>
    public async Task<IReadOnlyList<Detection>> FindingsAsync(CancellationToken cancellationToken)
    {
        var found = await new TableFindingStore(Storage(Memory.Open())).LoadAsync(
            Some.Tenant,
            [.. NotificationControls.Catalogue.Ids],
            cancellationToken
        );
        return
        [
            .. found
                .Values.Where(f => f.Finding.Status == FindingStatus.Open)
                .OrderBy(f => f.Finding.Detection.ControlId, StringComparer.Ordinal)
                .ThenBy(f => f.Finding.Detection.Subject.Id, StringComparer.Ordinal)
                .Select(f => f.Finding.Detection),
        ];
    }

    public void Dispose() => File.Delete(_policy);

    private PseudonymousEvidenceLog Evidence(StateStorage storage) =>
        new(new AppendBlobEvidenceLog(storage, Time, NullLogger<AppendBlobEvidenceLog>.Instance), new BlobPseudonyms(storage, Time));

    private static StateStorage Storage(MemoryStorageTransport process) =>
        new(
            StorageOptions.Read(
                Settings.Of(("AzureWebJobsStorage", MemoryStorage.StateConnection), ("EvidenceStorage", MemoryStorage.EvidenceConnection))
            ),
            process,
            TimeSpan.FromMilliseconds(1)
        );

    private Notifier Notifier(MemoryStorageTransport process)
    {
        var storage = Storage(process);
        return new(
            new(Some.Tenant),
            new NotificationPolicyFile(_policy),
            [_source],
            [new EndedNow(this)],
            new Deliveries(
                Channels.Select(c => new Channel(this, c, process)),
                new BlobDocumentStore(storage, Compliance.Notifications.Notifier.Container),
                new DeliveryRecords(new(Some.Tenant), Evidence(storage)),
                Time,
                NullLogger<Deliveries>.Instance
            ),
            new ScheduledRuns(
                new TableRunLog(storage),
                new TableFindingStore(storage),
                Evidence(storage),
                Time
            ),
            NullLogger<Notifier>.Instance
        );
    }

    /// <summary>A message that arrived.</summary>
    internal sealed record Arrival(Recipient To, NotificationMessage Message, DateTimeOffset At)
    {
        public bool IsDigest => Message.Subject.StartsWith("Compliance digest", StringComparison.Ordinal);
    }

    /// <summary>The process is gone: it reaches no storage any more.</summary>
    internal sealed class Killed : Exception;

    private sealed class EndedNow(NotificationWorld world) : IEndedPeople
    {
        public Task<IReadOnlyCollection<string>> EndedAsync(IReadOnlyCollection<string> people, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyCollection<string>>([.. people.Where(world.Ended.Contains)]);
    }

    private sealed class Source(NotificationWorld world) : INotificationSource
    {
        public Task<IReadOnlyList<NotificationItem>> LoadAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<NotificationItem>>([.. world.Open]);
    }

    private sealed class Channel(NotificationWorld world, ChannelKind kind, MemoryStorageTransport process) : INotificationChannel
    {
        public ChannelKind Kind => kind;

        public Task SendAsync(Recipient to, NotificationMessage message, CancellationToken cancellationToken)
        {
            if (world.Hangs(to))
                return Task.Delay(Timeout.InfiniteTimeSpan, world.Time, cancellationToken);
            if (world.Trouble(to, false) is { } before)
                return Fail(before);
            world.Arrived.Add(new(to, message, world.Time.GetUtcNow()));
            return world.Trouble(to, true) is { } after ? Fail(after) : Task.CompletedTask;
        }

        private Task Fail(Exception failure)
        {
            if (failure is Killed)
                process.Crash();
            return Task.FromException(failure);
        }
    }
}
