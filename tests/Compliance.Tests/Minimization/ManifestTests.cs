using System.Text;
using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Manifests;
using Compliance.Minimization.Policy;
using CsCheck;
using Testing;

namespace Compliance.Tests.Minimization;

public sealed class ManifestTests
{
    private static readonly ManifestHeader Header = new(
        ManifestHeader.Name,
        ManifestHeader.Current,
        "11111111-1111-1111-1111-111111111111",
        "sweep-2027-Q1",
        new string('a', 64),
        new DateTimeOffset(2027, 4, 1, 6, 0, 0, TimeSpan.Zero),
        new string('5', 64)
    );

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_written_is_read_whatever_the_names_are()
    {
        string[] names =
        [
            "a/../b",
            "%2F",
            "/lead",
            "trail.",
            "a+b?c#d",
            "\u202egpj.exe",
            "line\nbreak",
            new string('ä', 1024),
            "\ud83d\udd25",
        ];
        ManifestRow[] rows = [.. names.Select(n => Row(n))];

        var (bytes, id, parts) = await WriteAsync(rows);

        Assert.Equal(rows, await ReadAsync(bytes, id));
        Assert.Equal((rows.Length + 1L, (long)bytes.Length), (parts.Sum(p => p.Rows), parts.Sum(p => p.Bytes)));
        Assert.Equal(rows.Length + 1, Encoding.UTF8.GetString(bytes).Count(c => c == '\n'));
    }

    [Fact]
    public async Task Its_id_depends_on_the_salt_and_on_every_row_in_its_order()
    {
        var (_, id, _) = await WriteAsync([Row("a"), Row("b")]);

        Assert.Equal(id, (await WriteAsync([Row("a"), Row("b")])).Id);
        Assert.NotEqual(id, (await WriteAsync([Row("b"), Row("a")])).Id);
        Assert.NotEqual(id, (await WriteAsync([Row("a")])).Id);
        Assert.NotEqual(id, (await WriteAsync([Row("a"), Row("b")], Header with { Salt = new string('6', 64) })).Id);
    }

