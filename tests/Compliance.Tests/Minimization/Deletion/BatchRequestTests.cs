using System.Text;
using Compliance.Minimization.Deletion;
using Compliance.Minimization.Evaluation;
using CsCheck;

namespace Compliance.Tests.Minimization.Deletion;

public sealed class BatchRequestTests
{
    private static readonly Uri Service = new("https://sttrain1.blob.core.windows.net/");

    private static readonly BatchProof Proof = BatchProof.FromToken("a.b.c");

    private static readonly BlobFacts Blob = new()
    {
        Account = "sttrain1",
        Container = "raw",
        Name = "a.json",
        IsCurrent = true,
        IsBlockBlob = true,
        ETag = "0x8DB",
        Size = 10,
    };

    [Fact]
    public void A_batch_is_written_as_the_service_takes_it()
    {
        var targets = new[]
        {
            Target(Blob with { VersionId = "2027-04-01T06:00:00.0000000Z" }),
            Target(Blob with { VersionId = "2027-03-01T06:00:00.0000000Z", IsCurrent = false, ETag = "\"0x8DA\"" }, "\"hold\" <> 'yes'"),
            Target(Blob with { Snapshot = "2027-02-01T06:00:00.0000000Z" }),
        };

        var request = BatchRequest.Create(Service, targets, Proof);

        var boundary = request.ContentType["multipart/mixed; boundary=".Length..];
        Assert.Equal(
            $"""
            --{boundary}
            Content-Type: application/http
            Content-Transfer-Encoding: binary
            Content-ID: 0

            DELETE /raw/a.json HTTP/1.1
            Authorization: Bearer a.b.c
            If-Match: "0x8DB"
            Content-Length: 0

            --{boundary}
            Content-Type: application/http
            Content-Transfer-Encoding: binary
            Content-ID: 1

            DELETE /raw/a.json?versionid=2027-03-01T06%3A00%3A00.0000000Z HTTP/1.1
            Authorization: Bearer a.b.c
            If-Match: "0x8DA"
            x-ms-if-tags: "hold" <> 'yes'
            Content-Length: 0

            --{boundary}
            Content-Type: application/http
            Content-Transfer-Encoding: binary
            Content-ID: 2

            DELETE /raw/a.json?snapshot=2027-02-01T06%3A00%3A00.0000000Z HTTP/1.1
            Authorization: Bearer a.b.c
            If-Match: "0x8DB"
            Content-Length: 0

            --{boundary}--

            """.ReplaceLineEndings("\r\n"),
            Text(request)
        );
        Assert.Equal("https://sttrain1.blob.core.windows.net/raw?restype=container&comp=batch", request.Address.AbsoluteUri);
        Assert.Matches("^multipart/mixed; boundary=batch_[0-9a-f]{32}$", request.ContentType);
    }

    [Fact]
    public void On_an_emulator_the_account_is_in_the_path_and_a_signature_is_in_the_query()
    {
        var version = Target(Blob with { VersionId = "2027-03-01T06:00:00.0000000Z", IsCurrent = false });

        var request = BatchRequest.Create(
            new("http://127.0.0.1:10000/devstoreaccount1"),
            [Target(Blob), version],
            BatchProof.FromSignature("?sv=2021&sig=a%2Bb")
        );

        Assert.Equal("http://127.0.0.1:10000/devstoreaccount1/raw?restype=container&comp=batch", request.Address.AbsoluteUri);
        Assert.Equal(
            [
                "DELETE /devstoreaccount1/raw/a.json?sv=2021&sig=a%2Bb HTTP/1.1",
                "DELETE /devstoreaccount1/raw/a.json?versionid=2027-03-01T06%3A00%3A00.0000000Z&sv=2021&sig=a%2Bb HTTP/1.1",
            ],
            Lines(request, "DELETE ")
        );
        Assert.Empty(Lines(request, "Authorization"));
    }

    [Theory]
    [InlineData("a b", "a%20b")]
    [InlineData("a+b?c#d&e=f", "a%2Bb%3Fc%23d%26e%3Df")]
    [InlineData("a%2Fb", "a%252Fb")]
    [InlineData("a/b", "a%2Fb")]
    [InlineData("a/../b", "a%2F..%2Fb")]
    [InlineData("../b", "..%2Fb")]
    [InlineData("/a//b/", "%2Fa%2F%2Fb%2F")]
    [InlineData("a.", "a.")]
    [InlineData("...", "...")]
    [InlineData("a\\b", "a%5Cb")]
    [InlineData("é日😀", "%C3%A9%E6%97%A5%F0%9F%98%80")]
    [InlineData("a\r\nx-ms-delete-snapshots: include", "a%0D%0Ax-ms-delete-snapshots%3A%20include")]
    [InlineData("a HTTP/1.1\n\n--batch", "a%20HTTP%2F1.1%0A%0A--batch")]
    public void A_name_is_encoded_so_that_it_names_this_blob_only(string name, string encoded)
    {
        Assert.Equal($"/raw/{encoded}", Target(Blob with { Name = name }).Path);
        // What a client or server between makes of it is the same blob.
        var uri = new Uri($"https://sttrain1.blob.core.windows.net/raw/{encoded}");
        Assert.Equal(name, Uri.UnescapeDataString(uri.AbsolutePath["/raw/".Length..]));
    }

