using System.Globalization;
using System.Text;
using System.Text.Json;
using Compliance.Ledger.Checkpoints;
using Compliance.Ledger.Format;
using Compliance.Tests.Storage;
using Testing;
using static Compliance.Tests.Ledger.Checkpoints.Ledgers;

namespace Compliance.Tests.Ledger.Checkpoints;

public sealed class LedgerCheckpointerOnAzuriteTests(AzuriteFixture accounts) : LedgerCheckpointerTests(accounts);

public sealed class LedgerCheckpointerInMemoryTests(MemoryStorageFixture accounts) : LedgerCheckpointerTests(accounts);

public abstract class LedgerCheckpointerTests(StorageFixture accounts)
{
    private readonly Ledgers _ledger = new(accounts);

    [Fact]
    public async Task Nothing_is_signed_where_nothing_was_appended()
    {
        Assert.Equal(new CheckpointOutcome(null, Signed: false, null), await _ledger.CheckpointAsync());
        await _ledger.AppendAsync("");
        Assert.Equal(new CheckpointOutcome(null, Signed: false, null), await _ledger.CheckpointAsync());

        Assert.Equal([FirstLog], (await _ledger.AllAsync()).Keys);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(600)]
    public async Task A_log_is_signed_with_all_its_tiles_and_bundles(int size)
    {
        await _ledger.AppendAsync(Lines(0, size));

        var outcome = await _ledger.CheckpointAsync();

        Assert.Equal((true, null, (long)size), (outcome.Signed, outcome.Problem, outcome.Head!.Size));
        await _ledger.IsWholeAsync([.. Lines(0, size)]);
    }

    [Fact]
    public async Task All_checkpoints_are_listed_once_an_hour_however_many_are_signed()
    {
        var checkpointer = _ledger.Checkpointer();
        async Task<int> ListedAsync()
        {
            var before = _ledger.Faults.Requests.Count;
            await _ledger.AppendAsync($$"""{"line":{{before}}}""" + "\n");
            Assert.True((await checkpointer.CheckpointAsync(_ledger.Tenant, TestContext.Current.CancellationToken)).Signed);
            return _ledger
                .Faults.Requests.Skip(before)
                .Count(r => r.Contains($"prefix={_ledger.Tenant}%2Fcheckpoints", StringComparison.OrdinalIgnoreCase));
        }

        for (var hour = 0; hour < 2; hour++)
        {
            Assert.Equal((1, 0), (await ListedAsync(), await ListedAsync() + await ListedAsync()));
            _ledger.Time.Advance(TimeSpan.FromHours(1));
        }
    }

    [Fact]
    public async Task A_log_that_grew_in_steps_is_signed_like_one_that_grew_at_once()
    {
        var lines = new List<string>();
        foreach (var size in new[] { 1, 2, 255, 256, 257, 511, 512, 513, 600 })
        {
            await _ledger.AppendAsync(Lines(lines.Count, size));
            lines = [.. Lines(0, size)];

            Assert.True((await _ledger.CheckpointAsync()).Signed);

            await _ledger.IsWholeAsync(lines);
        }
    }

    [Fact]
    public async Task Lines_of_any_bytes_are_leaves_and_what_follows_the_last_line_feed_is_none_yet()
    {
        var lines = new List<string> { "", "not json", "\"ü\"\r", new('x', EntryBundle.MaxEntry), "" };
        await _ledger.AppendAsync(string.Concat(lines.Select(l => l + '\n')) + "{\"torn\":");
        await _ledger.CheckpointAsync();
        Assert.Equal(5, (await _ledger.CheckpointAsync()).Head!.Size);

        await _ledger.AppendAsync("\n{\"id\":\"next\"}\n");
        await _ledger.CheckpointAsync();

        await _ledger.IsWholeAsync([.. lines, "{\"torn\":", "{\"id\":\"next\"}"]);
    }

