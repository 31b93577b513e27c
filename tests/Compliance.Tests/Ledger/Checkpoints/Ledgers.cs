using System.Globalization;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Compliance.Ledger;
using Compliance.Ledger.Checkpoints;
using Compliance.Ledger.Format;
using Compliance.Storage;
using Compliance.Tests.Ledger.Format;
using Compliance.Tests.Storage;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace Compliance.Tests.Ledger.Checkpoints;

/// <summary>One tenant's ledger on the real Azurite, written by hand, with a checkpointer over it.</summary>
internal sealed class Ledgers
{
    public const string FirstLog = "log/2026-11-0001.jsonl";

    private static int _tenants;

    private readonly StorageFixture _accounts;

    public Ledgers(StorageFixture accounts)
    {
        (_accounts, Tenant) = (accounts, $"ckpt-{Environment.ProcessId}-{Interlocked.Increment(ref _tenants)}");
        (Storage, Faults) = Tests.Storage.Faults.On(accounts);
        Log = new(this);
        Key = new(NewPem());
        Options = new()
        {
            TrustedKeys = [],
            Copies = [],
            WriteOnce = WriteOnceMode.Reported,
            Local = true,
        };
    }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public string Tenant { get; }

    public string Origin => CheckpointKeys.OriginOf(Tenant);

    public StateStorage Storage { get; }

    public Faults Faults { get; }

    public HandLog Log { get; }

    public MemoryKey Key { get; set; }

