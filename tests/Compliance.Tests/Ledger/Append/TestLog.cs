using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Compliance.Ledger;
using Compliance.Ledger.Append;
using Compliance.Ledger.Format;
using Compliance.Storage;
using Compliance.Tests.Storage;
using Local;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using NJsonSchema;
using Testing;

namespace Compliance.Tests.Ledger.Append;

/// <summary>One tenant's log on Azurite or in memory, and what a test looks at in it.</summary>
internal sealed class TestLog(StorageFixture accounts, string tenant)
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 6, 0, 0, TimeSpan.Zero);

    private static readonly Lazy<Task<JsonSchema>> Schema = new(() => JsonSchema.FromFileAsync(SchemaFile));

    public static string SchemaFile =>
        Path.Combine(RepositoryRoot.Find(), "src", "ComplianceFunctions", "schemas", "evidence-record.schema.json");

    public FakeTimeProvider Clock { get; } = new(Start);

    public FakeLogger<AppendBlobEvidenceLog> Logger { get; } = new();

    public BlobContainerClient Container { get; } = accounts.EvidenceBlobs.GetBlobContainerClient(AppendBlobEvidenceLog.Container);

    public IEnumerable<int> Told => Logger.Collector.GetSnapshot().Select(l => l.Id.Id);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Another writer of this log.</summary>
    public AppendBlobEvidenceLog Open(StateStorage? storage = null, LogOptions? options = null, TimeProvider? clock = null) =>
        new(storage ?? Faults.Storage(accounts), clock ?? Clock, Logger, options);

    /// <summary>Another writer, and the place where its requests can be made to fail.</summary>
    public (AppendBlobEvidenceLog Log, Faults Faults) OpenFaulty(LogOptions? options = null)
    {
        var (storage, faults) = Faults.On(accounts);
        return (Open(storage, options), faults);
    }

    public EvidenceRecord Record(string id) =>
        new()
        {
            Id = id,
            Time = Clock.GetUtcNow(),
            Actor = "CredentialRotationCheck (timer)",
            Action = "credentials.check",
            TenantId = tenant,
            PolicySha256 = new('a', 64),
            Controls = ["CRED-001"],
            Outcome = "complete",
            Counts = new Dictionary<string, long> { ["b"] = 2, ["a"] = 1 },
            FindingsSha256 = new('c', 64),
            CorrelationId = "ef",
        };

    public AppendBlobClient Blob(string path) => Container.GetAppendBlobClient($"{tenant}/{path}");

    public async Task<string> TextAsync(string path) => (await Blob(path).DownloadContentAsync(Stop)).Value.Content.ToString();

    public async Task<List<string>> PathsAsync()
    {
        var paths = new List<string>();
        if (!await Container.ExistsAsync(Stop))
            return paths;
        await foreach (var blob in Container.GetBlobsAsync(BlobTraits.None, BlobStates.None, $"{tenant}/log/", Stop))
            paths.Add(blob.Name[(tenant.Length + 1)..]);
        paths.Sort(StringComparer.Ordinal);
        return paths;
    }

    /// <summary>Appends as nobody's writer does.</summary>
    public async Task RawAsync(string path, string text)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        await Blob(path).AppendBlockAsync(content, cancellationToken: Stop);
    }

    /// <summary>
    /// All records in the log's order. Each must be as the schema says, and every blob but the last must end with the record that names the
    /// next one, which is nowhere else.
    /// </summary>
    public async Task<List<KeptRecord>> RecordsAsync()
    {
        var records = new List<KeptRecord>();
        var paths = await PathsAsync();
        for (var i = 0; i < paths.Count; i++)
        {
            var text = await TextAsync(paths[i]);
            Assert.True(text.Length == 0 || text[^1] == '\n', $"{paths[i]} is torn");
            var offset = 0L;
            var closed = false;
            foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                Assert.False(closed, $"{paths[i]} has a line after the closing one");
                Assert.Empty((await Schema.Value).Validate(line));
                var json = JsonDocument.Parse(line).RootElement;
                var bytes = Encoding.UTF8.GetBytes(line);
                records.Add(new(json, $"ledger/{tenant}/{paths[i]}", offset, EvidenceLine.Sha256(bytes)));
                offset += bytes.Length + 1;
                closed = json.GetProperty("action").GetString() == "ledger.closed";
                if (closed)
                    Assert.Equal(
                        ($"ledger-closed-{paths[i]}", i + 1 < paths.Count ? paths[i + 1] : json.GetProperty("subject").GetString()),
                        (records[^1].Id, json.GetProperty("subject").GetString())
                    );
            }
            Assert.True(closed || i == paths.Count - 1, $"{paths[i]} is not closed");
        }
        return records;
    }

    /// <summary>Ids of all records but the log's own, in the log's order.</summary>
    public async Task<List<string>> IdsAsync() => [.. (await RecordsAsync()).Where(r => !r.OfTheLog).Select(r => r.Id)];
}

/// <summary>A record as it is kept.</summary>
internal sealed record KeptRecord(JsonElement Json, string Location, long Offset, string Sha256)
{
    public string Id => Json.GetProperty("id").GetString()!;

    public string Action => Json.GetProperty("action").GetString()!;

    public bool OfTheLog => Action.StartsWith("ledger.", StringComparison.Ordinal);

    public EvidenceReceipt Receipt => new(Id, Location, Offset, Sha256);
}
