using System.Text;
using Compliance.Minimization.Deletion;
using CsCheck;

namespace Compliance.Tests.Minimization.Deletion;

public sealed class BatchAnswerTests
{
    private const string Multipart = "multipart/mixed; boundary=batchresponse_1";

    private static readonly int[] Statuses = [202, 404, 412, 503, 403];

    private static readonly DateTimeOffset Now = new(2027, 4, 1, 6, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_real_answer_is_read_as_it_is()
    {
        var text = """
            --batchresponse_1
            Content-Type: application/http
            Content-ID: 1

            HTTP/1.1 404 The specified blob does not exist.
            x-ms-error-code: BlobNotFound
            x-ms-request-id: 778fdc83-801e-0000-62ff-0334671e2852
            x-ms-version: 2021-12-02
            Content-Length: 216
            Content-Type: application/xml

            <?xml version="1.0" encoding="utf-8"?>
            <Error><Code>BlobNotFound</Code><Message>The specified blob does not exist.
            RequestId:778fdc83-801e-0000-62ff-0334671e2852
            Time:2018-06-14T16:46:54.6040685Z</Message></Error>
            --batchresponse_1
            Content-Type: application/http
            Content-ID: 0

            HTTP/1.1 202 Accepted
            x-ms-delete-type-permanent: true
            x-ms-request-id: 778fdc83-801e-0000-62ff-0334671e284f
            x-ms-version: 2021-12-02

            --batchresponse_1--
            """.ReplaceLineEndings("\r\n");

        var answer = await Read(text, 2);

        Assert.Equal(
            [
                new(DeletionOutcome.Deleted, 202, null, "778fdc83-801e-0000-62ff-0334671e284f", null),
                new(DeletionOutcome.AlreadyGone, 404, "BlobNotFound", "778fdc83-801e-0000-62ff-0334671e2852", null),
            ],
            answer.Items
        );
        Assert.Equal((AnswerFault.None, 0), (answer.Fault, answer.Strays));
    }

    [Theory]
    [InlineData(202, null, nameof(DeletionOutcome.Deleted))]
    [InlineData(404, null, nameof(DeletionOutcome.AlreadyGone))]
    [InlineData(404, "BlobNotFound", nameof(DeletionOutcome.AlreadyGone))]
    [InlineData(404, "ContainerNotFound", nameof(DeletionOutcome.AlreadyGone))]
    [InlineData(412, "ConditionNotMet", nameof(DeletionOutcome.Changed))]
    [InlineData(412, null, nameof(DeletionOutcome.Changed))]
    [InlineData(412, "LeaseIdMissing", nameof(DeletionOutcome.Leased))]
    [InlineData(409, "LeaseIdMismatchWithBlobOperation", nameof(DeletionOutcome.Leased))]
    [InlineData(409, "BlobImmutableDueToPolicy", nameof(DeletionOutcome.Held))]
    [InlineData(409, "BlobImmutableDueToLegalHold", nameof(DeletionOutcome.Held))]
    [InlineData(409, "ContainerHasLegalHold", nameof(DeletionOutcome.Held))]
    [InlineData(409, "SnapshotsPresent", nameof(DeletionOutcome.Failed))]
    [InlineData(409, null, nameof(DeletionOutcome.Failed))]
    [InlineData(403, "AuthorizationPermissionMismatch", nameof(DeletionOutcome.Refused))]
    [InlineData(403, "OperationNotAllowedOnRootBlob", nameof(DeletionOutcome.RefusedAsCurrent))]
    [InlineData(429, null, nameof(DeletionOutcome.Throttled))]
    [InlineData(503, "ServerBusy", nameof(DeletionOutcome.Throttled))]
    [InlineData(400, "InvalidInput", nameof(DeletionOutcome.Failed))]
    [InlineData(401, "NoAuthenticationInformation", nameof(DeletionOutcome.Failed))]
    [InlineData(500, "OperationTimedOut", nameof(DeletionOutcome.Unknown))]
    [InlineData(502, null, nameof(DeletionOutcome.Unknown))]
    [InlineData(408, null, nameof(DeletionOutcome.Unknown))]
    [InlineData(200, null, nameof(DeletionOutcome.Unknown))]
    [InlineData(307, null, nameof(DeletionOutcome.Unknown))]
    public async Task A_status_and_its_code_decide_the_outcome(int status, string? code, string outcome)
    {
        var header = code is null ? "" : $"x-ms-error-code: {code}\r\n";
        var body = code is null ? "" : $"<?xml?><Error><Code>{code}</Code>\r\n";

        var answer = await Read(Whole(Part("0", status, header), Part("1", status, "", body)), 2);

        var item = new ItemAnswer(Enum.Parse<DeletionOutcome>(outcome), status, code, "id-0", null);
        Assert.Equal([item, item with { RequestId = "id-1" }], answer.Items);
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData("0", 0)]
    [InlineData("999999", 3_600)]
    [InlineData("Thu, 01 Apr 2027 06:00:30 GMT", 30)]
    [InlineData("Thu, 01 Apr 2027 05:00:00 GMT", 0)]
    [InlineData("-1", null)]
    [InlineData("soon", null)]
    [InlineData("99999999999999", null)]
    public async Task A_wait_is_read_as_seconds_or_as_a_time_and_is_bounded(string text, int? seconds)
    {
        var answer = await Read(Whole(Part("0", 503, $"Retry-After: {text}\r\n")), 1);

        Assert.Equal(DeletionOutcome.Throttled, answer.Items[0].Outcome);
        Assert.Equal(seconds, answer.Items[0].RetryAfter?.TotalSeconds);
    }

    [Fact]
    public async Task One_refusal_in_place_of_the_parts_means_that_nothing_was_done()
    {
        var refusal = $"--batchresponse_1\r\n{Text(null, 400, "x-ms-error-code: InvalidInput\r\n", "")}--batchresponse_1--";

        var answer = await Read(refusal, 3);

        var item = new ItemAnswer(DeletionOutcome.Failed, 400, "InvalidInput", "id-", null);
        Assert.Equal((AnswerFault.NothingDone, 0), (answer.Fault, answer.Strays));
        Assert.Equal([item, item, item], answer.Items);
        // With an id it is the same; cut off or beside another part it is not.
        Assert.Equal(AnswerFault.NothingDone, (await Read(Whole(Part("0", 400)), 3)).Fault);
        Assert.Equal([.. Unknown(3)], Outcomes(await Read(refusal[..^2], 3)));
        Assert.Equal(
            [DeletionOutcome.Deleted, DeletionOutcome.Unknown],
            Outcomes(await Read(Whole(Part("0", 202), Text(null, 400, "", "")), 2))
        );
        Assert.Equal([.. Unknown(2)], Outcomes(await Read(Whole(Text(null, 500, "", "")), 2)));
    }

    [Fact]
    public async Task Parts_that_are_missing_doubled_unknown_or_garbled_make_their_items_unknown_and_no_others()
    {
        var text = Whole(
            Part("6", 202),
            Part("1", 202),
            Part("1", 202),
            Part("7", 202),
            Part("-1", 202),
            Part("02", 202),
            Part("two", 202),
            Part("3", 202).Replace("HTTP/1.1 202", "HTTP/1.1 2O2", StringComparison.Ordinal),
            Part("4", 202).Replace("x-ms-request-id:", "x-ms-request-id", StringComparison.Ordinal),
            Part("5", 202).Replace("HTTP/1.1 202", "HTTP/1.1 2022", StringComparison.Ordinal),
            Part("0", 404)
        );

        var answer = await Read(text, 7);

        Assert.Equal(
            [DeletionOutcome.AlreadyGone, .. Unknown(5), DeletionOutcome.Deleted],
            Outcomes(answer)
        );
        Assert.Equal((AnswerFault.None, 5), (answer.Fault, answer.Strays));
    }

    [Fact]
    public async Task What_is_no_code_or_id_of_the_service_is_not_kept()
    {
        var headers = $"x-ms-error-code: <script>\r\nX-MS-Request-Id: {new string('a', 101)}\r\n";

        var answer = await Read(Whole(Text("0", 409, headers, "", "")), 1);

        Assert.Equal([new(DeletionOutcome.Failed, 409, null, null, null)], answer.Items);
    }

    [Theory]
    [InlineData(400, "InvalidInput", nameof(DeletionOutcome.Failed), nameof(AnswerFault.NothingDone))]
    [InlineData(403, "AuthorizationFailure", nameof(DeletionOutcome.Refused), nameof(AnswerFault.NothingDone))]
    [InlineData(404, "ContainerNotFound", nameof(DeletionOutcome.AlreadyGone), nameof(AnswerFault.NothingDone))]
    [InlineData(404, null, nameof(DeletionOutcome.Failed), nameof(AnswerFault.NothingDone))]
    [InlineData(409, "ContainerBeingDeleted", nameof(DeletionOutcome.Failed), nameof(AnswerFault.NothingDone))]
    [InlineData(412, null, nameof(DeletionOutcome.Failed), nameof(AnswerFault.NothingDone))]
    [InlineData(429, null, nameof(DeletionOutcome.Throttled), nameof(AnswerFault.NothingDone))]
    [InlineData(503, "ServerBusy", nameof(DeletionOutcome.Throttled), nameof(AnswerFault.NothingDone))]
    [InlineData(503, null, nameof(DeletionOutcome.Unknown), nameof(AnswerFault.OuterStatus))]
    [InlineData(500, "InternalError", nameof(DeletionOutcome.Unknown), nameof(AnswerFault.OuterStatus))]
    [InlineData(504, null, nameof(DeletionOutcome.Unknown), nameof(AnswerFault.OuterStatus))]
    [InlineData(200, null, nameof(DeletionOutcome.Unknown), nameof(AnswerFault.OuterStatus))]
    public async Task An_outer_refusal_is_that_of_every_item(int status, string? code, string outcome, string fault)
    {
        var head = new AnswerHead(status, Multipart, code, "r-1", "2");

        var answer = await Read(Whole(Part("0", 202)), 2, head);

        var item = new ItemAnswer(Enum.Parse<DeletionOutcome>(outcome), status, code, "r-1", TimeSpan.FromSeconds(2));
        Assert.Equal([item, item], answer.Items);
        Assert.Equal(fault, answer.Fault.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("text/html")]
    [InlineData("multipart/form-data; boundary=batchresponse_1")]
    [InlineData("multipart/mixed")]
    [InlineData("multipart/mixed; boundary=")]
    [InlineData("multipart/mixed; boundary=\"\"")]
    public async Task What_is_no_multipart_makes_every_item_unknown(string? contentType)
    {
        var answer = await Read(Whole(Part("0", 202)), 2, new(202, contentType));

        Assert.Equal(AnswerFault.NotMultipart, answer.Fault);
        Assert.Equal([.. Unknown(2)], Outcomes(answer));
    }

    [Theory]
    [InlineData("multipart/mixed; boundary=\"batchresponse_1\"")]
    [InlineData("Multipart/Mixed;charset=utf-8;Boundary=batchresponse_1")]
    public async Task A_boundary_may_be_quoted(string contentType) =>
        Assert.Equal([DeletionOutcome.Deleted], Outcomes(await Read(Whole(Part("0", 202)), 1, new(202, contentType))));

    [Fact]
    public async Task A_larger_answer_is_read_to_its_bound_and_the_rest_is_unknown()
    {
        var filler = string.Concat(Enumerable.Repeat(new string('x', 99_998) + "\r\n", 50));
        var body = new MemoryStream(Encoding.Latin1.GetBytes(Whole(Part("0", 202), Part("1", 404, "", filler), Part("2", 202))));

        var answer = await BatchAnswer.ReadAsync(new(202, Multipart), body, 3, Now, TestContext.Current.CancellationToken);

        Assert.Equal(AnswerFault.TooLarge, answer.Fault);
        Assert.Equal([DeletionOutcome.Deleted, .. Unknown(2)], Outcomes(answer));
        Assert.InRange(body.Position, BatchAnswer.MaxBytes, BatchAnswer.MaxBytes + 16 * 1024);
    }

    [Fact]
    public async Task A_broken_connection_is_an_end_and_only_a_cancelled_token_throws()
    {
        var text = Whole(Part("0", 202), Part("1", 202));
        Exception[] ends = [new IOException("reset"), new TaskCanceledException("timed out"), new InvalidDataException("gzip")];
        foreach (var e in ends)
        {
            var answer = await BatchAnswer.ReadAsync(
                new(202, Multipart),
                new SlowStream(text[..^20], 7, e),
                2,
                Now,
                TestContext.Current.CancellationToken
            );
            Assert.Equal(AnswerFault.CutOff, answer.Fault);
            Assert.Equal([DeletionOutcome.Deleted, DeletionOutcome.Unknown], Outcomes(answer));
        }
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => BatchAnswer.ReadAsync(new(202, Multipart), new SlowStream(text, 7, null), 2, Now, cancelled.Token)
        );
    }

    [Fact]
    public void In_any_order_and_in_any_pieces_each_item_has_its_own_outcome() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 4].Select(i => Statuses[i]).Array[1, 40], Gen.Int[1, 50], Gen.Bool)
            .Sample(
                (seed, statuses, piece, isBare) =>
                {
                    var parts = statuses.Select((s, i) => Part($"{i}", s)).ToArray();
                    new Random(seed).Shuffle(parts);
                    var text = Whole(parts);
                    text = isBare ? text.ReplaceLineEndings("\n") : text;
                    var answer = ReadPieces(text, piece, statuses.Length);
                    Assert.Equal(AnswerFault.None, answer.Fault);
                    Assert.Equal(statuses.Select((s, i) => $"{s} id-{i}"), answer.Items.Select(a => $"{a.Status} {a.RequestId}"));
                }
            );

    [Fact]
    public void Cut_off_anywhere_an_item_is_right_or_unknown_and_never_fewer_are_known_of_more() =>
        Gen.Select(Gen.Int[0, 4].Select(i => Statuses[i]).Array[1, 8], Gen.Int[1, 20])
            .Sample(
                (statuses, piece) =>
                {
                    var text = Whole([.. statuses.Select((s, i) => Part($"{i}", s, "", "<Error>\r\n"))]);
                    var whole = ReadPieces(text, piece, statuses.Length);
                    var known = 0;
                    for (var length = 0; length < text.TrimEnd().Length; length += 3)
                    {
                        var answer = ReadPieces(text[..length], piece, statuses.Length);
                        Assert.Equal(AnswerFault.CutOff, answer.Fault);
                        Assert.All(answer.Items.Zip(whole.Items), i => Assert.True(i.First == i.Second || i.First == ItemAnswer.None));
                        var now = answer.Items.Count(i => i != ItemAnswer.None);
                        Assert.True(now >= known);
                        known = now;
                    }
                },
                iter: 30
            );

    [Fact]
    public void No_bytes_whatever_make_it_throw_or_report_what_is_not_there() =>
        Gen.Select(Gen.Byte.Array[0, 400], Gen.Int[0, 400], Gen.Int[1, 64])
            .Sample(
                (noise, at, piece) =>
                {
                    var text = Whole(Part("0", 404), Part("1", 412));
                    text = text.Insert(Math.Min(at, text.Length), Encoding.Latin1.GetString(noise));
                    var answer = ReadPieces(text, piece, 2);
                    Assert.Equal(2, answer.Items.Count);
                    Assert.DoesNotContain(DeletionOutcome.Deleted, Outcomes(answer));
                }
            );

    private static IEnumerable<DeletionOutcome> Unknown(int count) => Enumerable.Repeat(DeletionOutcome.Unknown, count);

    private static IEnumerable<DeletionOutcome> Outcomes(BatchAnswer answer) => answer.Items.Select(i => i.Outcome);

    private static string Part(string id, int status, string headers = "", string body = "") => Text(id, status, headers, body);

    private static string Text(string? id, int status, string headers, string body, string? requestId = null)
    {
        var own = id is null ? "" : $"Content-ID: {id}\r\n";
        var request = requestId ?? $"x-ms-request-id: id-{id}\r\n";
        return $"Content-Type: application/http\r\n{own}\r\nHTTP/1.1 {status} Reason: text\r\n{headers}{request}\r\n{body}";
    }

    private static string Whole(params string[] parts) =>
        string.Concat(parts.Select(p => $"--batchresponse_1\r\n{p}\r\n")) + "--batchresponse_1--\r\n";

    private static Task<BatchAnswer> Read(string text, int count, AnswerHead? head = null) =>
        BatchAnswer.ReadAsync(
            head ?? new(202, Multipart),
            new MemoryStream(Encoding.Latin1.GetBytes(text)),
            count,
            Now,
            TestContext.Current.CancellationToken
        );

    // Its stream never waits, so it is complete when it is returned.
    private static BatchAnswer ReadPieces(string text, int piece, int count)
    {
        var reading = BatchAnswer.ReadAsync(new(202, Multipart), new SlowStream(text, piece, null), count, Now, CancellationToken.None);
        Assert.True(reading.IsCompletedSuccessfully);
#pragma warning disable xUnit1031 // It is complete.
        return reading.Result;
#pragma warning restore xUnit1031
    }

    // Gives a few bytes at a time, and breaks at its end if it has to.
    private sealed class SlowStream(string text, int piece, Exception? end) : MemoryStream(Encoding.Latin1.GetBytes(text))
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Position == Length && end is not null)
                throw end;
            return ValueTask.FromResult(Read(buffer.Span[..Math.Min(piece, buffer.Length)]));
        }
    }
}
