using System.Buffers;
using System.Globalization;
using System.Text;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;

namespace Compliance.Tests.Ledger.Verification;

/// <summary>A log in a folder of its own, written as its writer and its checkpointer would, for tests to spoil.</summary>
internal sealed class LedgerFolder : IDisposable
{
    public const string Origin = "compliancefunctions/test";

    /// <summary>When the first record was logged; each further one is a second later.</summary>
    public static readonly DateTimeOffset Start = new(2026, 11, 1, 6, 0, 0, TimeSpan.Zero);

    // Made once: neither name nor time of a test depends on it.
    private static readonly string Pem = KeyFileSigner.NewPem();

    private readonly KeyFileSigner _signer = KeyFileSigner.FromPem(Origin, Pem);
    private readonly TileBuilder _tree = new();
    private readonly ArrayBufferWriter<byte> _bundle = new();
    private string _log = LedgerLayout.Log(2026, 11, 1);

    public LedgerFolder() => Root = Directory.CreateTempSubdirectory("ledger-").FullName;

    public string Root { get; }

    public NoteKey Key => _signer.Key;

    public long Size => _tree.Size;

    /// <summary>The blob that is written to.</summary>
    public string Log => _log;

    public FolderLedgerSource Source => new(Root);

    public static KeyFileSigner Stranger(string name = Origin) => KeyFileSigner.FromPem(name, KeyFileSigner.NewPem());

    /// <summary>A log of so many records, with checkpoints at these sizes, the last of which is the latest.</summary>
    public static async Task<LedgerFolder> OfAsync(int records, params int[] checkpoints)
    {
        var ledger = new LedgerFolder();
        for (var i = 0; i <= records; i++)
        {
            if (checkpoints.Contains(i))
                await ledger.CheckpointAsync();
            if (i < records)
                ledger.Append();
        }
        return ledger;
    }

    /// <summary>The line of a record, without a line feed.</summary>
    public static string Line(
        long index,
        DateTimeOffset? loggedAt = null,
        string? id = null,
        string more = "",
        string action = "credentials.check",
        string version = "1",
        string? subject = null
    ) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"action\":\"{action}\",\"actor\":\"CredentialRotationCheck "
                + $"(timer)\",\"controls\":[\"CRED-001\"],\"correlationId\":\"c-{index}\",\"counts\":{{\"objects\":{index}}},"
                + $"\"id\":\"{id ?? $"run-{index}/check"}\",\"loggedAt\":"
                + $"\"{(loggedAt ?? Start.AddSeconds(index)).UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}\",\"outcome\":\"complete\","
                + $"\"policySha256\":\"00\"{(subject is null ? "" : $",\"subject\":\"{subject}\"")},\"tenantId\":\"test\","
                + $"\"time\":\"2026-11-01T06:00:00Z\"{more},\"version\":{version}}}"
        );

    public void Append(string? line = null) => AppendBytes(Encoding.UTF8.GetBytes(line ?? Line(Size)));

    /// <summary>Appends a line of any bytes but a line feed.</summary>
    public void AppendBytes(byte[] line)
    {
        using (var log = new FileStream(PathOf(_log), FileMode.Append))
        {
            log.Write(line);
            log.WriteByte((byte)'\n');
        }
        Span<byte> leaf = stackalloc byte[MerkleHash.Size];
        MerkleHash.Leaf(line, leaf);
        if (line.Length <= EntryBundle.MaxEntry)
            EntryBundle.Write(_bundle, line);
        foreach (var tile in _tree.Append(leaf))
        {
            if (tile.Ref.Level == 0)
            {
                Write(TilePath.Entries(tile.Ref.Index, TilePath.Width), _bundle.WrittenSpan);
                _bundle.ResetWrittenCount();
            }
            Write(TilePath.Create(tile.Ref), tile.Hashes);
        }
    }

    /// <summary>Closes the blob and goes on in another.</summary>
    public void Roll(string? next = null)
    {
        next ??= LedgerLayout.TryParseLog(_log, out var log)
            ? LedgerLayout.Log(log.Year, log.Month, log.Number + 1)
            : throw new InvalidOperationException(_log);
        Append(Line(Size, id: $"ledger-closed-{_log}", action: "ledger.closed", subject: next));
        _log = next;
    }

    /// <summary>Bytes without a line feed at the log's end.</summary>
    public void Tear(string bytes) => File.AppendAllText(PathOf(_log), bytes);

    public async Task CheckpointAsync(INoteSigner? signer = null)
    {
        foreach (var partial in _tree.Partial())
            Write(TilePath.Create(partial.Ref), partial.Hashes);
        if (Size % TilePath.Width > 0)
            Write(TilePath.Entries(Size / TilePath.Width, (int)(Size % TilePath.Width)), _bundle.WrittenSpan);
        var note = await SignAsync(Size, _tree.Root(), signer);
        Write(LedgerLayout.Checkpoint(Size), note);
        Write(LedgerLayout.Head, note);
    }

    public async Task<byte[]> SignAsync(long size, byte[] root, INoteSigner? signer = null, string origin = Origin) =>
        (
            await SignedNote.SignAsync(
                new Checkpoint(origin, size, root, []).Format(),
                [signer ?? _signer],
                TestContext.Current.CancellationToken
            )
        ).Format();

    public string PathOf(string path)
    {
        var full = Path.Combine([Root, .. path.Split('/')]);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        return full;
    }

    public void Write(string path, ReadOnlySpan<byte> bytes) => File.WriteAllBytes(PathOf(path), bytes);

    public byte[] Read(string path) => File.ReadAllBytes(PathOf(path));

    public void Delete(string path) => File.Delete(PathOf(path));

    /// <summary>Changes the lines of a blob.</summary>
    public void Edit(Action<List<string>> edit, string? log = null)
    {
        var lines = Encoding.UTF8.GetString(Read(log ?? _log)).Split('\n')[..^1].ToList();
        edit(lines);
        Write(log ?? _log, Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => l + '\n'))));
    }

    /// <summary>A copy, to be spoiled without harm to this one.</summary>
    public void CopyTo(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(folder, Path.GetRelativePath(Root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    public Task<LedgerVerification> VerifyAsync(
        byte[]? kept = null,
        IReadOnlyCollection<NoteKey>? keys = null,
        bool tiles = true,
        string? origin = null
    ) =>
        new LedgerVerifier(
            Source,
            new()
            {
                Keys = keys ?? [Key],
                Kept = kept,
                Tiles = tiles,
                Origin = origin,
            }
        ).VerifyAsync(TestContext.Current.CancellationToken);

    public void Dispose()
    {
        _signer.Dispose();
        Directory.Delete(Root, recursive: true);
    }
}
