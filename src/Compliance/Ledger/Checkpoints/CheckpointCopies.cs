using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Azure;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Compliance.Findings;
using Compliance.Ledger.Format;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.Ledger.Checkpoints;

/// <summary>A place that takes copies.</summary>
internal interface ICheckpointCopy
{
    /// <summary>Which one.</summary>
    CopyPlace Place { get; }

    /// <summary>Delivers one checkpoint. Again is as good as once.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="size">The checkpoint's size.</param>
    /// <param name="note">Its signed note.</param>
    /// <param name="cancellationToken">Stops the delivery.</param>
    /// <exception cref="CopyFailedException">It was not taken.</exception>
    /// <exception cref="CheckpointProblemException">Another checkpoint of that size is there.</exception>
    Task DeliverAsync(string tenant, long size, byte[] note, CancellationToken cancellationToken);
}

/// <summary>A place did not take a copy. The text holds nothing of an address that may be secret.</summary>
/// <param name="reason">Why.</param>
/// <param name="inner">What found it.</param>
internal sealed class CopyFailedException(string reason, Exception? inner = null) : Exception(reason, inner);

/// <summary>A container: <c>{tenant}/checkpoints/{size}</c>, never overwritten.</summary>
/// <param name="place">Which one.</param>
/// <param name="container">The container; it is the auditor's, so it is not made here.</param>
internal sealed class ContainerCopy(CopyPlace place, BlobContainerClient container) : ICheckpointCopy
{
    /// <inheritdoc/>
    public CopyPlace Place => place;

    /// <inheritdoc/>
    public async Task DeliverAsync(string tenant, long size, byte[] note, CancellationToken cancellationToken)
    {
        var blob = container.GetBlobClient($"{tenant}/{LedgerLayout.Checkpoint(size)}");
        try
        {
            await blob.UploadAsync(
                new BinaryData(note),
                new BlobUploadOptions
                {
                    HttpHeaders = new() { ContentType = "text/plain; charset=utf-8" },
                    Conditions = new() { IfNoneMatch = ETag.All },
                },
                cancellationToken
            );
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412 && e.ErrorCode != BlobErrorCode.ContainerBeingDeleted)
        {
            await CompareAsync(blob, size, note, cancellationToken);
        }
        catch (Exception e)
            when (e is RequestFailedException or AggregateException or AuthenticationFailedException
                && !cancellationToken.IsCancellationRequested
            )
        {
            throw Failed(e);
        }
    }

    private async Task CompareAsync(BlobClient blob, long size, byte[] note, CancellationToken cancellationToken)
    {
        try
        {
            using BlobDownloadStreamingResult there = await blob.DownloadStreamingAsync(
                new() { Range = new(0, note.Length + 1L) },
                cancellationToken
            );
            using var bytes = new MemoryStream();
            await there.Content.CopyToAsync(bytes, cancellationToken);
            if (!bytes.ToArray().AsSpan().SequenceEqual(note))
                throw new CheckpointProblemException(
                    CheckpointProblem.In(
                        CheckpointProblem.Copy,
                        $"{LedgerLayout.Checkpoint(size)} in {place.Name} is not the checkpoint of that size that is here"
                    )
                );
        }
        catch (RequestFailedException e) when (e.Status is 401 or 403)
        {
            // We may write there and not read: what is there, the auditor compares.
        }
        catch (Exception e)
            when (e is RequestFailedException or AggregateException or IOException && !cancellationToken.IsCancellationRequested)
        {
            throw Failed(e);
        }
    }

    private static CopyFailedException Failed(Exception e) =>
        e is RequestFailedException { Status: > 0 } refused
            ? new($"it answered {refused.Status} {refused.ErrorCode}", e)
            : new($"it did not answer ({e.GetType().Name})", e);
}

/// <summary>A webhook: gets the note as <c>text/plain</c>. 2xx is taken; a redirect is not followed and counts as refused.</summary>
/// <param name="place">Which one.</param>
/// <param name="http">Follows no redirects.</param>
/// <param name="time">Clock of the time limit.</param>
internal sealed class WebhookCopy(CopyPlace place, HttpClient http, TimeProvider time) : ICheckpointCopy
{
    /// <summary>So long one delivery may take.</summary>
    public static readonly TimeSpan Within = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public CopyPlace Place => place;