    public EvidenceOptions Options { get; set; }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 23, 6, 0, 0, TimeSpan.Zero));

    public FakeLogger<LedgerCheckpointer> Logger { get; } = new();

    public ILedgerSource Source => new BlobLedgerSource(_accounts.EvidenceBlobs, Tenant);

    public CheckpointKeys Keys => new(Key, Options.TrustedKeys);

    public static string NewPem() => KeyFileSigner.NewPem();

    public static string Line(int number) => string.Create(CultureInfo.InvariantCulture, $$"""{"id":"r{{number}}"}""");

    public static IEnumerable<string> Lines(int from, int to) => Enumerable.Range(from, to - from).Select(Line);

    public LedgerCheckpointer Checkpointer(StateStorage? storage = null) => new(storage ?? Storage, Keys, Log, Options, Time, Logger);

    public Task<CheckpointOutcome> CheckpointAsync(StateStorage? storage = null) => Checkpointer(storage).CheckpointAsync(Tenant, Stop);

    /// <summary>Appends lines; the test's own requests are not among <see cref="Faults"/>.</summary>
    public async Task AppendAsync(IEnumerable<string> lines, string path = FirstLog) =>
        await AppendAsync(string.Concat(lines.Select(l => l + '\n')), path);

    public async Task AppendAsync(string text, string path = FirstLog)
    {
        await Container(LedgerLayout.Container).CreateIfNotExistsAsync(cancellationToken: Stop);
        var blob = Container(LedgerLayout.Container).GetAppendBlobClient($"{Tenant}/{path}");
        await blob.CreateIfNotExistsAsync(cancellationToken: Stop);
        if (text.Length > 0)
            await blob.AppendBlockAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), cancellationToken: Stop);
    }

    public async Task PutAsync(string path, byte[] bytes, string? container = null)
    {
        var name =
            container
            ?? (LedgerLayout.IsHead(path) || path == LedgerStore.ProgressPath ? LedgerLayout.HeadContainer : LedgerLayout.Container);
        await Container(name).CreateIfNotExistsAsync(cancellationToken: Stop);
        await Container(name).GetBlobClient($"{Tenant}/{path}").UploadAsync(new BinaryData(bytes), overwrite: true, Stop);
    }

    public async Task DeleteAsync(string path) =>
        Assert.True(
            await Container(
                    LedgerLayout.IsHead(path) || path == LedgerStore.ProgressPath ? LedgerLayout.HeadContainer : LedgerLayout.Container
                )
                .DeleteBlobIfExistsAsync($"{Tenant}/{path}", cancellationToken: Stop)
        );

    /// <summary>Puts another log in the place of one.</summary>
    public async Task ReplaceLogAsync(string text, string path = FirstLog)
    {
        await DeleteAsync(path);
        await AppendAsync(text, path);
    }

    /// <summary>Makes a log what it was.</summary>
    public async Task ReplaceOrAppendAsync(string text)
    {
        if ((await AllAsync()).ContainsKey(FirstLog))
            await DeleteAsync(FirstLog);
        await AppendAsync(text);
    }

    /// <summary>Everything of this tenant: path to bytes, both containers.</summary>
    public async Task<SortedDictionary<string, byte[]>> AllAsync()
    {
        var all = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var container in new[] { LedgerLayout.Container, LedgerLayout.HeadContainer })
        {
            if (!await Container(container).ExistsAsync(Stop))
                continue;
            await foreach (var blob in Container(container).GetBlobsAsync(BlobTraits.None, BlobStates.None, Tenant + "/", Stop))
                all.Add(
                    blob.Name[(Tenant.Length + 1)..],
                    (await Container(container).GetBlobClient(blob.Name).DownloadContentAsync(Stop)).Value.Content.ToArray()
                );
        }
        return all;
    }

    public async Task<byte[]> ReadAsync(string path) => (await AllAsync())[path];

    public TrustedCheckpoint Trust(byte[] note) =>
        CheckpointKeys.Trust(note, Tenant, Keys.Trusted(Tenant, Key.Of(Origin)), CheckpointProblem.Head, "it");

    /// <summary>A note over a checkpoint of these leaves, signed with this ledger's own key unless another is given.</summary>
    public async Task<byte[]> NoteAsync(IEnumerable<string> lines, MemoryKey? key = null, long? size = null)
    {
        var leaves = lines.Select(l => Rfc6962Tree.LeafHash(Encoding.UTF8.GetBytes(l))).ToArray();
        var signer = (key ?? Key).Of(Origin);
        return (
            await SignedNote.SignAsync(
                new Checkpoint(Origin, size ?? leaves.Length, Rfc6962Tree.Root(leaves), []).Format(),
                [signer.Signer],
                Stop
            )
        ).Format();
    }

    /// <summary>
    /// Holds that what lies in storage is the tree of these lines: the latest checkpoint, its twin, every full tile and bundle, and this
    /// size's partial ones.
    /// </summary>
    public async Task IsWholeAsync(IReadOnlyList<string> lines)
    {
        var entries = lines.Select(Encoding.UTF8.GetBytes).ToArray();
        var leaves = entries.Select(Rfc6962Tree.LeafHash).ToArray();
        var all = await AllAsync();
        var head = Trust(all[LedgerLayout.Head]);
        Assert.Equal(new Checkpoint(Origin, lines.Count, Rfc6962Tree.Root(leaves), []), head.Checkpoint);
        Assert.Equal(all[LedgerLayout.Head], all[LedgerLayout.Checkpoint(lines.Count)]);
        var tiles = new MemoryTiles(leaves);
        foreach (var tile in TilePath.Create(lines.Count, entries: true))
        {
            var bytes = all[tile.ToString()];
            if (tile.Level == TileRef.Entries)
                Assert.Equal(
                    entries.Skip((int)tile.Index * 256).Take(tile.Width),
                    EntryBundle.Parse(bytes, tile.Width).Select(e => e.ToArray())
                );
            else
                Assert.Equal(tiles[tile], bytes);
        }
        var progress = JsonSerializer.Deserialize<LedgerProgress>(all[LedgerStore.ProgressPath], JsonSerializerOptions.Web)!;
        Assert.Equal((lines.Count, all[progress.Path].LongLength), ((int)progress.Size, progress.Offset));
    }

    private BlobContainerClient Container(string name) => _accounts.EvidenceBlobs.GetBlobContainerClient(name);

    /// <summary>An evidence log that appends to this tenant's newest append blob, a record id once.</summary>
    internal sealed class HandLog(Ledgers ledger) : IEvidenceLog
    {
        private readonly HashSet<string> _ids = new(StringComparer.Ordinal);

        public List<EvidenceRecord> Records { get; } = [];

        public async Task<EvidenceReceipt> AppendAsync(EvidenceRecord record, CancellationToken cancellationToken)
        {
            if (_ids.Add(record.Id))
            {
                Records.Add(record);
                await ledger.AppendAsync([Encoding.UTF8.GetString(EvidenceLine.Create(record, record.Time))]);
            }
            return new(record.Id, FirstLog, 0, "");
        }
    }
}

/// <summary>A key in memory.</summary>
internal sealed class MemoryKey(string pem) : ISigningKey
{
    public CheckpointSigner Of(string origin)
    {
        var signer = KeyFileSigner.FromPem(origin, pem);
        return new(signer, signer.Key);
    }

    /// <summary>What is wrong with it; null when it signs.</summary>
    public Exception? Broken { get; set; }

    public Task<CheckpointSigner> SignerAsync(string origin, CancellationToken cancellationToken) =>
        Broken is { } wrong ? throw wrong : Task.FromResult(Of(origin));
}
