using System.Text;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;
using CsCheck;
using Testing;

namespace Compliance.Tests.Ledger.Verification;

[CollectionDefinition(nameof(MeasuredAlone), DisableParallelization = true)]
public sealed class MeasuredAlone;

/// <summary>
/// Whatever the files hold, the verifier ends with a result, in little memory, and never calls intact what is not as it was signed.
/// </summary>
[Collection(nameof(MeasuredAlone))]
public sealed class LedgerExtremesTests
{
    private const int Covered = 700;

    // Any will do; the same each time, so that what fails fails again.
    private const string Seed = "0000Vx2Eqm5e";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static Task<LedgerVerification> VerifyAsync(ILedgerSource source, NoteKey key, bool tiles = true, byte[]? kept = null) =>
        new LedgerVerifier(
            source,
            new()
            {
                Keys = [key],
                Tiles = tiles,
                Kept = kept,
            }
        ).VerifyAsync(Stop);

    // What a change does to a file; null deletes it. The numbers come from the generator.
    private static byte[]? Spoil(byte[] file, byte[] other, int how, int at, byte[] noise)
    {
        var place = file.Length == 0 ? 0 : at % file.Length;
        switch (how)
        {
            case 0:
                return noise.Length == 0 || file.Length == 0
                    ? file
                    :
                    [
                        .. file[..place],
                        .. noise[..Math.Min(noise.Length, file.Length - place)],
                        .. file[Math.Min(file.Length, place + noise.Length)..],
                    ];
            case 1:
                var flipped = file.ToArray();
                if (flipped.Length > 0)
                    flipped[place] ^= (byte)(1 << (at & 7));
                return flipped;
            case 2:
                return file[..place];
            case 3:
                return file[place..];
            case 4:
                return [.. file, .. noise];
            case 5:
                return noise;
            case 6:
                return null;
            case 7:
                return other;
            case 8:
                return [.. file[..place], (byte)'\n', .. file[place..]];
            default:
                return [.. file[..place], .. file[..Math.Min(file.Length, at % 2000)], .. file[place..]];
        }
    }

    private static byte[] CoveredLog(IReadOnlyDictionary<string, byte[]> files, int covered = Covered)
    {
        using var log = new MemoryStream();
        var lines = 0;
        foreach (var (_, bytes) in files.Where(f => LedgerLayout.TryParseLog(f.Key, out _)).OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            foreach (var b in bytes)
            {
                if (lines == covered)
                    return log.ToArray();
                log.WriteByte(b);
                lines += b == '\n' ? 1 : 0;
            }
        }
        return log.ToArray();
    }

    [Fact]
    public async Task Random_changes_to_any_files_end_in_a_result_that_is_intact_only_when_what_is_covered_is_unchanged()
    {
        using var folder = await LedgerFolder.OfAsync(0);
        for (var i = 0; i < Covered + 20; i++)
        {
            if (i is 300 or Covered)
                await folder.CheckpointAsync();
            if (i is 200 or 500)
                folder.Roll();
            else
                folder.Append();
        }
        var whole = MemoryLedger.Of(folder);
        var paths = whole.Files.Keys.Order(StringComparer.Ordinal).ToArray();
        var log = CoveredLog(whole.Files);
        var tiles = TilePath.Create(Covered, entries: true).Select(TilePath.Create).ToArray();
        var (intact, tampered) = (0, 0);
        var change = Gen.Select(
            Gen.Int[0, paths.Length - 1],
            Gen.Int[0, paths.Length - 1],
            Gen.Int[0, 9],
            Gen.Int[0, int.MaxValue],
            Gen.Byte.Array[0, 40]
        );
        await change
            .Array[1, 3]
            .SampleAsync(
                async changes =>
                {
                    var files = whole.Files.ToDictionary();
                    foreach (var (path, other, how, at, noise) in changes)
                    {
                        if (!files.TryGetValue(paths[path], out var file))
                            continue;
                        if (Spoil(file, files.GetValueOrDefault(paths[other]) ?? [], how, at, noise) is { } spoilt)
                            files[paths[path]] = spoilt;
                        else
                            files.Remove(paths[path]);
                    }
                    var result = await VerifyAsync(new MemoryLedger(files), folder.Key);
                    Assert.Equal(result.Verdict != LedgerVerdict.Intact, result.Problems.Count > 0);
                    if (result.Verdict != LedgerVerdict.Intact)
                    {
                        Interlocked.Increment(ref tampered);
                        return;
                    }
                    Interlocked.Increment(ref intact);
                    // Where both checkpoints of the later size are gone, the earlier one is all that vouches: only an auditor's own copy
                    // shows more.
                    var (covered, kept) =
                        files.ContainsKey(LedgerLayout.Head) || files.ContainsKey(LedgerLayout.Checkpoint(Covered))
                            ? (log, tiles)
                            : (CoveredLog(whole.Files, 300), []);
                    Assert.True(covered.AsSpan().SequenceEqual(CoveredLog(files, kept.Length > 0 ? Covered : 300)));
                    Assert.All(kept, t => Assert.Equal(whole.Files[t], files[t]));
                },
                iter: TestSize.Times(800),
                seed: Seed
            );
        // The property says something only when both come about.
        Assert.True(intact > 25 && tampered > 250, $"{intact} intact, {tampered} not");
    }