    /// <inheritdoc/>
    public async Task DeliverAsync(string tenant, long size, byte[] note, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(Within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        using var request = new HttpRequestMessage(HttpMethod.Post, place.Address)
        {
            Content = new ByteArrayContent(note) { Headers = { ContentType = new MediaTypeHeaderValue("text/plain", "utf-8") } },
        };
        try
        {
            // The answer's body is nothing to us.
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (!answer.IsSuccessStatusCode)
                throw new CopyFailedException(
                    "it answered "
                        + $"{(int)answer.StatusCode}{((int)answer.StatusCode is >= 300 and < 400 ? " (redirects are not followed)" : "")}"
                );
        }
        catch (HttpRequestException e)
        {
            throw new CopyFailedException($"it did not answer ({e.HttpRequestError})", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CopyFailedException($"it did not answer within {Within.TotalSeconds:0} s", e);
        }
    }

    /// <summary>A client that goes where it is sent and nowhere else.</summary>
    public static HttpClient Client() =>
        new(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                ConnectTimeout = TimeSpan.FromSeconds(10),
                PooledConnectionLifetime = TimeSpan.FromMinutes(10),
                AutomaticDecompression = DecompressionMethods.None,
            }
        )
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
}

/// <summary>What became of the copies.</summary>
/// <param name="Delivered">Checkpoints delivered now, all places.</param>
/// <param name="Late">Places that wait for too long.</param>
/// <param name="Problem">A copy that differs from what is here; null when none does.</param>
internal sealed record CopyOutcome(int Delivered, IReadOnlyList<Detection> Late, CheckpointProblem? Problem);

/// <summary>
/// Copies each checkpoint to the places of the auditor's choosing, so that a history which is rewritten here shows there: the newest first,
/// since a checkpoint vouches for all before it, then what still waits, the oldest first. A place that does not take one is tried again at
/// the next call. A place that is new begins with the newest.
/// </summary>
/// <param name="storage">Where the checkpoints are.</param>
/// <param name="memory">How far each place has got.</param>
/// <param name="places">The places.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Informed of what was not taken.</param>
internal sealed partial class CheckpointCopies(
    StateStorage storage,
    LedgerMemory memory,
    IReadOnlyList<ICheckpointCopy> places,
    TimeProvider time,
    ILogger<CheckpointCopies> log
)
{
    /// <summary>So long a checkpoint may wait before it is a finding.</summary>
    public static readonly TimeSpan MayWait = TimeSpan.FromHours(24);

    /// <summary>So many go to a place in one call: the rest comes with the next, and is a finding when it waits for too long.</summary>
    public const int MaxAtOnce = 100;

    /// <summary>Delivers what waits.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="latest">Size of the latest checkpoint.</param>
    /// <param name="cancellationToken">Stops between deliveries.</param>
    /// <exception cref="RequestFailedException">State cannot be read or written.</exception>
    /// <exception cref="IOException">The checkpoints cannot be read.</exception>
    public async Task<CopyOutcome> DeliverAsync(string tenant, long latest, CancellationToken cancellationToken)
    {
        var source = new BlobLedgerSource(storage.Evidence, StateKeys.Safe(tenant, "a tenant id"));
        IReadOnlyList<long>? sizes = null;
        var late = new List<Detection>();
        var (delivered, problem) = (0, (CheckpointProblem?)null);
        foreach (var copy in places)
        {
            var before = await memory.CopyAsync(tenant, copy.Place, cancellationToken);
            if (before is { WaitingSince: null } && before.DeliveredSize >= latest)
                continue;
            sizes ??= [.. (await source.CheckpointsAsync(cancellationToken)).Where(s => s > 0 && s <= latest)];
            var (after, count, failed) = await DeliverAsync(copy, tenant, source, before, sizes, cancellationToken);
            delivered += count;
            if (after != before)
                await memory.SaveCopyAsync(tenant, copy.Place, after, cancellationToken);
            if (failed is { Problem: { } differs })
                problem ??= differs;
            if (after.WaitingSince is { } since && time.GetUtcNow() - since > MayWait)
                late.Add(Late(copy.Place, after, latest, since, failed?.Reason));
        }
        return new(delivered, late, problem);
    }

    private async Task<(CopyState After, int Count, Failure? Failed)> DeliverAsync(
        ICheckpointCopy copy,
        string tenant,
        BlobLedgerSource source,
        CopyState? before,
        IReadOnlyList<long> sizes,
        CancellationToken cancellationToken
    )
    {
        var state = before ?? new(0, null, 0);
        var waiting = sizes.Where(s => s > state.DeliveredSize && s != state.NewestSize).ToList();
        var newest = waiting.Count > 0 && waiting[^1] == sizes[^1] ? waiting[^1] : 0;
        // Of a place that has none yet, the newest alone.
        IEnumerable<long> older = state.DeliveredSize == 0 ? [] : waiting.Where(s => s != newest);
        List<long> order = newest > 0 ? [newest, .. older] : [.. older];
        var count = 0;
        foreach (var size in order.Take(MaxAtOnce))
        {
            Failure? failed = null;
            try
            {
                var note =
                    await source.FindAsync(LedgerLayout.Checkpoint(size), SignedNote.MaxBytes, cancellationToken)
                    ?? throw new IOException($"{LedgerLayout.Checkpoint(size)} vanished");
                await copy.DeliverAsync(tenant, size, note, cancellationToken);
            }
            catch (CopyFailedException e)
            {
                failed = new(e.Message, null);
            }
            catch (CheckpointProblemException e)
            {
                failed = new(e.Message, e.Problem);
            }
            if (failed is not null)
            {
                NotTaken(tenant, copy.Place.Name, size, failed.Reason);
                return (state with { WaitingSince = state.WaitingSince ?? time.GetUtcNow() }, count, failed);
            }
            count++;
            state = size == newest ? state with { NewestSize = size } : state with { DeliveredSize = size };
        }
        return (
            order.Count > MaxAtOnce
                ? state with
                {
                    WaitingSince = state.WaitingSince ?? time.GetUtcNow(),
                }
                : state with
                {
                    DeliveredSize = Math.Max(state.DeliveredSize, state.NewestSize),
                    WaitingSince = null,
                },
            count,
            null
        );
    }

    private static Detection Late(CopyPlace place, CopyState state, long latest, DateTimeOffset since, string? reason) =>
        new()
        {
            ControlId = LedgerControls.CopyNotDelivered,
            Severity = LedgerControls.Catalogue.Get(LedgerControls.CopyNotDelivered).Severity,
            Subject = new(LedgerControls.CopySubject, place.Id, place.Name),
            Source = LedgerControls.CopiesSource,
            Reason =
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Checkpoints after the one of {state.DeliveredSize} records wait since {since.UtcDateTime:yyyy-MM-dd HH:mm}Z: "
                )
                + (reason ?? $"more are signed than the {MaxAtOnce} that a run copies")
                + (state.NewestSize >= latest ? ". The newest was taken" : ""),
            NextStep = reason is null
                ? $"Fire {LedgerCheckpointer.FunctionName} by hand until nothing waits, each time copies {MaxAtOnce}: "
                    + $"POST /admin/functions/{LedgerCheckpointer.FunctionName} with the master key in header "
                    + "x-functions-key and the body {\"input\":\"\"}"
                : "Correct the place or its entry in setting "
                    + $"{EvidenceOptions.CopiesSetting.Replace(":", "__", StringComparison.Ordinal)}; "
                    + "the next hourly run delivers what waits",
        };

    [LoggerMessage(1212, LogLevel.Warning, "Ledger of {Tenant}: {Place} did not take the checkpoint of {Size} records: {Reason}")]
    private partial void NotTaken(string tenant, string place, long size, string reason);

    private sealed record Failure(string Reason, CheckpointProblem? Problem);
}