    [Fact]
    public async Task Any_byte_that_is_changed_dropped_or_added_is_noticed()
    {
        var (bytes, id, _) = await WriteAsync([Row("a"), Row("b"), Row("c")]);

        await Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Int[0, 2], Gen.Byte)
            .SampleAsync(
                async (at, how, value) =>
                {
                    byte[] changed = how switch
                    {
                        0 when bytes[at] != value => [.. bytes[..at], value, .. bytes[(at + 1)..]],
                        1 => bytes[..at],
                        _ => [.. bytes[..at], value, .. bytes[at..]],
                    };
                    if (changed.SequenceEqual(bytes))
                        return;
                    await Assert.ThrowsAsync<ManifestException>(() => ReadAsync(changed, id));
                }
            );
    }

    [Theory]
    [InlineData("empty", "")]
    [InlineData("no header", "{\"account\":\"a\"}\n")]
    [InlineData("another version", "{\"format\":\"compliance-sweep-manifest\",\"version\":2}\n")]
    [InlineData("cut off", "{\"format\":\"compliance")]
    [InlineData("no JSON", "a\n")]
    public async Task What_is_no_manifest_is_refused(string situation, string text)
    {
        var error = await Assert.ThrowsAsync<ManifestException>(() => ReadAsync(Encoding.UTF8.GetBytes(text), "00"));

        Texts.Minimization.Expect("manifest", situation, error.Message);
    }

    [Fact]
    public async Task A_large_plan_is_written_in_parts_and_held_in_memory_a_part_at_a_time()
    {
        var count = TestSize.IsLong ? 1_000_000 : 50_000;
        var (written, largest) = (0L, 0L);
        var writer = new ManifestWriter(
            Header,
            (part, _) =>
            {
                written += part.Length;
                largest = Math.Max(largest, part.Length);
                return Task.CompletedTask;
            },
            maxRows: int.MaxValue
        );
        for (var i = 0; i < count; i++)
            await writer.AddAsync(Row($"raw/2025/{i:0000000}.json"), Stop);

        var (_, parts) = await writer.CompleteAsync(Stop);

        Assert.Equal((count, written), (writer.Rows, parts.Sum(p => p.Bytes)));
        Assert.InRange(largest, ManifestWriter.PartBytes, ManifestWriter.PartBytes + 4096);
        Assert.True(parts.Count > 1);
    }

    [Fact]
    public async Task A_part_has_2048_lines_at_most_unless_another_number_is_given()
    {
        var rows = Enumerable.Range(0, 5000).Select(i => Row($"{i}")).ToList();

        Assert.Equal([2048, 2048, 905], (await WriteAsync(rows)).Parts.Select(p => p.Rows));
        Assert.Equal([4, 2], (await WriteAsync(rows.Take(5), maxRows: 4)).Parts.Select(p => p.Rows));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => WriteAsync([], maxRows: 1));
    }

    [Fact]
    public async Task A_part_is_read_and_shown_right_without_the_others()
    {
        ManifestRow[] rows = [.. Enumerable.Range(0, 7).Select(i => Row($"{i}"))];
        var (bytes, id, parts) = await WriteAsync(rows, maxRows: 3);
        var (at, first) = (0L, 1L);
        var found = new List<IReadOnlyList<ManifestRow>>();
        foreach (var part in parts)
        {
            found.Add(await ReadPartAsync(bytes[(int)at..(int)(at + part.Bytes)], part, first));
            (at, first) = (at + part.Bytes, first + part.Rows);
        }

        Assert.Equal([2, 3, 2], found.Select(f => f.Count));
        Assert.Equal(rows, found.SelectMany(f => f));
        Assert.Equal(rows, await ReadAsync(bytes, id, parts));
    }

    [Fact]
    public async Task A_part_that_was_changed_is_named_and_none_of_its_rows_given()
    {
        var (bytes, id, parts) = await WriteAsync([Row("a"), Row("b"), Row("c")], maxRows: 2);
        var part = parts[1];
        var own = bytes[(int)parts[0].Bytes..];
        byte[] changed = [.. own[..^2], (byte)' ', (byte)'\n'];
        async Task<string> Wrong(byte[] read, ManifestPart expected) =>
            (await Assert.ThrowsAsync<ManifestException>(() => ReadPartAsync(read, expected, 3))).Message;

        Texts.Minimization.Expect(
            "a part that was changed",
            [
                await Wrong(changed, part),
                await Wrong(own[..^1], part),
                await Wrong([.. own, (byte)'\n'], part),
                await Wrong(own, part with { Rows = 3 }),
                await Wrong(own, part with { Bytes = long.MaxValue }),
                await Wrong(own, parts[0]),
            ]
        );
        Assert.Equal(1, await RowsBeforeErrorAsync([.. bytes[..^own.Length], .. changed], id, parts));
        Assert.Equal(1, await RowsBeforeErrorAsync(bytes[..^1], id, parts));
        Assert.Equal(3, await RowsBeforeErrorAsync([.. bytes, (byte)'\n'], id, parts));
        Assert.Equal(3, await RowsBeforeErrorAsync(bytes, new string('0', 64), parts));
    }

    [Fact]
    public async Task A_part_at_the_beginning_has_the_header()
    {
        var (bytes, _, parts) = await WriteAsync([Row("a"), Row("b")], maxRows: 2);
        var second = bytes[(int)parts[0].Bytes..];

        var error = await Assert.ThrowsAsync<ManifestException>(() => ReadPartAsync(second, parts[1], 1));

        Assert.StartsWith("line 1 is not the header", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_part_that_could_not_be_written_the_plan_is_made_again()
    {
        var writer = new ManifestWriter(Header, (_, _) => throw new IOException("gone"));
        await writer.AddAsync(Row("a"), Stop);
        await Assert.ThrowsAsync<IOException>(() => writer.CompleteAsync(Stop));

        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.AddAsync(Row("a"), Stop));
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.CompleteAsync(Stop));
    }

    private static ManifestRow Row(string name) =>
        new()
        {
            Account = "sttrain1",
            Container = "raw",
            Name = name,
            IsCurrent = true,
            ETag = "\"0x8D\"",
            Size = 10,
            Verdict = Verdict.Due,
            Action = RetentionAction.Delete,
            DataSet = "raw",
            Rule = "raw-2y",
            Reason = "Rule raw-2y keeps it P24M from 2025-01-01 00:00Z (the time it was made).",
        };

    private static async Task<(byte[] Bytes, string Id, IReadOnlyList<ManifestPart> Parts)> WriteAsync(
        IEnumerable<ManifestRow> rows,
        ManifestHeader? header = null,
        int maxRows = ManifestWriter.PartRows
    )
    {
        using var stream = new MemoryStream();
        var writer = new ManifestWriter(header ?? Header, (part, token) => stream.WriteAsync(part, token).AsTask(), maxRows);
        foreach (var row in rows)
            await writer.AddAsync(row, Stop);
        var (id, parts) = await writer.CompleteAsync(Stop);
        return (stream.ToArray(), id, parts);
    }

    private static async Task<List<ManifestRow>> ReadAsync(byte[] bytes, string id, IReadOnlyList<ManifestPart>? parts = null)
    {
        using var stream = new MemoryStream(bytes);
        var rows = new List<ManifestRow>();
        await foreach (
            var row in parts is null ? ManifestReader.ReadAsync(stream, id, Stop) : ManifestReader.ReadAsync(stream, id, parts, Stop)
        )
            rows.Add(row);
        return rows;
    }

    private static async Task<IReadOnlyList<ManifestRow>> ReadPartAsync(byte[] bytes, ManifestPart expected, long firstRow)
    {
        using var stream = new MemoryStream(bytes);
        return await ManifestReader.ReadPartAsync(stream, expected, firstRow, Stop);
    }

    private static async Task<int> RowsBeforeErrorAsync(byte[] bytes, string id, IReadOnlyList<ManifestPart> parts)
    {
        using var stream = new MemoryStream(bytes);
        var rows = 0;
        await Assert.ThrowsAsync<ManifestException>(async () =>
        {
            await foreach (var _ in ManifestReader.ReadAsync(stream, id, parts, Stop))
                rows++;
        });
        return rows;
    }
}