    public static TheoryData<string, string?, string?, string> Refused =>
        new()
        {
            { "", "0x8DB", null, nameof(TargetProblem.Name) },
            { ".", "0x8DB", null, nameof(TargetProblem.Name) },
            { "..", "0x8DB", null, nameof(TargetProblem.Name) },
            { new('a', 1_025), "0x8DB", null, nameof(TargetProblem.Name) },
            { "a" + '\uD83D', "0x8DB", null, nameof(TargetProblem.Name) },
            { "\uDE00" + "a", "0x8DB", null, nameof(TargetProblem.Name) },
            { "a", null, null, nameof(TargetProblem.ETag) },
            { "a", "", null, nameof(TargetProblem.ETag) },
            { "a", "*", null, nameof(TargetProblem.ETag) },
            { "a", "\"*\"", null, nameof(TargetProblem.ETag) },
            { "a", "\"", null, nameof(TargetProblem.ETag) },
            { "a", "0x1\", \"0x2", null, nameof(TargetProblem.ETag) },
            { "a", "0x1\r\nx-ms-delete-snapshots: include", null, nameof(TargetProblem.ETag) },
            { "a", "0x1", "", nameof(TargetProblem.TagCondition) },
            { "a", "0x1", " \"a\" = 'b'", nameof(TargetProblem.TagCondition) },
            { "a", "0x1", "\"a\" = 'b'\nx: y", nameof(TargetProblem.TagCondition) },
            { "a", "0x1", "\"a\" = 'é'", nameof(TargetProblem.TagCondition) },
            { "a", "0x1", new('a', 4_097), nameof(TargetProblem.TagCondition) },
        };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_cannot_be_written_safely_is_refused_with_its_reason(string name, string? etag, string? tags, string problem)
    {
        Assert.Null(DeletionTarget.From(Blob with { Name = name, ETag = etag }, tags, out var found));
        Assert.Equal(problem, found.ToString());
    }

