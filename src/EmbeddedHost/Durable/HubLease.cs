using System.Diagnostics;
using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using EmbeddedHost.Hosting;

namespace EmbeddedHost.Durable;

/// <summary>
/// Holds the hub for this process: a lease on one blob. A process that was killed leaves its lease behind; the blob names it, and a start on the same machine
/// that finds it gone takes the hub at once. Renewed on the real clock, which is the lease's own.
/// </summary>
internal sealed class HubLease(BlobServiceClient blobs, string hub, Action lost) : IAsyncDisposable
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(20);

    private readonly BlobClient _blob = blobs.GetBlobContainerClient("azure-webjobs-hosts").GetBlobClient($"durable/{hub.ToLowerInvariant()}.lease");
    private readonly CancellationTokenSource _stop = new();
    private BlobLeaseClient? _lease;
    private int _disposed;
    private Task _renewing = Task.CompletedTask;

    /// <exception cref="StartupException">Another process holds the hub.</exception>
    public async Task AcquireAsync(CancellationToken stop)
    {
        await blobs.GetBlobContainerClient("azure-webjobs-hosts").CreateIfNotExistsAsync(cancellationToken: stop);
        try
        {
            await _blob.UploadAsync(BinaryData.Empty, new BlobUploadOptions { Conditions = new() { IfNoneMatch = ETag.All } }, stop);
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            // It is there already.
        }

        var lease = _blob.GetBlobLeaseClient();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await lease.AcquireAsync(Length, cancellationToken: stop);
                break;
            }
            catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.LeaseAlreadyPresent)
            {
                var owner = (await _blob.GetPropertiesAsync(cancellationToken: stop)).Value.Metadata;
                if (attempt > 3 || !IsGone(owner))
                    throw new StartupException($"another process runs the orchestrations of hub '{hub}' on this storage account ({Words(owner)}): stop it first, or give this one another storage account", e);
                await lease.BreakAsync(TimeSpan.Zero, cancellationToken: stop);
            }
        }

        _lease = lease;
        using var own = Process.GetCurrentProcess();
        await _blob.SetMetadataAsync(
            new Dictionary<string, string>
            {
                ["machine"] = Environment.MachineName,
                ["process"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
                ["started"] = Started(own),
            },
            new BlobRequestConditions { LeaseId = lease.LeaseId }, stop);
        _renewing = RenewAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;
        await _stop.CancelAsync();
        await _renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_lease is not null)
        {
            try
            {
                await _lease.ReleaseAsync();
            }
            catch (RequestFailedException)
            {
                // It ends by itself.
            }
        }

        _stop.Dispose();
    }

    private async Task RenewAsync()
    {
        using var timer = new PeriodicTimer(Renewal);
        var renewed = Stopwatch.GetTimestamp();
        while (await timer.WaitForNextTickAsync(_stop.Token))
        {
            try
            {
                await _lease!.RenewAsync(cancellationToken: _stop.Token);
                renewed = Stopwatch.GetTimestamp();
            }
            catch (RequestFailedException e) when (e.Status is 409 or 412 || Stopwatch.GetElapsedTime(renewed) > Length)
            {
                lost();
                return;
            }
            catch (RequestFailedException)
            {
                // Storage is away; the lease outlives a few tries, and the rows' versions keep others out.
            }
        }
    }

    private static bool IsGone(IDictionary<string, string> owner)
    {
        if (!owner.TryGetValue("machine", out var machine) || machine != Environment.MachineName
            || !owner.TryGetValue("process", out var id) || !int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        try
        {
            using var process = Process.GetProcessById(number);
            return process.HasExited || Started(process) != owner["started"];
        }
        catch (ArgumentException)
        {
            return true;
        }
    }

    private static string Started(Process process) => process.StartTime.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);

    private static string Words(IDictionary<string, string> owner) =>
        owner.TryGetValue("process", out var process) ? $"process {process} on {owner["machine"]}" : "it does not say which";
}
