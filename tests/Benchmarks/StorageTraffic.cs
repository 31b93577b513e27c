using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Local;
using Testing;

namespace Benchmarks;

/// <summary>A request to storage.</summary>
/// <param name="At">When it came.</param>
/// <param name="Owner">The durable engine, the host, the app, or its evidence.</param>
/// <param name="Resource">Queue, table or container.</param>
/// <param name="Verb">What it does there.</param>
internal sealed record StorageCall(DateTimeOffset At, string Owner, string Resource, string Verb)
{
    /// <summary>Done over and over whether or not there is work: empty queues read, queues measured, leases renewed.</summary>
    public bool IsPolling => Verb is StorageTraffic.Empty or "measure" or "lease" || Resource is "table Partitions" or "blobs leases";

    /// <summary>A message that is put into a queue.</summary>
    public bool IsMessage => Verb == StorageTraffic.Put;
}

/// <summary>Between an app and Azurite: passes requests on as they are, and notes each.</summary>
internal sealed partial class StorageTraffic : IAsyncDisposable
{
    /// <summary>A message is put into a queue.</summary>
    public const string Put = "put";

    /// <summary>A queue is read and has nothing.</summary>
    public const string Empty = "find empty";

    /// <summary>The part of the app that the durable engine is.</summary>
    public const string Engine = "engine";

    private const int Blobs = 0;
    private const int Queues = 1;

    // The task hub of host.json.
    private const string Hub = "compliancefunctions";

    private readonly Azurite _azurite;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _client = HttpRelay.Client();
    private readonly ConcurrentQueue<StorageCall> _calls = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<DateTimeOffset>> _stages = new(StringComparer.Ordinal);
    private HttpRelay? _relay;

    private StorageTraffic(Azurite azurite, TimeProvider time) => (_azurite, _time) = (azurite, time);

    /// <summary>What came, in the order it was answered.</summary>
    public IReadOnlyList<StorageCall> Calls => [.. _calls];

    public static async Task<StorageTraffic> StartAsync(Azurite azurite, TimeProvider time)
    {
        var traffic = new StorageTraffic(azurite, time);
        traffic._relay = await HttpRelay.StartAsync([null, null, null], traffic.PassAsync, CancellationToken.None);
        return traffic;
    }

    /// <summary>An account's connection string, led through here.</summary>
    public string Through(string connection) => _relay!.Through(connection, _azurite.BlobPort, _azurite.QueuePort, _azurite.TablePort);

    /// <summary>When the next case is stored in a stage; the storage has it then.</summary>
    public Task<DateTimeOffset> NextInStageAsync(string stage) =>
        (_stages[stage] = new TaskCompletionSource<DateTimeOffset>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public async ValueTask DisposeAsync()
    {
        if (_relay is not null)
            await _relay.DisposeAsync();
        _client.Dispose();
    }

    private async Task PassAsync(RelayedRequest request)
    {
        var at = _time.GetUtcNow();
        var port = request.Service switch
        {
            Blobs => _azurite.BlobPort,
            Queues => _azurite.QueuePort,
            _ => _azurite.TablePort,
        };
        using var response = await HttpRelay.SendAsync(request, _client, $"http://127.0.0.1:{port}");
        var body = await response.Content.ReadAsByteArrayAsync();
        var call = CallOf(at, request, body);
        _calls.Enqueue(call);
        if (
            call.Resource == "table leavercases"
            && request.Method == "PUT"
            && response.StatusCode == HttpStatusCode.NoContent
            && JsonNode.Parse(request.Body)?["Stage"]?.GetValue<string>() is { } stage
            && _stages.TryRemove(stage, out var awaited)
        )
            awaited.SetResult(_time.GetUtcNow());
        await HttpRelay.AnswerAsync(request, response, body);
    }

    private static StorageCall CallOf(DateTimeOffset at, RelayedRequest request, byte[] answer)
    {
        var (path, query) = request.Target.Split('?', 2) is [var p, var q] ? (p, q) : (request.Target, "");
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var (account, rest) = (segments[0], segments[1..]);
        return request.Service switch
        {
            Queues => new(at, OwnerOf(account, rest[0]), "queue " + NameOf(rest[0]), QueueVerb(request.Method, rest, answer)),
            Blobs => new(at, OwnerOf(account, rest[0]), "blobs " + NameOf(rest[0]), BlobVerb(request.Method, query)),
            _ when rest[0] == "$batch" && Batched().Match(Encoding.UTF8.GetString(request.Body)).Groups[1].Value is var table => new(
                at,
                OwnerOf(account, table),
                "table " + NameOf(table),
                "commit"
            ),
            _ when Table().Match(rest[0]).Value is var table => new(
                at,
                OwnerOf(account, table),
                "table " + NameOf(table),
                request.Method is "GET" or "HEAD" ? "read" : "write"
            ),
            _ => throw new InvalidOperationException($"{request.Method} {request.Target} is of no service"),
        };
    }

    private static string OwnerOf(string account, string name) =>
        name switch
        {
            _ when account == Azurite.EvidenceAccount => "evidence",
            _ when name.StartsWith(Hub, StringComparison.OrdinalIgnoreCase) => Engine,
            _ when name.StartsWith("azure-webjobs-", StringComparison.Ordinal) => "host",
            _ => "app",
        };

    // The engine's without the hub's name, its control queues as one.
    private static string NameOf(string name)
    {
        var own = name.StartsWith(Hub, StringComparison.OrdinalIgnoreCase) ? name[Hub.Length..].TrimStart('-') : name;
        return own.StartsWith("control-", StringComparison.Ordinal) ? "control" : own;
    }

    private static string QueueVerb(string method, string[] path, byte[] answer) =>
        (method, path.Length) switch
        {
            (_, 1) => "measure",
            ("POST", _) => Put,
            ("GET", _) => Encoding.UTF8.GetString(answer).Contains("<QueueMessage>", StringComparison.Ordinal) ? "take" : Empty,
            ("DELETE", _) => "delete",
            _ => "hold",
        };

    private static string BlobVerb(string method, string query) =>
        method switch
        {
            "GET" or "HEAD" => "read",
            _ when query.Contains("comp=lease", StringComparison.Ordinal) => "lease",
            "DELETE" => "delete",
            _ => "write",
        };

    [GeneratedRegex("^[A-Za-z0-9$]+")]
    private static partial Regex Table();

    [GeneratedRegex(@"https?://[^/]+/[^/]+/([A-Za-z0-9]+)")]
    private static partial Regex Batched();
}
