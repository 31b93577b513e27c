using System.Buffers;
using System.Globalization;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.Ledger.Checkpoints;

/// <summary>What became of a checkpoint.</summary>
/// <param name="Head">The latest checkpoint now; null when nothing was ever appended, or when it cannot be trusted.</param>
/// <param name="Signed">Whether this call signed it.</param>
/// <param name="Problem">Why nothing was signed although something should be; null when all is well.</param>
internal sealed record CheckpointOutcome(TrustedCheckpoint? Head, bool Signed, CheckpointProblem? Problem);

/// <summary>
/// Signs the log as it is now: goes on from the latest checkpoint, makes the tiles of what was appended since, and writes full tiles and
/// bundles, then partial ones, then the numbered checkpoint, then the latest. Whatever is killed or runs beside it, each of these is
/// written once with one content, and what is signed has everything that was signed before as its beginning. Writes nothing when nothing
/// was appended.
/// </summary>
/// <param name="storage">The evidence account.</param>
/// <param name="keys">Which keys sign and are trusted.</param>
/// <param name="evidence">Gets the record of a changed key.</param>
/// <param name="options">The settings.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Informed of what was signed.</param>
internal sealed partial class LedgerCheckpointer(
    StateStorage storage,
    CheckpointKeys keys,
    IEvidenceLog evidence,
    EvidenceOptions options,
    TimeProvider time,
    ILogger<LedgerCheckpointer> log
)
{
    /// <summary>Name of the hourly function that makes checkpoints.</summary>
    public const string FunctionName = "LedgerCheckpoint";

    /// <summary>Action of the record that a new signing key is announced with.</summary>
    public const string KeyRotated = "ledger.key-rotated";

    // So long the latest checkpoint is taken for the largest without listing all, once it was found to be.
    private static readonly TimeSpan ListEvery = TimeSpan.FromHours(1);

    private string? _told;
    private Listed? _listed;

    /// <summary>Brings checkpoint and tiles up to the log's end.</summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="cancellationToken">Stops between requests; the next call takes up what is unfinished.</param>
    /// <exception cref="CheckpointKeyException">Nothing can be signed now.</exception>
    /// <exception cref="IOException">The log cannot be read.</exception>
    /// <exception cref="Azure.RequestFailedException">Storage failed.</exception>
    public async Task<CheckpointOutcome> CheckpointAsync(string tenantId, CancellationToken cancellationToken)
    {
        var tenant = StateKeys.Safe(tenantId, "a tenant id");
        var signer = await keys.SignerAsync(tenant, cancellationToken);
        if (Interlocked.Exchange(ref _told, signer.Key.ToString()) != signer.Key.ToString())
            SignedWith(signer.Key.Format());
        var run = new Run(
            tenant,
            signer,
            keys.Trusted(tenant, signer),
            new LedgerStore(storage, tenant),
            new BlobLedgerSource(storage.Evidence, tenant)
        );
        try
        {
            return await RunAsync(run, cancellationToken);
        }
        catch (CheckpointProblemException e)
        {
            NotSigned(tenant, e.Problem.Part, e.Problem.Reason);
            return new(null, Signed: false, e.Problem);
        }
    }

    private async Task<CheckpointOutcome> RunAsync(Run run, CancellationToken cancellationToken)
    {
        var (latest, behind) = await LatestAsync(run, cancellationToken);
        var (tiles, bundle) = await ResumeAsync(run, latest, cancellationToken);
        if (latest is not null && !latest.SignedBy.Any(k => k.Spki.SequenceEqual(run.Signer.Key.Spki)))
            await evidence.AppendAsync(Rotated(run, latest), cancellationToken);

        var (from, last) = await AppendNewAsync(run, latest, tiles, bundle, cancellationToken);
        if (last is null)
        {
            if (latest is not null && from is { Kept: false })
                await run.Store.SaveProgressAsync(from.Position, cancellationToken);
            // Killed between the numbered checkpoint and the latest: the numbered one is what counts.
            if (latest is not null && behind)
                await MoveHeadAsync(run, latest, cancellationToken);
            return new(latest, Signed: false, null);
        }
        foreach (var tile in tiles.Partial())
            await run.Store.WritePartialAsync(tile.Ref.ToString(), tile.Hashes, cancellationToken);
        if (bundle.Count > 0)
            await run.Store.WritePartialAsync(TilePath.Entries(tiles.Size / TilePath.Width, bundle.Count), bundle.Bytes, cancellationToken);

        var signed = await SignAsync(run, new(CheckpointKeys.OriginOf(run.Tenant), tiles.Size, tiles.Root(), []), cancellationToken);
        await run.Store.SaveProgressAsync(last, cancellationToken);
        await MoveHeadAsync(run, signed, cancellationToken);
        Signed(run.Tenant, signed.Size, signed.Size - (latest?.Size ?? 0));
        return new(signed, Signed: true, null);
    }

    /// <summary>
    /// The largest checkpoint there is. The latest may lag behind the numbered ones by a crash, or because somebody put an older one back.
    /// </summary>
    private async Task<(TrustedCheckpoint? Latest, bool Behind)> LatestAsync(Run run, CancellationToken cancellationToken)
    {
        var head = await run.Store.HeadAsync(cancellationToken) is { } stored
            ? run.Trust(stored.Bytes, CheckpointProblem.Head, "The latest checkpoint")
            : null;
        var now = time.GetUtcNow();
        if (_listed is { } listed && listed.Tenant == run.Tenant && head?.Size >= listed.Largest && now - listed.At < ListEvery)
            return (head, false);
        var newest = (await run.Source.CheckpointsAsync(cancellationToken)).LastOrDefault(0);
        if (newest == (head?.Size ?? 0))
        {
            _listed = new(run.Tenant, newest, now);
            return (head, false);
        }
        if (head is not null && newest < head.Size)
            throw new CheckpointProblemException(
                CheckpointProblem.In(
                    CheckpointProblem.Checkpoints,
                    $"The latest checkpoint is of {head.Size} records, but there is no {LedgerLayout.Checkpoint(head.Size)}"
                )
            );
        var path = LedgerLayout.Checkpoint(newest);
        var numbered = run.Trust(
            await run.Source.FindAsync(path, SignedNote.MaxBytes, cancellationToken) ?? throw new IOException($"{path} vanished"),
            CheckpointProblem.Checkpoints,
            path
        );
        return numbered.Size == newest
            ? (numbered, true)
            : throw new CheckpointProblemException(
                CheckpointProblem.In(CheckpointProblem.Checkpoints, $"{path} is a checkpoint of {numbered.Size} records")
            );
    }

    private static async Task<(TileBuilder Tiles, Bundle Bundle)> ResumeAsync(
        Run run,
        TrustedCheckpoint? latest,
        CancellationToken cancellationToken
    )
    {
        if (latest is null)
            return (new(), new());
        try
        {
            var tiles = await TileBuilder.ResumeAsync(run.Source, latest.Size, cancellationToken);
            if (!tiles.Root().AsSpan().SequenceEqual(latest.Checkpoint.Root))
                throw Tiles($"The tiles of {latest.Size} records do not give the root that was signed", null);
            var bundle = new Bundle();
            if (latest.Size % TilePath.Width is > 0 and var width)
            {
                var at = new TileRef(TileRef.Entries, latest.Size / TilePath.Width, (int)width);
                var leaves = tiles.Partial()[0].Hashes;
                const int max = TilePath.Width * (EntryBundle.PrefixSize + EntryBundle.MaxEntry);
                // A wider or full one would do as well, but this one was written with the checkpoint.
                var bytes = await run.Source.FindAsync(at.ToString(), max, cancellationToken) ?? throw Tiles($"{at} is missing", null);
                Span<byte> hash = stackalloc byte[MerkleHash.Size];
                foreach (var entry in EntryBundle.Parse(bytes, at.Width))
                {
                    MerkleHash.Leaf(entry.Span, hash);
                    if (!hash.SequenceEqual(leaves.AsSpan(bundle.Count * MerkleHash.Size, MerkleHash.Size)))
                        throw Tiles($"Entry {bundle.Count} of {at} is not the record that was signed", null);
                    bundle.Add(entry.Span);
                }
            }
            return (tiles, bundle);
        }
        catch (LedgerFormatException e)
        {
            throw Tiles($"The tiles of {latest.Size} records are not what was written: {e.Message}", e);
        }
    }

    /// <summary>Reads what was appended since, and writes each tile and bundle that it makes full.</summary>
    /// <returns>Where it began, null for the log's begin, and the place behind the last new record, null when there is none.</returns>
    private static async Task<(Place? From, LedgerProgress? Last)> AppendNewAsync(
        Run run,
        TrustedCheckpoint? latest,
        TileBuilder tiles,
        Bundle bundle,
        CancellationToken cancellationToken
    )
    {
        var logs = await run.Source.LogsAsync(cancellationToken);
        var from = latest is null or { Size: 0 } ? null : await PlaceAsync(run, latest, tiles, logs, cancellationToken);
        LedgerProgress? last = null;
        var leaf = new byte[MerkleHash.Size];
        await foreach (var line in new OwnLines(logs).ReadAsync(run.Source, from?.Position, cancellationToken))
        {
            line.Leaf(leaf);
            bundle.Add(line.Bytes.Span);
            foreach (var tile in tiles.Append(leaf))
                await WriteFullAsync(run, tile.Ref, tile.Hashes, cancellationToken);
            if (bundle.Count == TilePath.Width)
            {
                var full = new TileRef(TileRef.Entries, (tiles.Size / TilePath.Width) - 1, TilePath.Width);
                await WriteFullAsync(run, full, bundle.Bytes, cancellationToken);
                bundle.Clear();
            }
            last = new(tiles.Size, line.Path, line.Offset + line.Length + 1);
        }
        return (from, last);
    }

    /// <summary>
    /// The place in the log behind the last record that was signed: as kept when that proves right, else by reading and checking all that
    /// was signed.
    /// </summary>
    private static async Task<Place> PlaceAsync(
        Run run,
        TrustedCheckpoint latest,
        TileBuilder tiles,
        IReadOnlyList<LedgerFile> logs,
        CancellationToken cancellationToken
    )
    {
        var (progress, _) = await run.Store.ProgressAsync(cancellationToken);
        if (progress is not null && progress.Size == latest.Size && logs.Any(l => l.Path == progress.Path && l.Length >= progress.Offset))
        {
            var (index, within) = Math.DivRem(latest.Size - 1, TilePath.Width);
            var hashes =
                latest.Size % TilePath.Width == 0
                    ? await run.Source.ReadHashesAsync(new(0, index, TilePath.Width), cancellationToken)
                    : tiles.Partial()[0].Hashes;
            if (
                await EndsWithAsync(
                    run.Source,
                    progress,
                    hashes.AsMemory((int)within * MerkleHash.Size, MerkleHash.Size),
                    cancellationToken
                )
            )
                return new(progress, Kept: true);
        }
        var signed = new SignedRoot(latest.Checkpoint, Trusted: true);
        var pass = new LogPass(run.Source, logs, [signed], new OwnLines(logs)) { StopsEarly = true };
        await pass.ReadAsync(cancellationToken);
        if (signed.Agrees == true)
            return new(new(latest.Size, pass.Good.Path!, pass.Good.Offset), Kept: false);
        var problem = pass.Records < latest.Size ? LogShorter(pass.Records, latest.Size) : LogDiffers(latest.Size);
        throw new CheckpointProblemException(CheckpointProblem.In(CheckpointProblem.Log, problem));
    }

    /// <summary>What is said of a log that lost records.</summary>
    internal static string LogShorter(long has, long signed) =>
        string.Create(CultureInfo.InvariantCulture, $"The log has {has} records, but {signed} were signed: records are gone");

    /// <summary>What is said of a log that was rewritten.</summary>
    internal static string LogDiffers(long signed) =>
        string.Create(CultureInfo.InvariantCulture, $"The first {signed} records of the log are not those that were signed");

    // Records are all different, so the last record's hash shows the place.
    private static async Task<bool> EndsWithAsync(
        ILedgerSource source,
        LedgerProgress place,
        ReadOnlyMemory<byte> leafHash,
        CancellationToken cancellationToken
    )
    {
        var from = Math.Max(0, place.Offset - EntryBundle.MaxEntry - 2);
        var tail = new byte[place.Offset - from];
        await using (var stream = await source.OpenAsync(place.Path, from, cancellationToken))
        {
            if (await stream.ReadAtLeastAsync(tail, tail.Length, throwOnEndOfStream: false, cancellationToken) < tail.Length)
                return false;
        }
        if (tail is not [.. var line, (byte)'\n'])
            return false;
        var before = line.AsSpan().LastIndexOf((byte)'\n');
        if (before < 0 && from > 0)
            return false;
        var hash = new byte[MerkleHash.Size];
        MerkleHash.Leaf(line.AsSpan(before + 1), hash);
        return hash.AsSpan().SequenceEqual(leafHash.Span);
    }

    private static async Task WriteFullAsync(Run run, TileRef tile, byte[] bytes, CancellationToken cancellationToken)
    {
        if (await run.Store.WriteOnceAsync(tile.ToString(), bytes, cancellationToken) is not null)
            throw Tiles($"{tile} is there already and is not what the log gives", null);
    }

    private static async Task<TrustedCheckpoint> SignAsync(Run run, Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        var note = (await SignedNote.SignAsync(checkpoint.Format(), [run.Signer.Signer], cancellationToken)).Format();
        var path = LedgerLayout.Checkpoint(checkpoint.Size);
        TrustedCheckpoint ours;
        try
        {
            ours = CheckpointKeys.Trust(note, run.Tenant, [run.Signer.Key], CheckpointProblem.Checkpoints, path);
        }
        catch (CheckpointProblemException e)
        {
            throw new CheckpointKeyException(
                $"the signing key gave a signature that does not verify: {e.Message}",
                "Check the key: its public part does not fit what signs",
                e
            );
        }
        if (await run.Store.WriteOnceAsync(path, note, cancellationToken) is not { } other)
            return ours;
        // Signatures are random: another checkpointer's over the same text is as good, and is the one that stays.
        var theirs = run.Trust(other, CheckpointProblem.Checkpoints, path);
        return theirs.Checkpoint == checkpoint
            ? theirs
            : throw new CheckpointProblemException(
                CheckpointProblem.In(CheckpointProblem.Checkpoints, $"{path} was signed for another log than the one that is here")
            );
    }

    private static Task MoveHeadAsync(Run run, TrustedCheckpoint to, CancellationToken cancellationToken) =>
        run.Store.MoveHeadAsync(
            to.Note,
            to.Size,
            note => run.Trust(note, CheckpointProblem.Head, "The latest checkpoint").Size,
            cancellationToken
        );

    private EvidenceRecord Rotated(Run run, TrustedCheckpoint latest)
    {
        var now = time.GetUtcNow();
        var (old, fresh) = (KeyId(latest.SignedBy[0]), KeyId(run.Signer.Key));
        return new()
        {
            // By the checkpoint too: keys may be changed to and fro.
            Id = $"{KeyRotated}-{latest.Size.ToString(CultureInfo.InvariantCulture)}-{old}-{fresh}",
            Time = now,
            Actor = $"{FunctionName} (setting {EvidenceOptions.SigningKeySetting})",
            Action = KeyRotated,
            TenantId = run.Tenant,
            PolicySha256 = options.Sha256,
            Controls = [],
            Outcome = "complete",
            Counts = new Dictionary<string, long> { ["signed"] = latest.Size },
            Subject = fresh,
            Reason = $"key {fresh} signs instead of {old}",
            CorrelationId = Observability.CorrelationId.Current($"{run.Tenant} {KeyRotated} {old} {fresh}"),
        };
    }

    private static string KeyId(NoteKey key) => key.Id.ToString("x8", CultureInfo.InvariantCulture);

    private static CheckpointProblemException Tiles(string reason, Exception? inner) =>
        new(CheckpointProblem.In(CheckpointProblem.Tiles, reason), inner);

    [LoggerMessage(1210, LogLevel.Information, "Ledger of {Tenant}: checkpoint of {Size} records signed, {New} of them new")]
    private partial void Signed(string tenant, long size, long @new);

    [LoggerMessage(1220, LogLevel.Information, "Checkpoints are signed with {VerifierKey}")]
    private partial void SignedWith(string verifierKey);

    [LoggerMessage(1211, LogLevel.Critical, "Ledger of {Tenant}: nothing is signed ({Part}): {Reason}")]
    private partial void NotSigned(string tenant, string part, string reason);

    private sealed record Listed(string Tenant, long Largest, DateTimeOffset At);

    private sealed record Run(
        string Tenant,
        CheckpointSigner Signer,
        IReadOnlyCollection<NoteKey> Trusted,
        LedgerStore Store,
        ILedgerSource Source
    )
    {
        public TrustedCheckpoint Trust(byte[] note, string part, string what) => CheckpointKeys.Trust(note, Tenant, Trusted, part, what);
    }

    /// <summary>Where the new records begin, and whether that was kept.</summary>
    private sealed record Place(LedgerProgress Position, bool Kept);

    /// <summary>The bundle that entries are added to now.</summary>
    private sealed class Bundle
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public int Count { get; private set; }

        public byte[] Bytes => _bytes.WrittenSpan.ToArray();

        public void Add(ReadOnlySpan<byte> entry)
        {
            EntryBundle.Write(_bytes, entry);
            Count++;
        }

        public void Clear()
        {
            _bytes.ResetWrittenCount();
            Count = 0;
        }
    }
}
