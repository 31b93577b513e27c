using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using EmbeddedHost.Hosting;
using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Durable;

/// <summary>
/// One process has a hub at a time: it holds the lease of the blob <c>HUB-embedded/owner</c>, whose metadata say which process that is.
/// The storage service counts a lease in its own time, so this runs on the system's clock whatever the app's: a test alone gives another.
/// Needs Storage Blob Data Contributor; locally a connection string.
/// </summary>
internal sealed class HubLease(BlobServiceClient blobs, string hub, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(30);

    public static readonly TimeSpan Renewal = TimeSpan.FromSeconds(8);
    public static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    private readonly BlobContainerClient _container = blobs.GetBlobContainerClient(hub.ToLowerInvariant() + "-embedded");
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private BlobLeaseClient? _lease;
    private (long Ticks, DateTimeOffset Time) _renewed;
    private Task _renewal = Task.CompletedTask;

    /// <summary>Takes the hub. A holder on this machine that is gone is put aside at once, any other is waited for until its lease would end.</summary>
    /// <param name="lost">Called when the lease is lost later on.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="StartupException">Another process has the hub.</exception>
    /// <exception cref="RequestFailedException">Storage is down.</exception>
    public async Task TakeAsync(Action lost, CancellationToken stop)
    {
        await _container.CreateIfNotExistsAsync(cancellationToken: stop);
        var blob = _container.GetBlobClient("owner");
        try
        {
            await blob.UploadAsync(BinaryData.Empty, new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } }, stop);
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            // It is there, perhaps leased.
        }

        var lease = blob.GetBlobLeaseClient();
        var began = clock.GetTimestamp();
        while (!await TryAsync(lease, stop))
        {
            var properties = await blob.GetPropertiesAsync(cancellationToken: stop);
            var holder = Holder.Read(properties.Value.Metadata);
            if (holder is { IsHere: true, IsAlive: false })
            {
                logger.HolderGone(hub, holder.Process);
                await lease.BreakAsync(TimeSpan.Zero, cancellationToken: stop);
            }
            else if (holder is { IsHere: true } || clock.GetElapsedTime(began) > Length + Poll)
            {
                throw new StartupException($"The functions host cannot start: task hub {hub} is in use by {holder?.ToString() ?? "another process"}; stop it, or set extensions.durableTask.hubName in host.json to another name");
            }
            else
            {
                await Task.Delay(Poll, clock, stop);
            }
        }

        await blob.SetMetadataAsync(Holder.Self().Write(), new BlobRequestConditions { LeaseId = lease.LeaseId }, stop);
        Renewed(clock.GetTimestamp(), clock.GetUtcNow());
        _lease = lease;
        _renewal = Task.Run(() => RenewAsync(lease, lost), CancellationToken.None);
    }

    /// <summary>Makes sure that the hub is still this process's: asks storage when the last renewal is too long ago to tell, as after the machine slept.</summary>
    /// <exception cref="HubLostException">It is not.</exception>
    /// <exception cref="RequestFailedException">Storage is down.</exception>
    public async Task EnsureAsync(CancellationToken stop)
    {
        if (Age() < Length)
            return;
        if (_lease is not { } lease || !await RenewAsync(lease, stop))
            throw new HubLostException("its lease was taken by another process");
    }

    /// <summary>Gives the hub back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewal;
        if (Interlocked.Exchange(ref _lease, null) is { } lease)
        {
            try
            {
                await lease.ReleaseAsync();
            }
            catch (Exception e)
            {
                // It ends by itself.
                logger.NotReleased(e, hub);
            }
        }

        _stop.Dispose();
    }

    private static async Task<bool> TryAsync(BlobLeaseClient lease, CancellationToken stop)
    {
        try
        {
            await lease.AcquireAsync(Length, cancellationToken: stop);
            return true;
        }
        catch (RequestFailedException e) when (e.Status == 409)
        {
            return false;
        }
    }

    private async Task RenewAsync(BlobLeaseClient lease, Action lost)
    {
        while (true)
        {
            await Task.Delay(Renewal, clock, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stop.IsCancellationRequested)
                return;
            try
            {
                if (await RenewAsync(lease, _stop.Token))
                    continue;
                lost();
                return;
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Storage is down: so it is for whoever would take the hub. A lease that has run out and that nobody took is renewed all the same.
                logger.NotRenewed(e, hub, Age().TotalSeconds);
            }
        }
    }

    private async Task<bool> RenewAsync(BlobLeaseClient lease, CancellationToken stop)
    {
        // Counted from before the call: the service counts from somewhere within it.
        var (ticks, now) = (clock.GetTimestamp(), clock.GetUtcNow());
        try
        {
            await lease.RenewAsync(cancellationToken: stop);
            Renewed(ticks, now);
            return true;
        }
        catch (RequestFailedException e) when (e.Status is 404 or 409 or 412)
        {
            return false;
        }
    }

    private void Renewed(long ticks, DateTimeOffset time)
    {
        lock (_lock)
            _renewed = (ticks, time);
    }

    // Ticks stand still while a machine sleeps, and the time of day may be set back: the longer of the two counts.
    private TimeSpan Age()
    {
        lock (_lock)
        {
            var (ticks, day) = (clock.GetElapsedTime(_renewed.Ticks), clock.GetUtcNow() - _renewed.Time);
            return ticks > day ? ticks : day;
        }
    }

    /// <summary>The process that has the hub, as the blob's metadata say.</summary>
    private sealed record Holder(string Machine, int Process, string Started)
    {
        public bool IsHere => Machine == Environment.MachineName;

        public bool IsAlive => StartOf(Process) == Started;

        public static Holder Self() => new(Environment.MachineName, Environment.ProcessId, StartOf(Environment.ProcessId) ?? "");

        public static Holder? Read(IDictionary<string, string> metadata) =>
            metadata.TryGetValue("machine", out var machine) && metadata.TryGetValue("started", out var started) && metadata.TryGetValue("process", out var text)
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var process)
                ? new Holder(machine, process, started)
                : null;

        public Dictionary<string, string> Write() => new()
        {
            ["machine"] = Machine,
            ["process"] = Process.ToString(CultureInfo.InvariantCulture),
            ["started"] = Started,
        };

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"process {Process} on {Machine}");

        // A number is given to another process sooner or later; its start time tells the two apart.
        private static string? StartOf(int process)
        {
            try
            {
                using var running = System.Diagnostics.Process.GetProcessById(process);
                return running.HasExited ? null : running.StartTime.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                return null;
            }
        }
    }
}