    [Fact]
    public async Task The_log_goes_on_over_blobs_and_months()
    {
        await _ledger.AppendAsync(Lines(0, 3));
        await _ledger.CheckpointAsync();
        await _ledger.AppendAsync(Lines(3, 4));
        await _ledger.AppendAsync(Lines(4, 300), "log/2026-11-0002.jsonl");
        await _ledger.AppendAsync("", "log/2026-12-0001.jsonl");
        await _ledger.CheckpointAsync();
        await _ledger.CheckpointAsync();
        Assert.Equal(300, (await _ledger.CheckpointAsync()).Head!.Size);
        await _ledger.AppendAsync(Lines(300, 301), "log/2026-12-0001.jsonl");

        await _ledger.CheckpointAsync();

        await _ledger.IsWholeAsync([.. Lines(0, 301)]);
    }

    [Fact]
    public async Task Nothing_new_is_nothing_written()
    {
        await _ledger.AppendAsync(Lines(0, 300));
        await _ledger.CheckpointAsync();
        var (before, requests) = (await _ledger.AllAsync(), _ledger.Faults.Requests.Count);

        var outcome = await _ledger.CheckpointAsync();

        Assert.Equal((false, null, 300L), (outcome.Signed, outcome.Problem, outcome.Head!.Size));
        Assert.Equal(before, await _ledger.AllAsync());
        Assert.All(_ledger.Faults.Requests.Skip(requests), r => Assert.StartsWith("GET ", r, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Whatever_request_it_is_killed_at_the_next_call_makes_it_whole(bool again, bool acted)
    {
        // The first is cut off at each of its requests, before the service acts or after; the second has to end with the same as an
        // unbroken one.
        const int before = 250,
            after = 260;
        for (var killAt = 1; ; killAt++)
        {
            var ledger = new Ledgers(accounts);
            await ledger.AppendAsync(Lines(0, before));
            if (again)
                await ledger.CheckpointAsync();
            await ledger.AppendAsync(Lines(before, after));
            var (storage, faults) = Faults.On(accounts);
            if (acted)
                faults.After = (_, n, answer) => n >= killAt ? throw new KilledException() : answer;
            else
                faults.Before = (_, n) => n >= killAt ? throw new KilledException() : null;

            var killed = await Record.ExceptionAsync(() => ledger.CheckpointAsync(storage));
            if (killed is null)
            {
                Assert.InRange(killAt, 15, 60);
                return;
            }
            Assert.IsType<KilledException>(killed);
            var numbered = await ledger.Source.CheckpointsAsync(Stop);

            var outcome = await ledger.CheckpointAsync();

            Assert.Null(outcome.Problem);
            await ledger.IsWholeAsync([.. Lines(0, after)]);
            Assert.Equal(again ? [before, after] : [after], await ledger.Source.CheckpointsAsync(Stop));
            // What was signed before the kill stays what is signed.
            Assert.Equal(!numbered.Contains(after), outcome.Signed);
        }
    }

    [Fact]
    public async Task Many_at_once_beside_a_writer_sign_one_history()
    {
        await _ledger.AppendAsync(Lines(0, 200));
        var writer = Task.Run(
            async () =>
            {
                for (var i = 200; i < 800; i += 20)
                    await _ledger.AppendAsync(Lines(i, i + 20));
            },
            Stop
        );
        var checkpointers = Enumerable
            .Range(0, 6)
            .Select(_ =>
                Task.Run(
                    async () =>
                    {
                        var own = Faults.Storage(accounts);
                        for (var i = 0; i < 4; i++)
                            Assert.Null((await _ledger.CheckpointAsync(own)).Problem);
                    },
                    Stop
                )
            );

        await Task.WhenAll([writer, .. checkpointers]);
        await _ledger.CheckpointAsync();

        await _ledger.IsWholeAsync([.. Lines(0, 800)]);
        var all = await _ledger.AllAsync();
        foreach (var size in await _ledger.Source.CheckpointsAsync(Stop))
            Assert.Equal(Rfc(size), _ledger.Trust(all[LedgerLayout.Checkpoint(size)]).Checkpoint.Root);
    }

    [Theory]
    [InlineData("absent")]
    [InlineData("garbage")]
    [InlineData("{\"size\":300,\"path\":\"log/2026-11-0009.jsonl\",\"offset\":10}")]
    [InlineData("{\"size\":300,\"path\":\"log/2026-11-0001.jsonl\",\"offset\":11}")]
    [InlineData("{\"size\":300,\"path\":\"log/2026-11-0001.jsonl\",\"offset\":99999999}")]
    [InlineData("{\"size\":299,\"path\":\"log/2026-11-0001.jsonl\",\"offset\":12}")]
    [InlineData("{\"size\":9999,\"path\":\"log/2026-11-0001.jsonl\",\"offset\":12}")]
    [InlineData("{\"size\":-1,\"path\":\"../x\",\"offset\":-5}")]
    public async Task Where_it_stopped_need_not_be_trusted(string progress)
    {
        await _ledger.AppendAsync(Lines(0, 300));
        await _ledger.CheckpointAsync();
        if (progress == "absent")
            await _ledger.DeleteAsync(LedgerStore.ProgressPath);
        else
            await _ledger.PutAsync(LedgerStore.ProgressPath, Encoding.UTF8.GetBytes(progress));

        Assert.False((await _ledger.CheckpointAsync()).Signed);
        await _ledger.IsWholeAsync([.. Lines(0, 300)]);

        await _ledger.AppendAsync(Lines(300, 310));
        await _ledger.CheckpointAsync();
        await _ledger.IsWholeAsync([.. Lines(0, 310)]);
    }

    [Fact]
    public async Task A_place_that_skips_records_is_not_believed()
    {
        await _ledger.AppendAsync(Lines(0, 300));
        await _ledger.CheckpointAsync();
        await _ledger.AppendAsync(Lines(300, 305));
        var skipped = JsonSerializer.Serialize(
            new LedgerProgress(300, FirstLog, (await _ledger.ReadAsync(FirstLog)).Length),
            JsonSerializerOptions.Web
        );
        await _ledger.PutAsync(LedgerStore.ProgressPath, Encoding.UTF8.GetBytes(skipped));

        await _ledger.CheckpointAsync();

        await _ledger.IsWholeAsync([.. Lines(0, 305)]);
    }

    [Fact]
    public async Task An_older_checkpoint_that_was_put_back_does_not_roll_the_ledger_back()
    {
        await _ledger.AppendAsync(Lines(0, 10));
        await _ledger.CheckpointAsync();
        var old = await _ledger.ReadAsync(LedgerLayout.Head);
        await _ledger.AppendAsync(Lines(10, 20));
        await _ledger.CheckpointAsync();
        await _ledger.PutAsync(LedgerLayout.Head, old);

        var outcome = await _ledger.CheckpointAsync();

        Assert.Equal((false, 20L), (outcome.Signed, outcome.Head!.Size));
        await _ledger.IsWholeAsync([.. Lines(0, 20)]);
    }

    public static TheoryData<string, string> Attacks =>
        new()
        {
            { "forged latest checkpoint", "The latest checkpoint: none of the known keys has signed it" },
            { "changed latest checkpoint", "The latest checkpoint: the signature of " },
            { "latest checkpoint of another log", "The latest checkpoint is a checkpoint of another log" },
            { "no checkpoint at all", "The latest checkpoint is no checkpoint" },
            { "larger latest checkpoint", "The latest checkpoint is of 301 records, but there is no checkpoints/301" },
            { "numbered checkpoints gone", "The latest checkpoint is of 300 records, but there is no checkpoints/300" },
            { "numbered checkpoint of another size", "checkpoints/400 is a checkpoint of 300 records" },
            { "changed tile", "The tiles of 300 records do not give the root that was signed" },
            { "missing tile", "The tiles of 300 records are not what was written" },
            { "changed bundle", "Entry 3 of tile/entries/001.p/44 is not the record that was signed" },
            { "cut bundle", "The tiles of 300 records are not what was written: the bundle ends after" },
            { "missing bundle", "tile/entries/001.p/44 is missing" },
            { "full tile made before", "tile/0/001 is there already and is not what the log gives" },
            { "full bundle made before", "tile/entries/001 is there already and is not what the log gives" },
            { "next checkpoint over another log", "The tiles of 600 records are not what was written" },
            { "next checkpoint forged", "checkpoints/600: none of the known keys has signed it" },
            { "log cut off", "The log has 100 records, but 300 were signed: records are gone" },
            { "log gone", "The log has 0 records, but 300 were signed: records are gone" },
            { "last record changed", "The first 300 records of the log are not those that were signed" },
            { "line too long", "log/2026-11-0001.jsonl has a line of more than 65535 bytes" },
            { "blob that ends within a line", "log/2026-11-0001.jsonl does not end with a line feed although another blob follows it" },
        };

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task Nothing_is_signed_over_a_ledger_that_is_not_what_was_signed(string attack, string reason)
    {
        await _ledger.AppendAsync(Lines(0, 300));
        await _ledger.CheckpointAsync();
        await AttackAsync(attack);
        if (
            attack
            is not (
                "log gone"
                or "log cut off"
                or "last record changed"
                or "line too long"
                or "blob that ends within a line"
                or "numbered checkpoint of another size"
            )
        )
            await _ledger.AppendAsync(Lines(300, 600));
        var (head, numbered) = (await HeadAsync(), await _ledger.Source.CheckpointsAsync(Stop));

        var outcome = await _ledger.CheckpointAsync();

        Assert.StartsWith(reason, outcome.Problem!.Reason, StringComparison.Ordinal);
        Assert.Equal((null, false), (outcome.Head, outcome.Signed));
        Assert.Equal(1211, _ledger.Logger.LatestRecord.Id.Id);
        // The same is said again, and nothing is written.
        Assert.Equal(outcome, await _ledger.CheckpointAsync());
        Assert.Equal(numbered, await _ledger.Source.CheckpointsAsync(Stop));
        Assert.Equal(head, await HeadAsync());
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, "checkpoints/20")]
    public async Task Of_two_that_sign_one_size_at_once_the_first_signature_stays_if_it_is_over_the_same_log(int from, string? problem)
    {
        await _ledger.AppendAsync(Lines(0, 20));
        var theirs = await _ledger.NoteAsync(Lines(from, from + 20));
        _ledger.Faults.Before = (request, _) =>
        {
            if (request.Method == HttpMethod.Put && request.RequestUri!.AbsolutePath.EndsWith("/checkpoints/20", StringComparison.Ordinal))
                _ledger.PutAsync(LedgerLayout.Checkpoint(20), theirs).GetAwaiter().GetResult();
            return null;
        };

        var outcome = await _ledger.CheckpointAsync();

        Assert.Equal(problem, outcome.Problem?.Reason.Split(' ')[0]);
        Texts.Ledger.Expect("a signature over another log", problem, outcome.Problem?.Reason ?? "");
        Assert.Equal(theirs, await _ledger.ReadAsync(LedgerLayout.Checkpoint(20)));
        Assert.Equal(problem is null ? theirs : null, await HeadAsync());
    }

    [Theory]
    [InlineData("/progress.json")]
    [InlineData("/checkpoint")]
    public async Task Who_comes_late_does_not_put_back_what_another_brought_further(string path)
    {
        await _ledger.AppendAsync(Lines(0, 10));
        await _ledger.CheckpointAsync();
        await _ledger.AppendAsync(Lines(10, 15));
        _ledger.Faults.Before = (request, _) =>
        {
            if (request.Method == HttpMethod.Put && request.RequestUri!.AbsolutePath.EndsWith(path, StringComparison.Ordinal))
            {
                _ledger.Faults.Before = (_, _) => null;
                _ledger.AppendAsync(Lines(15, 20)).GetAwaiter().GetResult();
                _ledger.CheckpointAsync(Faults.Storage(accounts)).GetAwaiter().GetResult();
            }
            return null;
        };

        Assert.Equal(15, (await _ledger.CheckpointAsync()).Head!.Size);

        await _ledger.IsWholeAsync([.. Lines(0, 20)]);
    }

    [Fact]
    public async Task A_new_key_is_announced_in_the_log_before_it_signs_and_old_checkpoints_stay_trusted()
    {
        await _ledger.AppendAsync(Lines(0, 10));
        await _ledger.CheckpointAsync();
        var (old, fresh) = (_ledger.Key.Of(_ledger.Origin).Key, new MemoryKey(NewPem()));
        _ledger.Key = fresh;
        _ledger.Options = _ledger.Options with { TrustedKeys = [old] };

        var outcome = await _ledger.CheckpointAsync();
        Assert.False((await _ledger.CheckpointAsync()).Signed);

        var record = Assert.Single(_ledger.Log.Records);
        var (from, to) = (
            old.Id.ToString("x8", CultureInfo.InvariantCulture),
            fresh.Of(_ledger.Origin).Key.Id.ToString("x8", CultureInfo.InvariantCulture)
        );
        Assert.Equal(
            ($"ledger.key-rotated-10-{from}-{to}", LedgerCheckpointer.KeyRotated, to),
            (record.Id, record.Action, record.Subject)
        );
        Texts.Ledger.Expect(
            "a key that signs instead of another",
            record.Reason?.Replace(to, "NEW", StringComparison.Ordinal).Replace(from, "OLD", StringComparison.Ordinal)
        );
        Assert.Equal(
            (true, 11L, to),
            (outcome.Signed, outcome.Head!.Size, outcome.Head.SignedBy.Single().Id.ToString("x8", CultureInfo.InvariantCulture))
        );
        Assert.Equal(10, _ledger.Trust(await _ledger.ReadAsync(LedgerLayout.Checkpoint(10))).Size);
    }

    [Fact]
    public async Task A_new_key_without_the_old_one_among_the_trusted_signs_nothing()
    {
        await _ledger.AppendAsync(Lines(0, 10));
        await _ledger.CheckpointAsync();
        _ledger.Key = new(NewPem());
        await _ledger.AppendAsync(Lines(10, 20));

        var outcome = await _ledger.CheckpointAsync();

        Assert.Contains(EvidenceOptions.TrustedKeysSetting, outcome.Problem!.NextStep, StringComparison.Ordinal);
        Assert.Equal([10], await _ledger.Source.CheckpointsAsync(Stop));
        Assert.Empty(_ledger.Log.Records);
    }

    [Fact]
    public async Task A_signature_that_does_not_verify_is_not_written()
    {
        await _ledger.AppendAsync(Lines(0, 10));
        var keys = new CheckpointKeys(new LyingKey(), []);

        await Assert.ThrowsAsync<CheckpointKeyException>(() =>
            new LedgerCheckpointer(_ledger.Storage, keys, _ledger.Log, _ledger.Options, _ledger.Time, _ledger.Logger).CheckpointAsync(
                _ledger.Tenant,
                Stop
            )
        );

        Assert.DoesNotContain((await _ledger.AllAsync()).Keys, p => p.StartsWith("checkpoint", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_public_key_is_told_once_and_whole()
    {
        var checkpointer = _ledger.Checkpointer();
        await checkpointer.CheckpointAsync(_ledger.Tenant, Stop);
        await checkpointer.CheckpointAsync(_ledger.Tenant, Stop);

        var told = Assert.Single(_ledger.Logger.Collector.GetSnapshot(), r => r.Id.Id == 1220).Message;
        Assert.EndsWith(
            _ledger.Key.Of(_ledger.Origin).Key.Format(),
            Compliance.Observability.SecretScrubber.Scrub(told),
            StringComparison.Ordinal
        );
    }

    private async Task AttackAsync(string attack)
    {
        var log = Encoding.UTF8.GetString(await _ledger.ReadAsync(FirstLog));
        var head = await _ledger.ReadAsync(LedgerLayout.Head);
        await (
            attack switch
            {
                "forged latest checkpoint" => _ledger.PutAsync(LedgerLayout.Head, await _ledger.NoteAsync(Lines(0, 300), new(NewPem()))),
                "changed latest checkpoint" => _ledger.PutAsync(
                    LedgerLayout.Head,
                    Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(head).Replace("\n300\n", "\n299\n", StringComparison.Ordinal))
                ),
                "latest checkpoint of another log" => OtherLogAsync(),
                "no checkpoint at all" => _ledger.PutAsync(LedgerLayout.Head, []),
                "larger latest checkpoint" => _ledger.PutAsync(LedgerLayout.Head, await _ledger.NoteAsync(Lines(0, 301))),
                "numbered checkpoints gone" => _ledger.DeleteAsync(LedgerLayout.Checkpoint(300)),
                "numbered checkpoint of another size" => _ledger.PutAsync(LedgerLayout.Checkpoint(400), head),
                "changed tile" => FlipAsync("tile/0/001.p/44", 100),
                "missing tile" => _ledger.DeleteAsync("tile/0/001.p/44"),
                "changed bundle" => FlipAsync("tile/entries/001.p/44", 3 * 15 + 8),
                "cut bundle" => _ledger.PutAsync("tile/entries/001.p/44", (await _ledger.ReadAsync("tile/entries/001.p/44"))[..^1]),
                "missing bundle" => _ledger.DeleteAsync("tile/entries/001.p/44"),
                "full tile made before" => _ledger.PutAsync("tile/0/001", new byte[256 * 32]),
                "full bundle made before" => _ledger.PutAsync("tile/entries/001", [0, 0]),
                "next checkpoint over another log" => _ledger.PutAsync(
                    LedgerLayout.Checkpoint(600),
                    await _ledger.NoteAsync(Lines(1, 601))
                ),
                "next checkpoint forged" => _ledger.PutAsync(
                    LedgerLayout.Checkpoint(600),
                    await _ledger.NoteAsync(Lines(0, 600), new(NewPem()))
                ),
                "log cut off" => _ledger.ReplaceLogAsync(string.Concat(Lines(0, 100).Select(l => l + "\n"))),
                "log gone" => _ledger.DeleteAsync(FirstLog),
                "last record changed" => _ledger.ReplaceLogAsync(log.Replace("r299", "r2x9", StringComparison.Ordinal)),
                "line too long" => _ledger.AppendAsync(new string('x', EntryBundle.MaxEntry + 1) + "\n"),
                "blob that ends within a line" => TornAsync(),
                _ => throw new ArgumentOutOfRangeException(nameof(attack), attack, null),
            }
        );

        async Task OtherLogAsync()
        {
            var signer = _ledger.Key.Of(_ledger.Origin);
            await _ledger.PutAsync(
                LedgerLayout.Head,
                (await SignedNote.SignAsync(new Checkpoint("other", 300, Rfc(300), []).Format(), [signer.Signer], Stop)).Format()
            );
        }

        async Task TornAsync()
        {
            await _ledger.AppendAsync("{\"torn\"");
            await _ledger.AppendAsync(Lines(300, 301), "log/2026-12-0001.jsonl");
        }
    }

    private async Task FlipAsync(string path, int at)
    {
        var bytes = await _ledger.ReadAsync(path);
        bytes[at] ^= 1;
        await _ledger.PutAsync(path, bytes);
    }

    private async Task<byte[]?> HeadAsync() => (await _ledger.AllAsync()).GetValueOrDefault(LedgerLayout.Head);

    private static byte[] Rfc(long size) =>
        Ledger.Format.Rfc6962Tree.Root([.. Lines(0, (int)size).Select(l => Ledger.Format.Rfc6962Tree.LeafHash(Encoding.UTF8.GetBytes(l)))]);

    private sealed class KilledException : Exception;

    /// <summary>Says it is one key and signs with another.</summary>
    private sealed class LyingKey : ISigningKey
    {
        public Task<CheckpointSigner> SignerAsync(string origin, CancellationToken cancellationToken) =>
            Task.FromResult(new CheckpointSigner(new Liar(new MemoryKey(NewPem()).Of(origin)), new MemoryKey(NewPem()).Of(origin).Key));

        private sealed class Liar(CheckpointSigner other) : INoteSigner
        {
            public string Name => other.Key.Name;

            public uint KeyId => other.Key.Id;

            public Task<byte[]> SignAsync(byte[] text, CancellationToken cancellationToken) =>
                other.Signer.SignAsync(text, cancellationToken);
        }
    }
}
