using System.Globalization;
using System.Text;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;

namespace Compliance.Tests.Ledger.Verification;

/// <summary>Each attack is seen and named, and what is no attack is not called one.</summary>
public sealed class LedgerVerifierTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // The offset of a record's line in a blob, from the lines before it.
    private static long OffsetOf(LedgerFolder ledger, int line, string? log = null) =>
        Encoding.UTF8.GetString(ledger.Read(log ?? ledger.Log)).Split('\n').Take(line).Sum(l => Encoding.UTF8.GetByteCount(l) + 1L);

    // The keys are others in every run.
    private static string WithoutKeys(LedgerProblem problem, LedgerFolder ledger, NoteKey? stranger = null)
    {
        var known = problem.Message.Replace(ledger.Key.ToString(), "KNOWN-KEY", StringComparison.Ordinal);
        return stranger is null ? known : known.Replace(stranger.ToString(), "STRANGERS-KEY", StringComparison.Ordinal);
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static LedgerProblemKind OfPath(string tile) =>
        tile.Contains("entries", StringComparison.Ordinal) ? LedgerProblemKind.ChangedBundle : LedgerProblemKind.ChangedTile;

    private static (LedgerVerdict Verdict, LedgerProblemKind Kind) First(LedgerVerification result) =>
        (result.Verdict, result.Problems[0].Kind);

    private static void AssertIntact(LedgerVerification result, params string[] warnings)
    {
        Assert.Empty(result.Problems);
        Assert.Equal(LedgerVerdict.Intact, result.Verdict);
        Assert.Equal(warnings.Length, result.Warnings.Count);
        Assert.All(warnings.Zip(result.Warnings), w => Assert.Contains(w.First, w.Second, StringComparison.Ordinal));
    }

    private static LedgerProblem AssertTampered(
        LedgerVerification result,
        LedgerProblemKind kind,
        long? index = null,
        string? path = null,
        long? offset = null,
        string? says = null
    )
    {
        Assert.Equal(LedgerVerdict.Tampered, result.Verdict);
        var problem =
            result.Problems.FirstOrDefault(p => p.Kind == kind)
            ?? throw new InvalidOperationException($"no {kind}, only {string.Join("; ", result.Problems)}");
        Assert.Equal(LedgerVerdict.Tampered, problem.Says);
        if (index is not null)
            Assert.Equal(index, problem.Index);
        if (path is not null)
            Assert.Equal(path, problem.Path);
        if (offset is not null)
            Assert.Equal(offset, problem.Offset);
        if (says is not null)
            Assert.Contains(says, problem.Message, StringComparison.Ordinal);
        return problem;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(700)]
    public async Task A_log_as_it_was_signed_is_intact(int records)
    {
        using var ledger = await LedgerFolder.OfAsync(records, 0, records / 2, records);
        var result = await ledger.VerifyAsync();
        AssertIntact(result);
        Assert.Equal((records, records, 0, LedgerFolder.Origin), (result.Records, result.Covered, result.NotYetCovered, result.Origin));
        Assert.Equal([ledger.Key.ToString()], result.SignedBy);
    }

    [Fact]
    public async Task A_log_of_more_than_a_tile_of_tiles_is_compared_tile_by_tile()
    {
        using var ledger = await LedgerFolder.OfAsync(66_000, 66_000);
        var result = await ledger.VerifyAsync();
        AssertIntact(result);
        // 257 full tiles of leaves with their bundles, one of level 1, and what is partial: bundle, leaves, level 1 and level 2.
        Assert.Equal(257 + 257 + 1 + 4, result.TilesCompared);
    }

    [Fact]
    public async Task Records_after_the_last_checkpoint_are_counted_as_not_yet_covered()
    {
        using var ledger = await LedgerFolder.OfAsync(30, 10, 20);
        var result = await ledger.VerifyAsync();
        AssertIntact(result, "10 records ");
        Texts.Ledger.Expect("warning: records after the last checkpoint", result.Warnings);
        Assert.Equal((20, 10), (result.Covered, result.NotYetCovered));
    }

    [Fact]
    public async Task A_log_in_several_blobs_is_one_log()
    {
        using var ledger = await LedgerFolder.OfAsync(5);
        ledger.Roll();
        ledger.Append();
        ledger.Roll(LedgerLayout.Log(2027, 1, 1));
        ledger.Append();
        await ledger.CheckpointAsync();
        AssertIntact(await ledger.VerifyAsync());
    }

    [Fact]
    public async Task A_log_that_is_closed_and_not_gone_on_with_is_intact()
    {
        using var ledger = await LedgerFolder.OfAsync(5);
        ledger.Roll();
        await ledger.CheckpointAsync();
        var result = await ledger.VerifyAsync();
        AssertIntact(result, "0002.jsonl");
        Texts.Ledger.Expect("warning: a log that is closed and not gone on with", result.Warnings);
    }

    [Fact]
    public async Task A_torn_tail_after_the_last_checkpoint_and_a_torn_line_before_it_are_warnings()
    {
        using var ledger = await LedgerFolder.OfAsync(5);
        ledger.Append(LedgerFolder.Line(5)[..100]);
        ledger.Append();
        await ledger.CheckpointAsync();
        ledger.Tear(LedgerFolder.Line(7)[..50]);
        var result = await ledger.VerifyAsync();
        AssertIntact(result, "line 5 at byte", "ends with 50 bytes");
        Assert.Equal((1, 7), (result.TornLines, result.Records));
    }

    [Fact]
    public async Task Unknown_versions_are_counted_and_hashed()
    {
        using var ledger = await LedgerFolder.OfAsync(3);
        ledger.Append(LedgerFolder.Line(3, version: "2"));
        ledger.Append(LedgerFolder.Line(4, version: "\"1\""));
        ledger.Append("{\"id\":\"from the future\"}");
        await ledger.CheckpointAsync();
        var result = await ledger.VerifyAsync();
        AssertIntact(result);
        Assert.Equal((3, 6), (result.UnknownVersions, result.Records));
        ledger.Edit(l => l[3] = l[3].Replace("timer", "Timer", StringComparison.Ordinal));
        AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.ChangedRecord, 3);
    }

    [Fact]
    public async Task A_key_that_was_rotated_breaks_no_older_checkpoint()
    {
        using var ledger = await LedgerFolder.OfAsync(10, 10);
        using var next = LedgerFolder.Stranger();
        ledger.Append();
        await ledger.CheckpointAsync(next);
        AssertIntact(await ledger.VerifyAsync(keys: [ledger.Key, next.Key]));
        var withoutNew = await ledger.VerifyAsync();
        Assert.Equal((LedgerVerdict.CannotTell, LedgerProblemKind.UnknownKey), First(withoutNew));
        Assert.Contains($"{next.Name}+{next.KeyId:x8}", withoutNew.Problems[0].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(299)]
    [InlineData(300)]
    [InlineData(555)]
    [InlineData(699)]
    public async Task A_changed_byte_is_named_with_its_record_and_offset(int index)
    {
        using var ledger = await LedgerFolder.OfAsync(700, 300, 700);
        var (start, at) = (OffsetOf(ledger, index), OffsetOf(ledger, index) + 20);
        var log = ledger.Read(ledger.Log);
        log[at] = (byte)'X';
        ledger.Write(ledger.Log, log);
        var problem = AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.ChangedRecord, index, ledger.Log, at, "where 'ls.check");
        Assert.Equal((start, $"run-{index}/check"), (problem.RecordOffset, problem.RecordId));
        Assert.Contains("has 'Xs.check", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_of_several_changed_records_is_named()
    {
        using var ledger = await LedgerFolder.OfAsync(700, 700);
        ledger.Edit(l =>
        {
            for (var i = 400; i < 700; i++)
                l[i] = l[i].Replace("timer", "Timer", StringComparison.Ordinal);
        });
        AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.ChangedRecord, 400);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(5000)]
    public async Task Dropped_records_are_named(int count)
    {
        using var ledger = await LedgerFolder.OfAsync(count + 400, count + 400);
        var offset = OffsetOf(ledger, 300);
        ledger.Edit(l => l.RemoveRange(300, count));
        var problem = AssertTampered(
            await ledger.VerifyAsync(),
            LedgerProblemKind.DroppedRecord,
            300,
            ledger.Log,
            offset,
            "record 300 (run-300/check)"
        );
        Texts.Ledger.Expect("dropped records", Number(count), problem.Message);
    }

    [Theory]
    [InlineData(10, 11)]
    [InlineData(10, 400)]
    public async Task Swapped_records_are_named(int one, int other)
    {
        using var ledger = await LedgerFolder.OfAsync(500, 500);
        ledger.Edit(l => (l[one], l[other]) = (l[other], l[one]));
        var problem = AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.SwappedRecords, one, says: $"(run-{one}/check)");
        Texts.Ledger.Expect("swapped records", [Number(one), Number(other)], problem.Message);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(400)]
    public async Task A_doubled_record_is_named_with_its_first_place(int place)
    {
        using var ledger = await LedgerFolder.OfAsync(500, 500);
        ledger.Edit(l => l.Insert(place, l[9]));
        var problem = AssertTampered(
            await ledger.VerifyAsync(),
            LedgerProblemKind.DoubledRecord,
            place,
            offset: OffsetOf(ledger, place),
            says: "record 9 at byte "
        );
        Assert.Equal("run-9/check", problem.RecordId);
    }

    [Fact]
    public async Task An_inserted_record_is_named()
    {
        using var ledger = await LedgerFolder.OfAsync(500, 500);
        ledger.Edit(l => l.Insert(256, LedgerFolder.Line(256, id: "mine")));
        var problem = AssertTampered(
            await ledger.VerifyAsync(),
            LedgerProblemKind.InsertedRecord,
            256,
            offset: OffsetOf(ledger, 256),
            says: "1 in number"
        );
        Assert.Equal("mine", problem.RecordId);
        Texts.Ledger.Expect("an inserted record", problem.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(300)]
    [InlineData(499)]
    public async Task A_truncated_log_is_named_with_where_it_ends(int left)
    {
        using var ledger = await LedgerFolder.OfAsync(500, 300, 500);
        ledger.Edit(l => l.RemoveRange(left, l.Count - left));
        var problem = AssertTampered(
            await ledger.VerifyAsync(),
            LedgerProblemKind.TruncatedLog,
            left,
            ledger.Log,
            ledger.Read(ledger.Log).Length,
            $"record {left} (run-{left}/check)"
        );
        Texts.Ledger.Expect("a truncated log", Number(left), problem.Message);
    }

    [Fact]
    public async Task A_log_cut_within_a_record_is_truncated_there()
    {
        using var ledger = await LedgerFolder.OfAsync(500, 500);
        ledger.Write(ledger.Log, ledger.Read(ledger.Log).AsSpan(..^10));
        AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.TruncatedLog, 499, ledger.Log, OffsetOf(ledger, 499));
    }

    [Fact]
    public async Task A_truncated_log_is_named_even_when_no_tile_is_left()
    {
        using var ledger = await LedgerFolder.OfAsync(500, 300, 500);
        ledger.Edit(l => l.RemoveRange(400, 100));
        Directory.Delete(Path.Combine(ledger.Root, "tile"), recursive: true);
        AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.TruncatedLog, 400, says: "the log has 400 records, ");
    }

    [Fact]
    public async Task Without_tiles_the_range_of_the_first_wrong_record_is_named()
    {
        using var ledger = await LedgerFolder.OfAsync(500, 300, 500);
        ledger.Edit(l => l[400] = l[400].Replace("timer", "Timer", StringComparison.Ordinal));
        Directory.Delete(Path.Combine(ledger.Root, "tile"), recursive: true);
        var problem = AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.DifferentRoot, 300, says: "and record 499");
        Texts.Ledger.Expect("a changed record without tiles", problem.Message);
    }

    [Fact]
    public async Task Bundles_tell_when_the_tiles_were_changed_too()
    {
        using var ledger = await LedgerFolder.OfAsync(500, 500);
        ledger.Edit(l => l[100] = l[100].Replace("timer", "Timer", StringComparison.Ordinal));
        var tile = ledger.Read("tile/0/000");
        MerkleHash.Leaf(
            Encoding.UTF8.GetBytes(LedgerFolder.Line(100).Replace("timer", "Timer", StringComparison.Ordinal)),
            tile.AsSpan(100 * 32, 32)
        );
        ledger.Write("tile/0/000", tile);
        AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.ChangedRecord, 100);
    }

    [Theory]
    [InlineData("checkpoint")]
    [InlineData("checkpoints/20")]
    public async Task A_checkpoint_by_an_unknown_key_that_the_log_contradicts_is_forged(string path)
    {
        using var ledger = await LedgerFolder.OfAsync(30, 10, 20, 30);
        using var stranger = LedgerFolder.Stranger();
        var size = path == "checkpoint" ? 30 : 20;
        ledger.Write(path, await ledger.SignAsync(size, new byte[32], stranger));
        var signer = $"{stranger.Name}+{stranger.KeyId:x8}";
        var problem = AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.ForgedCheckpoint, path: path, says: signer);
        Texts.Ledger.Expect("a checkpoint by an unknown key", path, WithoutKeys(problem, ledger, stranger.Key));
    }

    [Fact]
    public async Task A_latest_checkpoint_by_an_unknown_key_in_place_of_a_signed_one_is_forged()
    {
        using var ledger = await LedgerFolder.OfAsync(30, 10, 30);
        using var stranger = LedgerFolder.Stranger();
        ledger.Write(
            "checkpoint",
            await ledger.SignAsync(30, Checkpoint.Parse(SignedNote.Parse(ledger.Read("checkpoints/30")).Text).Root, stranger)
        );
        AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.ForgedCheckpoint, path: "checkpoint");
    }

    [Fact]
    public async Task A_checkpoint_by_an_unknown_key_beyond_the_log_is_forged()
    {
        using var ledger = await LedgerFolder.OfAsync(30, 30);
        using var stranger = LedgerFolder.Stranger();
        ledger.Write("checkpoints/40", await ledger.SignAsync(40, new byte[32], stranger));
        AssertTampered(
            await ledger.VerifyAsync(),
            LedgerProblemKind.ForgedCheckpoint,
            path: "checkpoints/40",
            says: "the log has 30 records, not 40"
        );
    }

    [Fact]
    public async Task A_known_keys_name_with_a_bad_signature_is_forged()
    {
        using var ledger = await LedgerFolder.OfAsync(30, 10, 30);
        var note = SignedNote.Parse(ledger.Read("checkpoint"));
        var forged = note with { Text = new Checkpoint(LedgerFolder.Origin, 30, new byte[32], []).Format() };
        ledger.Write("checkpoint", forged.Format());
        var signer = ledger.Key.ToString();
        var problem = AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.ForgedCheckpoint, path: "checkpoint", says: signer);
        Texts.Ledger.Expect("a known key's name with a bad signature", WithoutKeys(problem, ledger));
    }

    [Theory]
    [InlineData("")]
    [InlineData("rubbish")]
    [InlineData("\n\n\n")]
    public async Task A_checkpoint_that_is_none_is_named(string content)
    {
        using var ledger = await LedgerFolder.OfAsync(30, 10, 30);
        ledger.Write("checkpoints/10", Encoding.UTF8.GetBytes(content));
        AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.DamagedCheckpoint, path: "checkpoints/10");
    }

    [Fact]
    public async Task A_checkpoint_under_another_size_is_named()
    {
        using var ledger = await LedgerFolder.OfAsync(30, 10, 20, 30);
        ledger.Write("checkpoints/20", ledger.Read("checkpoints/10"));
        var problem = AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.MisplacedCheckpoint, path: "checkpoints/20");
        Texts.Ledger.Expect("a checkpoint under another size", problem.Message);
    }

    [Fact]
    public async Task A_checkpoint_of_another_log_is_named()
    {
        using var ledger = await LedgerFolder.OfAsync(30, 10, 30);
        var root = Checkpoint.Parse(SignedNote.Parse(ledger.Read("checkpoints/10")).Text).Root;
        ledger.Write("checkpoints/10", await ledger.SignAsync(10, root, origin: "compliancefunctions/other"));
        var problem = AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.MisplacedCheckpoint, path: "checkpoints/10");
        Texts.Ledger.Expect("a checkpoint of another log", problem.Message);
        Assert.Equal(
            LedgerProblemKind.MisplacedCheckpoint,
            (await ledger.VerifyAsync(origin: "compliancefunctions/third")).Problems[0].Kind
        );
    }

    [Theory]
    [InlineData("checkpoint")]
    [InlineData("checkpoints/30")]
    public async Task A_deleted_checkpoint_is_named(string path)
    {
        using var ledger = await LedgerFolder.OfAsync(30, 10, 30);
        ledger.Delete(path);
        AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.MissingCheckpoint, path: path);
    }

    [Fact]
    public async Task A_deleted_checkpoint_that_the_auditor_kept_is_named()
    {
        using var ledger = await LedgerFolder.OfAsync(30, 10, 30);
        var kept = ledger.Read("checkpoints/10");
        AssertIntact(await ledger.VerifyAsync(kept));
        ledger.Delete("checkpoints/10");
        AssertIntact(await ledger.VerifyAsync());
        AssertTampered(await ledger.VerifyAsync(kept), LedgerProblemKind.MissingCheckpoint, path: "checkpoints/10");
    }

    [Fact]
    public async Task A_latest_checkpoint_one_behind_is_what_a_crash_leaves_and_more_are_not()
    {
        using var ledger = await LedgerFolder.OfAsync(30, 10, 20, 30);
        ledger.Write("checkpoint", ledger.Read("checkpoints/20"));
        AssertIntact(await ledger.VerifyAsync(), "one behind");
        ledger.Write("checkpoint", ledger.Read("checkpoints/10"));
        AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.RolledBackHead, path: "checkpoint");
    }

    [Fact]
    public async Task The_first_checkpoint_of_all_may_lack_the_latest_one()
    {
        using var ledger = await LedgerFolder.OfAsync(10, 10);
        ledger.Delete("checkpoint");
        var result = await ledger.VerifyAsync();
        AssertIntact(result, "latest checkpoint");
        Texts.Ledger.Expect("warning: the first checkpoint of all", result.Warnings);
    }

    [Fact]
    public async Task A_log_rolled_back_behind_the_auditors_checkpoint_is_named()
    {
        using var ledger = await LedgerFolder.OfAsync(500, 300, 500);
        var kept = ledger.Read("checkpoint");
        // Everything is put back to what it was at 300, with genuine signatures.
        using var older = await LedgerFolder.OfAsync(300, 300);
        AssertIntact(await older.VerifyAsync());
        var rolledBack = AssertTampered(await older.VerifyAsync(kept), LedgerProblemKind.RolledBackLog, 300);
        Texts.Ledger.Expect("a log behind the auditor's checkpoint", rolledBack.Message);
        older.Append(LedgerFolder.Line(300, id: "rewritten"));
        for (var i = 301; i < 600; i++)
            older.Append();
        var rewritten = AssertTampered(await older.VerifyAsync(kept), LedgerProblemKind.RolledBackLog, 300);
        Texts.Ledger.Expect("a log rewritten behind the auditor's checkpoint", rewritten.Message);
    }

    [Fact]
    public async Task A_split_view_is_named_when_two_checkpoints_of_one_size_differ()
    {
        using var ledger = await LedgerFolder.OfAsync(500, 300, 500);
        using var other = await LedgerFolder.OfAsync(300);
        other.Append(LedgerFolder.Line(300, id: "for your eyes only"));
        for (var i = 301; i < 500; i++)
            other.Append();
        await other.CheckpointAsync();
        var problem = AssertTampered(await ledger.VerifyAsync(other.Read("checkpoint")), LedgerProblemKind.SplitView);
        Texts.Ledger.Expect("two checkpoints of one size", WithoutKeys(problem, ledger));
    }

    [Fact]
    public async Task A_split_view_is_named_when_the_log_goes_on_from_another_history()
    {
        using var ledger = await LedgerFolder.OfAsync(500, 300, 500);
        using var other = await LedgerFolder.OfAsync(300);
        other.Append(LedgerFolder.Line(300, id: "for your eyes only"));
        await other.CheckpointAsync();
        var problem = AssertTampered(await ledger.VerifyAsync(other.Read("checkpoint")), LedgerProblemKind.SplitView);
        Texts.Ledger.Expect("a log that goes on from another history", WithoutKeys(problem, ledger));
    }

    [Fact]
    public async Task A_split_view_is_named_when_the_records_agree_with_neither()
    {
        using var ledger = await LedgerFolder.OfAsync(500, 300, 500);
        using var other = await LedgerFolder.OfAsync(300);
        other.Append(LedgerFolder.Line(300, id: "for your eyes only"));
        await other.CheckpointAsync();
        ledger.Edit(l => l[250] = l[250].Replace("timer", "Timer", StringComparison.Ordinal));
        var result = await ledger.VerifyAsync(other.Read("checkpoint"));
        AssertTampered(result, LedgerProblemKind.SplitView);
        AssertTampered(result, LedgerProblemKind.ChangedRecord, 250);
    }

    [Theory]
    [InlineData("tile/0/000", 40, 1L)]
    [InlineData("tile/0/001", 0, 256L)]
    [InlineData("tile/0/001.p/244", 32 * 243, 499L)]
    [InlineData("tile/1/000.p/1", 5, null)]
    [InlineData("tile/entries/000", 100, null)]
    [InlineData("tile/entries/001.p/244", 0, null)]
    public async Task A_changed_tile_or_bundle_is_named_with_its_byte(string path, int at, long? leaf)
    {
        using var ledger = await LedgerFolder.OfAsync(500, 300, 500);
        if (path == "tile/0/001")
        {
            for (var i = 500; i < 512; i++)
                ledger.Append();
            await ledger.CheckpointAsync();
        }
        var tile = ledger.Read(path);
        tile[at] ^= 1;
        ledger.Write(path, tile);
        var problem = AssertTampered(await ledger.VerifyAsync(), OfPath(path), path: path, offset: at);
        Assert.Equal(leaf, problem.Index);
        AssertIntact(await ledger.VerifyAsync(tiles: false));
    }

    [Theory]
    [InlineData("tile/0/000", -1)]
    [InlineData("tile/0/000", 1)]
    [InlineData("tile/entries/000", -1)]
    [InlineData("tile/entries/000", 1)]
    [InlineData("tile/0/001.p/244", 1)]
    public async Task A_tile_of_another_length_is_named(string path, int more)
    {
        using var ledger = await LedgerFolder.OfAsync(500, 500);
        var tile = ledger.Read(path);
        ledger.Write(path, more < 0 ? tile[..^1] : [.. tile, 0]);
        var problem = AssertTampered(await ledger.VerifyAsync(), OfPath(path), path: path);
        Texts.Ledger.Expect("a tile of another length", [path, Number(more)], problem.Message);
    }

    [Theory]
    [InlineData("tile/0/000")]
    [InlineData("tile/0/001.p/244")]
    [InlineData("tile/1/000.p/1")]
    [InlineData("tile/entries/000")]
    [InlineData("tile/entries/001.p/244")]
    public async Task A_missing_tile_or_bundle_is_named(string path)
    {
        using var ledger = await LedgerFolder.OfAsync(500, 500);
        ledger.Delete(path);
        AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.MissingTile, path: path);
    }

    [Theory]
    [InlineData("tile/0/001.p/244")]
    [InlineData("tile/entries/001.p/244")]
    public async Task A_partial_tile_may_be_gone_when_a_checkpoint_was_made_meanwhile(string tile)
    {
        using var ledger = await LedgerFolder.OfAsync(500, 300, 500);
        ledger.Delete(tile);

        var result = await GrowingAsync(ledger);
        AssertIntact(result, tile);
        Texts.Ledger.Expect("warning: a partial tile that was replaced meanwhile", tile, result.Warnings);
    }

    [Theory]
    [InlineData("tile/0/001.p/244")]
    [InlineData("tile/entries/001.p/244")]
    public async Task A_partial_tile_that_was_changed_is_tampering_also_when_a_checkpoint_was_made_meanwhile(string tile)
    {
        using var ledger = await LedgerFolder.OfAsync(500, 300, 500);
        var bytes = ledger.Read(tile);
        bytes[^1] ^= 1;
        ledger.Write(tile, bytes);

        AssertTampered(await GrowingAsync(ledger), OfPath(tile), path: tile);
    }

    // The verifier has read one head when another takes its place.
    private static Task<LedgerVerification> GrowingAsync(LedgerFolder ledger)
    {
        var source = new ChangingSource(
            ledger.Source,
            afterLogs: 0,
            () => ledger.Write(LedgerLayout.Head, ledger.Read(LedgerLayout.Checkpoint(300)))
        );
        return new LedgerVerifier(source, new() { Keys = [ledger.Key] }).VerifyAsync(Stop);
    }

    [Fact]
    public async Task Partial_tiles_may_have_been_replaced_by_the_full_ones()
    {
        using var ledger = await LedgerFolder.OfAsync(512, 500);
        ledger.Delete("tile/0/001.p/244");
        ledger.Delete("tile/entries/001.p/244");
        AssertIntact(await ledger.VerifyAsync(), "12 records after");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_missing_blob_is_named(int number)
    {
        using var ledger = await LedgerFolder.OfAsync(5);
        ledger.Roll();
        ledger.Append();
        ledger.Roll();
        ledger.Append();
        ledger.Roll();
        ledger.Append();
        await ledger.CheckpointAsync();
        ledger.Delete(LedgerLayout.Log(2026, 11, number));
        var result = await ledger.VerifyAsync();
        AssertTampered(result, LedgerProblemKind.MissingLog, path: LedgerLayout.Log(2026, 11, number));
        AssertTampered(result, LedgerProblemKind.DroppedRecord);
    }

    [Fact]
    public async Task A_blob_that_lost_its_closing_record_is_named()
    {
        using var ledger = await LedgerFolder.OfAsync(5);
        var first = ledger.Log;
        ledger.Roll();
        ledger.Append();
        ledger.Edit(l => l.RemoveAt(5), first);
        AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.MissingLog, path: first, says: "has no closing record");
    }

    [Fact]
    public async Task A_record_after_the_one_that_closed_its_blob_is_named()
    {
        using var ledger = await LedgerFolder.OfAsync(5);
        var first = ledger.Log;
        ledger.Roll();
        ledger.Edit(l => l.Add(LedgerFolder.Line(6)), first);
        await ledger.CheckpointAsync();
        AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.RecordAfterClosing, path: first, offset: OffsetOf(ledger, 6, first));
    }

    [Fact]
    public async Task A_clock_that_went_back_unsaid_is_named_and_one_that_is_recorded_is_not()
    {
        using var ledger = await LedgerFolder.OfAsync(5, 5);
        ledger.Append(LedgerFolder.Line(5, LedgerFolder.Start.AddSeconds(2)));
        ledger.Append(LedgerFolder.Line(6, LedgerFolder.Start.AddSeconds(1), action: "ledger.clock-back"));
        ledger.Append(LedgerFolder.Line(7, LedgerFolder.Start.AddSeconds(-9), action: "ledger.clock-back"));
        ledger.Append(LedgerFolder.Line(8, LedgerFolder.Start.AddSeconds(-9)));
        AssertIntact(await ledger.VerifyAsync(), "4 records after");
        ledger.Append(LedgerFolder.Line(9, LedgerFolder.Start.AddSeconds(-11.001)));
        var problem = AssertTampered(
            await ledger.VerifyAsync(),
            LedgerProblemKind.TimeWentBack,
            9,
            ledger.Log,
            OffsetOf(ledger, 9),
            "2026-11-01T05:59:48.999Z"
        );
        Texts.Ledger.Expect("a clock that went back", problem.Message);
    }

    [Fact]
    public async Task A_record_doubled_after_the_last_checkpoint_is_named_by_its_id()
    {
        using var ledger = await LedgerFolder.OfAsync(20, 10);
        ledger.Append(LedgerFolder.Line(20, id: "run-3/check"));
        ledger.Append(LedgerFolder.Line(21, id: "run-\\u0033/check", version: "7"));
        var problem = AssertTampered(
            await ledger.VerifyAsync(),
            LedgerProblemKind.DoubledRecord,
            20,
            ledger.Log,
            OffsetOf(ledger, 20),
            string.Create(CultureInfo.InvariantCulture, $"record 3 at byte {OffsetOf(ledger, 3)}")
        );
        Assert.Equal("run-3/check", problem.RecordId);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("{\"id\":\"a\"} ")]
    [InlineData("{\"id\":\"a\",\"id\":\"b\"}")]
    [InlineData("{\"id\":1}")]
    [InlineData("{}")]
    [InlineData("{\"id\":\"a\"}}")]
    [InlineData("[]")]
    public async Task A_line_that_no_writer_makes_is_named(string line)
    {
        using var ledger = await LedgerFolder.OfAsync(5, 5);
        ledger.Append(line);
        AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.ForeignLine, 5, ledger.Log, OffsetOf(ledger, 5));
    }

    [Fact]
    public async Task A_line_longer_than_any_record_is_named_and_its_hash_is_right_all_the_same()
    {
        using var ledger = await LedgerFolder.OfAsync(5, 5);
        ledger.AppendBytes(Encoding.UTF8.GetBytes(new string('x', 3_000_000)));
        ledger.Append();
        await ledger.CheckpointAsync();
        var result = await ledger.VerifyAsync(tiles: false);
        AssertTampered(result, LedgerProblemKind.ForeignLine, 5, says: "the line has 3000000 bytes");
        Assert.Equal((7, 7, 1), (result.Covered, result.Records, result.Problems.Count));
    }

    [Fact]
    public async Task Without_key_checkpoint_or_source_nobody_can_tell()
    {
        using var ledger = await LedgerFolder.OfAsync(5, 5);
        Texts.Ledger.Expect(
            "a verification without a key",
            (await ledger.VerifyAsync(keys: [])).Problems.Single(p => p.Kind == LedgerProblemKind.NoCheckpoint).Message
        );
        using var stranger = LedgerFolder.Stranger();
        var wrongKey = await ledger.VerifyAsync(keys: [stranger.Key]);
        Assert.Equal(LedgerVerdict.CannotTell, wrongKey.Verdict);
        Texts.Ledger.Expect(
            "a verification with another key",
            wrongKey.Problems.Single(p => p.Kind == LedgerProblemKind.NoCheckpoint).Message
        );
        ledger.Delete("checkpoint");
        ledger.Delete("checkpoints/5");
        Assert.Equal((LedgerVerdict.CannotTell, LedgerProblemKind.NoCheckpoint), First(await ledger.VerifyAsync()));
        File.Delete(ledger.PathOf(ledger.Log));
        Directory.CreateDirectory(ledger.PathOf("checkpoint"));
        Assert.Equal((LedgerVerdict.CannotTell, LedgerProblemKind.Unreadable), First(await ledger.VerifyAsync()));
    }

    [Fact]
    public async Task The_auditors_own_file_accuses_nobody_when_it_is_none()
    {
        using var ledger = await LedgerFolder.OfAsync(5, 5);
        Assert.Equal(
            (LedgerVerdict.CannotTell, LedgerProblemKind.DamagedCheckpoint),
            First(await ledger.VerifyAsync("rubbish"u8.ToArray()))
        );
        using var stranger = LedgerFolder.Stranger();
        Assert.Equal(
            (LedgerVerdict.CannotTell, LedgerProblemKind.ForgedCheckpoint),
            First(await ledger.VerifyAsync(await ledger.SignAsync(5, new byte[32], stranger)))
        );
        Assert.Equal(
            (LedgerVerdict.CannotTell, LedgerProblemKind.MisplacedCheckpoint),
            First(await ledger.VerifyAsync(await ledger.SignAsync(5, new byte[32], origin: "other"), origin: LedgerFolder.Origin))
        );
    }

    [Fact]
    public async Task What_a_stranger_wrote_cannot_steer_the_terminal()
    {
        using var ledger = await LedgerFolder.OfAsync(5, 5);
        ledger.Append("\u001b[2J\u202egnp");
        var message = (await ledger.VerifyAsync()).Problems[0].Message;
        Assert.Contains("\\u001b[2J\\u202egnp", message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, c => char.IsControl(c) || c == '\u202e');
    }

    [Fact]
    public async Task A_verification_can_be_stopped()
    {
        using var ledger = await LedgerFolder.OfAsync(5, 5);
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        await stopped.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            new LedgerVerifier(ledger.Source, new() { Keys = [ledger.Key] }).VerifyAsync(stopped.Token)
        );
    }

    [Theory]
    [InlineData("tile/0/001", "tile/0/001.p/244", 32 * 243)]
    [InlineData("tile/entries/001", "tile/entries/001.p/244", 100)]
    public async Task A_full_tile_that_replaced_a_partial_one_is_compared_as_far_as_the_checkpoint_goes(string full, string partial, int at)
    {
        using var ledger = await LedgerFolder.OfAsync(512, 500);
        ledger.Delete(partial);
        var tile = ledger.Read(full);
        tile[at] ^= 1;
        ledger.Write(full, tile);

        AssertTampered(await ledger.VerifyAsync(), OfPath(full));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(3500)] // the diagnosis begins behind the first block as well
    public async Task A_changed_record_behind_the_first_blocks_is_named_with_its_place(int checkpoint)
    {
        using var ledger = await LedgerFolder.OfAsync(4000, checkpoint, 4000);
        var offset = OffsetOf(ledger, 3900);
        ledger.Edit(l => l[3900] = l[3900].Replace("timer", "Timer", StringComparison.Ordinal));

        var problem = AssertTampered(await ledger.VerifyAsync(), LedgerProblemKind.ChangedRecord, 3900, ledger.Log);

        Assert.Equal((offset, "run-3900/check"), (problem.RecordOffset, problem.RecordId));
    }
}