    [Fact]
    public async Task Random_changes_to_a_folder_end_in_a_result()
    {
        using var folder = await LedgerFolder.OfAsync(300, 300);
        var paths = MemoryLedger.Of(folder).Files.Keys.Order(StringComparer.Ordinal).ToArray();
        await Gen.Select(Gen.Int[0, paths.Length - 1], Gen.Int[0, 9], Gen.Int[0, int.MaxValue], Gen.Byte.Array[0, 40])
            .SampleAsync(
                async (path, how, at, noise) =>
                {
                    var file = folder.Read(paths[path]);
                    try
                    {
                        folder.Delete(paths[path]);
                        if (Spoil(file, [], how, at, noise) is { } spoilt)
                            folder.Write(paths[path], spoilt);
                        else
                            Directory.CreateDirectory(folder.PathOf(paths[path]));
                        _ = await folder.VerifyAsync();
                    }
                    finally
                    {
                        if (Directory.Exists(folder.PathOf(paths[path])))
                            Directory.Delete(folder.PathOf(paths[path]));
                        folder.Write(paths[path], file);
                    }
                },
                iter: TestSize.Times(100),
                seed: Seed,
                threads: 1
            );
        Assert.Equal(LedgerVerdict.Intact, (await folder.VerifyAsync()).Verdict);
    }

    [Fact]
    public Task Any_bytes_as_the_auditors_own_checkpoint_end_in_a_result() =>
        Gen
            .Byte.Array[0, 300]
            .SampleAsync(
                async bytes =>
                    Assert.Equal(
                        LedgerVerdict.CannotTell,
                        (await VerifyAsync(new MemoryLedger(new Dictionary<string, byte[]>()), Key, kept: bytes)).Verdict
                    ),
                iter: TestSize.Times(300)
            );

    [Fact]
    public void Any_bytes_are_a_line_of_some_form_and_any_begin_of_a_record_is_a_torn_one() =>
        Gen.Select(Gen.Byte.Array[0, 60], Gen.Int[1, 250])
            .Sample(
                (bytes, cut) =>
                {
                    _ = RecordFacts.Parse(bytes).Id;
                    _ = RecordFacts.Parse([(byte)'{', .. bytes, (byte)'}']).Id;
                    var line = Encoding.UTF8.GetBytes(LedgerFolder.Line(1, id: "é—\\u00e9\\ud83d\\ude00"));
                    Assert.Equal(LineForm.Torn, RecordFacts.Parse(line.AsSpan(0, cut)).Form);
                    Assert.Equal("é—é😀", RecordFacts.Parse(line).Id);
                }
            );

    [Theory]
    [InlineData("{\"id\":\"\\ud800\"}")]
    [InlineData("{\"id\":\"\\u00e9\\uDC00x\",\"version\":1e999}")]
    [InlineData("{\"action\":\"\\ud800\",\"id\":\"a\",\"loggedAt\":\"9999-99-99T00:00:00Z\",\"version\":1}")]
    public async Task Texts_that_are_no_unicode_end_in_a_result(string line)
    {
        using var ledger = new LedgerFolder();
        ledger.Append(line);
        ledger.Append(line);
        await ledger.CheckpointAsync();
        Assert.Contains((await ledger.VerifyAsync()).Problems, p => p.Kind == LedgerProblemKind.DoubledRecord);
        Assert.Equal(LineForm.Record, RecordFacts.Parse(Encoding.UTF8.GetBytes(line)).Form);
        _ = RecordFacts.TextOf(Encoding.UTF8.GetBytes(line), "action"u8);
    }

    [Fact]
    public async Task Deep_json_and_bytes_that_are_no_utf8_are_no_records()
    {
        using var ledger = new LedgerFolder();
        ledger.Append("{\"id\":\"a\",\"x\":" + new string('[', 30_000) + new string(']', 30_000) + "}");
        ledger.AppendBytes([.. "{\"id\":\""u8, 0xff, 0xfe, .. "\"}"u8]);
        ledger.AppendBytes([0xff, 0xfe, 0x00]);
        await ledger.CheckpointAsync();
        Assert.Equal(
            [LedgerProblemKind.ForeignLine, LedgerProblemKind.ForeignLine, LedgerProblemKind.ForeignLine],
            (await ledger.VerifyAsync()).Problems.Select(p => p.Kind)
        );
    }

