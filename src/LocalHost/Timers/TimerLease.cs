using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging;

namespace LocalHost.Timers;

/// <summary>
/// The right to fire the timers of a host id: a blob lease, so that of two hosts side by side only one fires them. (The real host holds one
/// for each timer.) It lives in the world, so its times are those of the system clock.
/// </summary>
internal sealed class TimerLease : IAsyncDisposable
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RenewalPeriod = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(1);

    private readonly BlobLeaseClient _lease;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _released = new();
    private readonly Task _renewing;

    private TimerLease(BlobLeaseClient lease, ILogger logger)
    {
        _lease = lease;
        _logger = logger;
        _renewing = RenewAsync();
    }

    /// <summary>Cancelled when the lease is lost.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Waits until the lease is held.</summary>
    public static async Task<TimerLease> AcquireAsync(
        BlobContainerClient container,
        string hostId,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        var isReported = false;
        while (true)
        {
            try
            {
                return new TimerLease(await TakeAsync(container, hostId, cancellationToken), logger);
            }
            catch (RequestFailedException e) when (e.ErrorCode == "LeaseAlreadyPresent")
            {
                if (!isReported)
                    logger.LeaseTaken(hostId);
                isReported = true;
            }
            catch (Exception e) when (e is RequestFailedException or AggregateException)
            {
                logger.LeaseFailed(e);
            }

            await Task.Delay(RetryPeriod, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Gives the lease back, so that the next host has it at once.</summary>
    public async ValueTask DisposeAsync()
    {
        await _released.CancelAsync();
        await _renewing;
        try
        {
            await _lease.ReleaseAsync(cancellationToken: CancellationToken.None);
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException)
        {
            // It ends by itself.
        }

        _released.Dispose();
        _lost.Dispose();
    }

    private static async Task<BlobLeaseClient> TakeAsync(BlobContainerClient container, string hostId, CancellationToken cancellationToken)
    {
        await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        var blob = container.GetBlobClient($"locks/{hostId}/timers");
        if (!await blob.ExistsAsync(cancellationToken))
            await blob.UploadAsync(BinaryData.FromString(""), cancellationToken);
        var lease = blob.GetBlobLeaseClient();
        await lease.AcquireAsync(Duration, cancellationToken: cancellationToken);
        return lease;
    }

    private async Task RenewAsync()
    {
        var renewed = TimeProvider.System.GetTimestamp();
        while (!_released.IsCancellationRequested)
        {
            await Task.Delay(RenewalPeriod, TimeProvider.System, _released.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await _lease.RenewAsync(cancellationToken: _released.Token);
                renewed = TimeProvider.System.GetTimestamp();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (RequestFailedException e) when (e.Status is 404 or 409 or 412)
            {
                await LoseAsync();
                return;
            }
            catch (Exception e) when (e is RequestFailedException or AggregateException)
            {
                // Storage is away for a moment; the lease holds until its time is over.
                if (TimeProvider.System.GetElapsedTime(renewed) < Duration - RenewalPeriod)
                    continue;
                await LoseAsync();
                return;
            }
        }
    }

    private Task LoseAsync()
    {
        _logger.LeaseLost();
        return _lost.CancelAsync();
    }
}