    [Theory]
    [InlineData("$web")]
    [InlineData("RAW")]
    [InlineData("ra")]
    [InlineData("raw/..")]
    [InlineData("raw?comp=list")]
    public void A_container_is_one_of_the_users(string container)
    {
        Assert.Null(DeletionTarget.From(Blob with { Container = container }, null, out var problem));
        Assert.Equal(TargetProblem.Container, problem);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("2027&snapshot=", null)]
    [InlineData(null, "")]
    [InlineData(null, "2027 HTTP/1.1\r\n")]
    public void What_is_not_current_has_an_id(string? version, string? snapshot)
    {
        var blob = Blob with { IsCurrent = false, VersionId = version, Snapshot = snapshot };

        Assert.Null(DeletionTarget.From(blob, null, out var problem));
        Assert.Equal(TargetProblem.Kind, problem);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\r\nb")]
    [InlineData("a b")]
    public void A_proof_cannot_add_a_header(string text)
    {
        Assert.Throws<ArgumentException>(() => BatchProof.FromToken(text));
        Assert.Throws<ArgumentException>(() => BatchProof.FromSignature(text));
    }

    [Fact]
    public void A_proof_is_not_in_the_text_of_it() =>
        Assert.DoesNotContain("secret", $"{BatchProof.FromToken("secret")}", StringComparison.Ordinal);

    [Fact]
    public void A_batch_has_one_container_and_at_most_256_targets()
    {
        var target = Target(Blob);

        Assert.Throws<ArgumentException>(() => BatchRequest.Create(Service, [], Proof));
        Assert.Throws<ArgumentException>(() => BatchRequest.Create(Service, [.. Enumerable.Repeat(target, 257)], Proof));
        Assert.Throws<ArgumentException>(() => BatchRequest.Create(Service, [target, Target(Blob with { Container = "other" })], Proof));
        Assert.Equal(256, BatchRequest.Create(Service, [.. Enumerable.Repeat(target, 256)], Proof).Targets.Count);
    }

    [Fact]
    public void Whatever_a_name_and_an_etag_are_a_batch_has_its_own_lines_only() =>
        Gen.Select(Gen.String[1, 40], Gen.String[1, 20], Gen.String[1, 20])
            .Sample(
                (name, etag, tags) =>
                {
                    var target = DeletionTarget.From(Blob with { Name = name, ETag = etag }, tags, out _);
                    target ??= DeletionTarget.From(Blob with { Name = name }, null, out _);
                    if (target is null)
                        return;
                    var request = BatchRequest.Create(Service, [target], Proof);
                    var text = Text(request);
                    Assert.Equal(name, Uri.UnescapeDataString(target.Path["/raw/".Length..]));
                    Assert.All(text, c => Assert.True(c is '\r' or '\n' or (>= ' ' and <= '~')));
                    Assert.Equal(target.TagCondition is null ? 12 : 13, text.Split("\r\n").Length);
                    Assert.Equal(text.Count(c => c == '\n'), text.Split("\r\n").Length - 1);
                }
            );

    [Fact]
    public async Task A_plan_is_cut_by_count_container_and_size_in_its_order()
    {
        var longest = new string('日', 1_024);
        BlobFacts[] plan =
        [
            .. Enumerable.Range(0, 600).Select(i => Blob with { Name = $"a{i}" }),
            .. Enumerable.Range(0, 10).Select(i => Blob with { Container = "other", Name = $"b{i}" }),
            .. Enumerable.Range(0, 10).Select(i => Blob with { Account = "sttrain2", Container = "other", Name = $"b{i}" }),
            .. Enumerable.Range(0, 300).Select(i => Blob with { Container = "long", Name = longest }),
        ];
        var batches = await Cut(plan);

        Assert.Equal([256, 256, 88, 10, 10, 233, 67], batches.Select(b => b.Count));
        Assert.Equal(plan.Select(b => Target(b)), batches.SelectMany(b => b));
    }

    [Fact]
    public Task What_is_cut_fits_with_the_longest_proof_and_leaves_no_room_that_it_could_use() =>
        Gen.Select(Gen.Int[1, 1_024], Gen.Int[0, 4_096], Gen.Int[1, 600])
            .SampleAsync(
                async (length, tags, count) =>
                {
                    var condition = tags == 0 ? null : new string('t', tags);
                    var target = Target(Blob with { Name = new('日', length) }, condition);
                    var batches = await Cut(Enumerable.Repeat(target, count));
                    var service = new Uri($"https://h/{new string('s', BatchRequest.MaxServicePath - 1)}");
                    var proof = BatchProof.FromToken(new('p', BatchProof.MaxLength - 16));
                    Assert.Equal(count, batches.Sum(b => b.Count));
                    foreach (var batch in batches)
                    {
                        var bytes = BatchRequest.Create(service, batch, proof).Body.Length;
                        Assert.InRange(bytes, 1, BatchRequest.MaxBytes);
                        var isFull = batch.Count == BatchRequest.MaxTargets || bytes > BatchRequest.MaxBytes * 0.97;
                        Assert.True(isFull || ReferenceEquals(batch, batches[^1]));
                    }
                },
                iter: 20
            );

    [Fact]
    public async Task A_plan_is_read_no_further_than_one_target_past_a_batch()
    {
        var read = 0;
        async IAsyncEnumerable<DeletionTarget> Plan()
        {
            await Task.CompletedTask;
            while (true)
            {
                read++;
                yield return Target(Blob);
            }
        }

        await foreach (var batch in BatchCutter.CutAsync(Plan(), TestContext.Current.CancellationToken))
        {
            Assert.Equal((256, 257), (batch.Count, read));
            break;
        }
    }

    private static Task<List<IReadOnlyList<DeletionTarget>>> Cut(IEnumerable<BlobFacts> plan) => Cut(plan.Select(b => Target(b)));

    private static async Task<List<IReadOnlyList<DeletionTarget>>> Cut(IEnumerable<DeletionTarget> plan) =>
        await BatchCutter.CutAsync(plan.ToAsyncEnumerable(), TestContext.Current.CancellationToken).ToListAsync();

    private static DeletionTarget Target(BlobFacts blob, string? tags = null) =>
        DeletionTarget.From(blob, tags, out var problem) ?? throw new InvalidOperationException($"{problem}");

    private static string Text(BatchRequest request) => Encoding.UTF8.GetString(request.Body.Span);

    private static IEnumerable<string> Lines(BatchRequest request, string start) =>
        Text(request).Split("\r\n").Where(l => l.StartsWith(start, StringComparison.Ordinal));
}