    [Fact]
    public async Task A_log_of_one_endless_line_takes_little_memory()
    {
        var source = new Endless(600_000_000, _ => (byte)'x');
        var result = await VerifyAsync(source, Key, tiles: false);
        Assert.Equal((0, 600_000_000), (result.Records, result.Bytes));
        Assert.InRange(source.MaxMemory, 1, 40_000_000);
    }

    [Fact]
    public async Task A_log_of_nothing_but_line_feeds_takes_little_memory()
    {
        var source = new Endless(2_000_000, _ => (byte)'\n');
        var result = await VerifyAsync(source, Key);
        Assert.Equal((2_000_000, 2_000_000), (result.Records, result.TornLines));
        Assert.InRange(source.MaxMemory, 1, 40_000_000);
    }

    [Fact]
    public async Task A_log_of_foreign_lines_takes_little_memory_and_only_the_first_are_listed()
    {
        var source = new Endless(400_000, i => i % 4 == 3 ? (byte)'\n' : "{x}"u8[(int)(i % 4)]);
        var result = await VerifyAsync(source, Key);
        Assert.Equal(
            (100_000, LedgerVerifier.MaxProblemsOfAKind),
            (result.Records, result.Problems.Count(p => p.Kind == LedgerProblemKind.ForeignLine))
        );
        Assert.Equal(100_000 - LedgerVerifier.MaxProblemsOfAKind, result.MoreProblems);
        Assert.InRange(source.MaxMemory, 1, 40_000_000);
    }

    [Fact]
    public async Task Files_that_are_far_too_long_are_not_read_whole()
    {
        using var ledger = await LedgerFolder.OfAsync(600, 600);
        var whole = MemoryLedger.Of(ledger).Files;
        foreach (var path in whole.Keys.Where(p => !p.StartsWith("log/", StringComparison.Ordinal)))
        {
            var long_ = new Lengthened(whole, path);
            var result = await VerifyAsync(long_, ledger.Key);
            Assert.Equal(LedgerVerdict.Tampered, result.Verdict);
            Assert.InRange(long_.Read, 1, 20_000_000);
        }
    }

    private static NoteKey Key
    {
        get
        {
            using var signer = LedgerFolder.Stranger();
            return signer.Key;
        }
    }

    // A log of one blob that is made as it is read. Looks at the memory in use on the way.
    private sealed class Endless(long length, Func<long, byte> byteAt) : LedgerSource
    {
        private readonly long _before = GC.GetTotalMemory(forceFullCollection: true);

        public long MaxMemory { get; private set; } = 1;

        public override Task<IReadOnlyList<LedgerFile>> LogsAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<LedgerFile>>([new(LedgerLayout.Log(2026, 11, 1), length)]);

        public override Task<IReadOnlyList<long>> CheckpointsAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<long>>([]);

        public override Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken) =>
            path == LedgerLayout.Head
                ? throw new FileNotFoundException()
                : Task.FromResult<Stream>(
                    new Made(length, byteAt, () => MaxMemory = Math.Max(MaxMemory, GC.GetTotalMemory(forceFullCollection: true) - _before))
                );
    }

    // One file goes on for ever.
    private sealed class Lengthened(IReadOnlyDictionary<string, byte[]> files, string longer) : LedgerSource
    {
        private readonly MemoryLedger _files = new(files);

        public long Read { get; private set; }

        public override Task<IReadOnlyList<LedgerFile>> LogsAsync(CancellationToken cancellationToken) =>
            _files.LogsAsync(cancellationToken);

        public override Task<IReadOnlyList<long>> CheckpointsAsync(CancellationToken cancellationToken) =>
            _files.CheckpointsAsync(cancellationToken);

        public override Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken)
        {
            if (path != longer)
                return _files.OpenAsync(path, offset, cancellationToken);
            var bytes = files[path];
            return Task.FromResult<Stream>(
                new Made(
                    long.MaxValue,
                    i =>
                    {
                        Read++;
                        return i < bytes.Length ? bytes[i] : (byte)'x';
                    },
                    () => { }
                )
            );
        }
    }

    private sealed class Made(long length, Func<long, byte> byteAt, Action look) : Stream
    {
        private const int BetweenLooks = 500;
        private long _at;
        private int _reads;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => _at;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var count = (int)Math.Min(Math.Min(buffer.Length, 64 * 1024), length - _at);
            // The same byte all along is the common case, and has to be quick.
            if (count > 0 && length > 100_000_000 && length < long.MaxValue)
                buffer[..count].Fill(byteAt(_at));
            else
                for (var i = 0; i < count; i++)
                    buffer[i] = byteAt(_at + i);
            _at += count;
            if (_reads++ % BetweenLooks == 0)
                look();
            return count;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new(Read(buffer.Span));
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() { }
    }
}
