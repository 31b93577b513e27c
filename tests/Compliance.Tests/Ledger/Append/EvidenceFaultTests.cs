using System.Net;
using Azure;
using Compliance.Ledger.Append;
using Compliance.Tests.Storage;
using Testing;

namespace Compliance.Tests.Ledger.Append;

public sealed class EvidenceFaultOnAzuriteTests(AzuriteFixture accounts) : EvidenceFaultTests(accounts);

public sealed class EvidenceFaultInMemoryTests(MemoryStorageFixture accounts) : EvidenceFaultTests(accounts);

/// <summary>What storage may answer after it has written, or instead of writing.</summary>
public abstract class EvidenceFaultTests(StorageFixture accounts)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("409")]
    [InlineData("412")]
    [InlineData("429")]
    [InlineData("500")]
    [InlineData("503")]
    [InlineData("reset")]
    [InlineData("timeout")]
    public async Task Records_that_were_written_and_whose_answer_was_lost_are_kept_once(string fault)
    {
        var test = new TestLog(accounts, $"ef-lost-{fault}");
        var (log, faults) = test.OpenFaulty();
        await log.AppendAsync(test.Record("r0"), Stop);
        var lost = 0;
        faults.After = (request, _, answer) => request.IsAppend() && lost++ == 0 ? Fault(fault) : answer;

        var receipts = await Task.WhenAll(Enumerable.Range(1, 30).Select(i => log.AppendAsync(test.Record($"r{i}"), Stop)));

        Assert.True(lost > 0);
        Assert.Equal((await test.RecordsAsync()).Skip(1).Select(r => r.Receipt).OrderBy(r => r.Offset), receipts.OrderBy(r => r.Offset));
        Assert.Equal(31, (await test.IdsAsync()).Distinct().Count());
        await log.DisposeAsync();
    }

    [Theory]
    [InlineData("409")]
    [InlineData("500")]
    [InlineData("timeout")]
    public async Task An_append_every_answer_to_which_is_lost_is_found_by_reading(string fault)
    {
        var test = new TestLog(accounts, $"ef-deaf-{fault}");
        var (log, faults) = test.OpenFaulty();
        faults.After = (request, _, answer) => request.IsAppend() ? Fault(fault) : answer;

        var receipt = await log.AppendAsync(test.Record("r1"), Stop);
        var second = await log.AppendAsync(test.Record("r2"), Stop);

        Assert.Equal([receipt, second], (await test.RecordsAsync()).Select(r => r.Receipt));
        await log.DisposeAsync();
    }

    [Theory]
    [InlineData("409", 409)]
    [InlineData("429", 429)]
    [InlineData("500", 500)]
    public async Task Appends_that_are_never_written_fail_in_the_end_with_what_storage_said(string fault, int status)
    {
        var test = new TestLog(accounts, $"ef-never-{fault}");
        var (log, faults) = test.OpenFaulty();
        faults.Before = (request, _) => request.IsAppend() ? Fault(fault) : null;

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => log.AppendAsync(test.Record("r1"), Stop));
        faults.Before = (_, _) => null;
        await log.AppendAsync(test.Record("r1"), Stop);

        Assert.Equal(status, error.Status);
        Assert.Equal(["r1"], await test.IdsAsync());
        await log.DisposeAsync();
    }

    [Fact]
    public async Task A_first_append_that_arrives_after_it_was_given_up_lands_nowhere_twice()
    {
        var test = new TestLog(accounts, "ef-late");
        var (log, faults) = test.OpenFaulty();
        await log.AppendAsync(test.Record("r0"), Stop);
        HttpRequestMessage? late = null;
        faults.Before = (request, _) =>
        {
            if (!request.IsAppend() || late is not null)
                return null;
            // On its way, and overtaken by the retry.
            late = Copy(request);
            throw new HttpRequestException("no answer");
        };

        await log.AppendAsync(test.Record("r1"), Stop);
        using var wire = new HttpMessageInvoker(accounts.Wire());
        using var answer = await wire.SendAsync(late!, Stop);

        Assert.Equal(HttpStatusCode.PreconditionFailed, answer.StatusCode);
        Assert.Equal(["r0", "r1"], await test.IdsAsync());
        await log.DisposeAsync();
    }

    [Fact]
    public async Task A_download_that_breaks_off_is_read_on_from_there()
    {
        var test = new TestLog(accounts, "ef-broken");
        await using (var before = test.Open())
            await Task.WhenAll(Enumerable.Range(0, 200).Select(i => before.AppendAsync(test.Record($"r{i:000}"), Stop)));
        var (log, faults) = test.OpenFaulty();
        var broken = 0;
        faults.After = (request, _, answer) =>
        {
            if (
                request.Method == HttpMethod.Get
                && answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent
                && request.RequestUri!.AbsolutePath.EndsWith(".jsonl", StringComparison.Ordinal)
                && broken++ < 2
            )
                answer.Content = Broken(answer.Content);
            return answer;
        };

        await log.AppendAsync(test.Record("r007"), Stop);
        await log.AppendAsync(test.Record("new"), Stop);

        Assert.True(broken >= 2);
        Assert.Equal(201, (await test.IdsAsync()).Distinct().Count());
        await log.DisposeAsync();
    }

    [Fact]
    public async Task A_crash_between_write_and_answer_keeps_the_record_once_after_the_restart()
    {
        var test = new TestLog(accounts, "ef-crash");
        var (log, faults) = test.OpenFaulty(new LogOptions { DrainWithin = TimeSpan.Zero });
        var written = new TaskCompletionSource();
        faults.After = (request, _, answer) =>
        {
            if (!request.IsAppend())
                return answer;
            written.TrySetResult();
            faults.HangWhen = _ => true;
            throw new HttpRequestException("the process ends here");
        };
        var record = test.Record("r1");
        var crashing = log.AppendAsync(record, Stop);
        await written.Task;
        await log.DisposeAsync();
        await Assert.ThrowsAsync<RequestFailedException>(() => crashing);
        await using var restarted = test.Open();

        await restarted.AppendAsync(record, Stop);

        Assert.Equal(["r1"], await test.IdsAsync());
    }

    private static HttpResponseMessage Fault(string fault) =>
        fault switch
        {
            "reset" => throw new HttpRequestException("connection reset"),
            "timeout" => throw new TaskCanceledException("no answer in time"),
            _ => Faults.Answer((HttpStatusCode)int.Parse(fault, System.Globalization.CultureInfo.InvariantCulture)),
        };

    private static HttpRequestMessage Copy(HttpRequestMessage request)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri);
        foreach (var (name, values) in request.Headers)
            copy.Headers.TryAddWithoutValidation(name, values);
        var body = new MemoryStream();
        request.Content!.CopyTo(body, null, Stop);
        copy.Content = new ByteArrayContent(body.ToArray());
        foreach (var (name, values) in request.Content.Headers)
            copy.Content.Headers.TryAddWithoutValidation(name, values);
        return copy;
    }

    // Half of the content, as long as all of it is said to be.
    private static StreamContent Broken(HttpContent whole)
    {
        var bytes = whole.ReadAsByteArrayAsync(Stop).GetAwaiter().GetResult();
        var content = new StreamContent(new BrokenStream(bytes[..(bytes.Length / 2)]));
        foreach (var (name, values) in whole.Headers)
            content.Headers.TryAddWithoutValidation(name, values);
        return content;
    }

    private sealed class BrokenStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position < Length ? base.ReadAsync(buffer, cancellationToken) : throw new IOException("connection reset");
    }
}
