using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Threading.Channels;
using Azure;
using Compliance.Ledger.Format;
using Microsoft.Extensions.Logging;

namespace Compliance.Ledger.Append;

/// <summary>
/// Writes the records that many bring at once to one tenant's log: what came while an append was on its way goes out as the next. Whoever
/// stops waiting holds up nobody, and an append that nobody knows the end of is settled by reading the log on.
/// </summary>
internal sealed partial class GroupCommit : IAsyncDisposable
{
    // Each is somebody who waits.
    private const int MaxWaiting = 8_192;

    // A lost race means that another writer got on; so many in a row mean that something else is wrong.
    private const int MaxRaces = 200;

    // The SDK has retried each of these already.
    private const int MaxFailures = 3;

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);

    // Callers that were just answered come back within this part of the time that an append takes, or not for this one: longer, and it
    // would cost more than it brings.
    private const int RegroupShare = 10;

    private static readonly TimeSpan LongestRegroup = TimeSpan.FromMilliseconds(2);

    private readonly Channel<Pending> _waiting = Channel.CreateBounded<Pending>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true }
    );
    private readonly CancellationTokenSource _ending = new();
    private readonly LogChain _chain;
    private readonly LogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Task _loop;
    private readonly Dictionary<string, Pending> _leaders = new(StringComparer.Ordinal);
    private Pending? _next;

    // How many wait, without the lock that everybody who brings one takes.
    private int _brought;
    private TimeSpan _took;
    private byte[] _block = new byte[64 * 1024];

    /// <summary>Begins; nothing is asked of storage before the first record.</summary>
    /// <param name="chain">The log, used by this alone.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="time">The clock of the log's months and of when a record is appended.</param>
    /// <param name="logger">Informed of writers that met and of answers that did not come.</param>
    public GroupCommit(LogChain chain, LogOptions options, TimeProvider time, ILogger logger)
    {
        (_chain, _options, _time, _logger) = (chain, options, time, logger);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Appends a record.</summary>
    /// <exception cref="RequestFailedException">It is not known to be kept.</exception>
    /// <exception cref="ObjectDisposedException">The log was closed.</exception>
    public async Task<EvidenceReceipt> AppendAsync(Pending record, CancellationToken cancellationToken)
    {
        try
        {
            await _waiting.Writer.WriteAsync(record, cancellationToken);
            Interlocked.Increment(ref _brought);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(AppendBlobEvidenceLog));
        }
        return await record.Done.WaitAsync(cancellationToken);
    }

    /// <summary>Takes nothing more, and writes what was taken or fails it.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        try
        {
            // The network's time, not the log's: that may stand still.
            await _loop.WaitAsync(_options.DrainWithin, TimeProvider.System).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await _ending.CancelAsync().ConfigureAwait(false);
            await _loop.ConfigureAwait(false);
        }
        _ending.Dispose();
    }

    private async Task RunAsync()
    {
        var batch = new List<Pending>();
        while (_next is not null || await _waiting.Reader.WaitToReadAsync())
        {
            await RegroupAsync(batch.Count);
            Take(batch);
            if (batch.Count > 0)
                await WriteAsync([.. batch]);
        }
    }

    // Those that were answered together come again one after the other: without this the first goes out alone and all others wait for it.
    private async Task RegroupAsync(int before)
    {
        if (before <= 1)
            return;
        var max = _took / RegroupShare < LongestRegroup ? _took / RegroupShare : LongestRegroup;
        var since = TimeProvider.System.GetTimestamp();
        while (Volatile.Read(ref _brought) < before && TimeProvider.System.GetElapsedTime(since) < max)
            await Task.Yield();
    }

    // Takes what waits, as much as one append may bring.
    private void Take(List<Pending> batch)
    {
        batch.Clear();
        _leaders.Clear();
        // Room for a record that says that the clock went back.
        var room = _options.MaxBytes - 2048;
        for (; batch.Count < _options.MaxRecords && HasNext(); _next = null)
        {
            if (_next.Abandoned || HasJoined(_next))
                continue;
            room -= _next.Line.Length + 1;
            if (room < 0 && batch.Count > 0)
                return;
            _leaders.Add(_next.Id, _next);
            batch.Add(_next);
        }
    }

    // The first that waits, which stays where it is until it is taken.
    [MemberNotNullWhen(true, nameof(_next))]
    private bool HasNext()
    {
        if (_next is not null)
            return true;
        if (!_waiting.Reader.TryRead(out _next))
            return false;
        Interlocked.Decrement(ref _brought);
        return true;
    }

    // Whether the batch has a record of its id already: one of them is kept.
    private bool HasJoined(Pending record)
    {
        if (!_leaders.TryGetValue(record.Id, out var leader))
            return false;
        leader.Join(record);
        if (!leader.Line.AsSpan().SequenceEqual(record.Line))
            DifferentRecord(record.Id, _chain.Place, -1);
        return true;
    }

    private async Task WriteAsync(List<Pending> batch)
    {
        var (races, failures) = (0, 0);
        while (true)
        {
            try
            {
                var now = Now();
                await _chain.CatchUpAsync(SinceOf(batch, now), now, _ending.Token);
                await SettleAsync(batch);
                if (batch.Count == 0)
                    return;
                if (!await _chain.PrepareAsync(now, _ending.Token))
                {
                    await AppendAsync(batch);
                    return;
                }
            }
            catch (RequestFailedException e) when (e.Status == 412 && ++races < MaxRaces)
            {
                // Another writer was quicker, or our own first try was applied and its answer lost. Reading on shows which.
                _chain.Unsure();
                WritersMet(batch[0].Id, batch.Count, _chain.Place);
                await PauseAsync(races);
            }
            catch (Exception e) when (IsAmbiguous(e) && ++failures < MaxFailures)
            {
                _chain.Unsure();
                AppendUnsure(batch[0].Id, batch.Count, _chain.Place, e.Message);
                await PauseAsync(failures);
            }
            catch (Exception e)
            {
                // What is known may be behind what is stored, never ahead of it.
                _chain.Unsure();
                foreach (var record in batch)
                    record.Failed(id => NotKnown(id, e));
                return;
            }
        }
    }

    private async Task SettleAsync(List<Pending> batch)
    {
        for (var i = batch.Count - 1; i >= 0; i--)
        {
            var record = batch[i];
            if (!_chain.MayHold(record.Hash) || await _chain.FindAsync(record.Id, record.Hash, _ending.Token) is not { } kept)
                continue;
            if (!EvidenceLine.Same(kept.Line, record.Line))
                DifferentRecord(record.Id, kept.Receipt.Location, kept.Receipt.Offset);
            batch.RemoveAt(i);
            record.Kept(kept.Receipt);
        }
    }

    private async Task AppendAsync(List<Pending> batch)
    {
        var now = Now();
        var back = _chain.ClockBack(now);
        var bytes = (back?.Length ?? 0) + batch.Sum(r => r.Line.Length + 1);
        if (_block.Length < bytes)
            _block = new byte[Math.Max(bytes, _block.Length * 2)];
        back?.CopyTo(_block, 0);
        var at = back?.Length ?? 0;
        var stamp = EvidenceLine.Stamp(now);
        foreach (var record in batch)
        {
            record.Stamp(stamp);
            record.Line.CopyTo(_block, at);
            at += record.Line.Length;
            _block[at++] = (byte)'\n';
        }
        var sent = TimeProvider.System.GetTimestamp();
        var sending = _chain.SendAsync(_block.AsMemory(0, bytes), _ending.Token);
        // While the bytes are on their way: those who wait could do nothing with their receipts before.
        var (blob, start) = (_chain.Last, _chain.Last.Length);
        var receipts = new EvidenceReceipt[batch.Count];
        at = back?.Length ?? 0;
        for (var i = 0; i < receipts.Length; i++)
        {
            receipts[i] = new(batch[i].Id, blob.Location, start + at, EvidenceLine.Sha256(batch[i].Line));
            at += batch[i].Line.Length + 1;
        }
        var blocks = await sending;
        _took = TimeProvider.System.GetElapsedTime(sent);

        if (back is not null)
            blob.Ids.Add(IdIndex.HashOf(RecordFacts.Parse(back.AsSpan(0, back.Length - 1)).RawId), start, back.Length - 1);
        blob.AppendedLines(bytes, now, back is not null, blocks);
        for (var i = 0; i < receipts.Length; i++)
            batch[i].Kept(receipts[i]);
        for (var i = 0; i < receipts.Length; i++)
            blob.Ids.Add(batch[i].Hash, receipts[i].Offset, batch[i].Line.Length);
    }

    // To the millisecond, as it is written.
    private DateTimeOffset Now() => _time.GetUtcNow() is var now ? now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond)) : default;

    // A record cannot have been kept before what it shows happened, give or take two clocks. What is dated in the future may have
    // been kept at any time.
    private static DateOnly SinceOf(List<Pending> batch, DateTimeOffset now)
    {
        var (first, last) = (batch[0].Time, batch[0].Time);
        foreach (var record in batch)
            (first, last) = (record.Time < first ? record.Time : first, record.Time > last ? record.Time : last);
        if (last - now > TimeSpan.FromDays(1) || first - DateTimeOffset.MinValue < TimeSpan.FromDays(2))
            return DateOnly.MinValue;
        var since = first.UtcDateTime.AddDays(-1);
        return new(since.Year, since.Month, 1);
    }

    // A server's failure or no answer at all says nothing about whether the block was written.
    private bool IsAmbiguous(Exception e) =>
        !_ending.IsCancellationRequested
        && e switch
        {
            RequestFailedException r => r.Status is 0 or 408 or 409 or 429 or >= 500 && r.ErrorCode != EvidenceReplaced.Code,
            _ => e is AggregateException or OperationCanceledException or IOException or HttpRequestException,
        };

    // No answer after several tries comes as AggregateException, a time-out as a cancellation nobody asked for, a broken download as
    // IOException.
    private RequestFailedException NotKnown(string id, Exception e)
    {
        var failure = e as RequestFailedException;
        var why = _ending.IsCancellationRequested ? "the log was closed before storage answered" : e.Message;
        return new(failure?.Status ?? 0, $"evidence record {id} is not known to be kept in {_chain.Place}: {why}", failure?.ErrorCode, e);
    }

    // Each of the writers waits another while, longer as they keep meeting.
    private Task PauseAsync(int times)
    {
        var max = (int)Math.Min(LongestPause.TotalMilliseconds * 1000, 1000 << Math.Min(times, 10));
        return Task.Delay(TimeSpan.FromMicroseconds(RandomNumberGenerator.GetInt32(max)), TimeProvider.System, _ending.Token)
            .ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    [LoggerMessage(1201, LogLevel.Debug, "Evidence record {RecordId} and {Count} in all: writers met in {Location}; reading on")]
    private partial void WritersMet(string recordId, int count, string location);

    [LoggerMessage(
        1202,
        LogLevel.Warning,
        "Evidence record {RecordId} and {Count} in all: no clear answer from {Location} ({Reason}); looking whether they were kept"
    )]
    private partial void AppendUnsure(string recordId, int count, string location, string reason);

    [LoggerMessage(
        1203,
        LogLevel.Warning,
        "Evidence record {RecordId} was appended again with another content; the one at {Location}:{Offset} stays"
    )]
    private partial void DifferentRecord(string recordId, string location, long offset);
}
