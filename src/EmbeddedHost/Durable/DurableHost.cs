using Azure;
using EmbeddedHost.Configuration;
using EmbeddedHost.Hosting;
using EmbeddedHost.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Durable;

/// <summary>The hub's life in this host: claimed before anything starts, taken up in the background, given back when all has stopped.</summary>
internal sealed class DurableHost(IServiceProvider services, StorageAccounts accounts, HostJson json, TimeProvider time, ILogger<DurableHub> logger) : IListener, IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private DurableHub? _hub;
    private HubLease? _lease;
    private bool _claimed;

    /// <summary>The hub.</summary>
    /// <exception cref="InvalidOperationException">The app has no orchestrations.</exception>
    public DurableHub Hub => _hub ?? throw new InvalidOperationException("this app has no orchestrator, so there is nothing a durable client could do");

    /// <summary>True when the app has orchestrations or activities.</summary>
    public bool Used => _hub is not null;

    public Task Stopped { get; private set; } = Task.CompletedTask;

    /// <summary>Makes the hub for the first function that needs it.</summary>
    public DurableHub? Open(string where, Problems problems)
    {
        if (_hub is not null)
            return _hub;
        if (accounts.Tables(where, problems) is not { } tables || accounts.Blobs(where, problems) is not { } blobs)
            return null;
        var store = new InstanceStore(tables, json.Durable.HubName);
        _hub = ActivatorUtilities.CreateInstance<DurableHub>(services, store, json.Durable, services);
        _lease = new HubLease(blobs, json.Durable.HubName, () => _hub.Lost("its lease ended while storage did not answer, or another process broke it"));
        return _hub;
    }

    /// <summary>Claims the hub. Storage that is away is waited for later.</summary>
    /// <exception cref="StartupException">Another process has it.</exception>
    public async Task ClaimAsync(CancellationToken stop)
    {
        if (_lease is null || _claimed)
            return;
        try
        {
            await _lease.AcquireAsync(stop);
            _claimed = true;
        }
        catch (RequestFailedException e)
        {
            logger.NotRecovered(e, Periods.FirstRetry.TotalSeconds);
        }
    }

    public void Start() => Stopped = Task.Run(async () =>
    {
        var wait = Periods.FirstRetry;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await ClaimAsync(_stop.Token);
                if (_claimed)
                {
                    await _hub!.RecoverAsync(_stop.Token);
                    return;
                }
            }
            catch (StartupException e)
            {
                _hub!.Lost(e.Message);
                _hub.NotRecovered(e);
                return;
            }
            catch (Exception e) when (e is RequestFailedException or AggregateException)
            {
                logger.NotRecovered(e, wait.TotalSeconds);
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                _hub!.NotRecovered(e);
                _hub.Lost(e.Message);
                return;
            }

            await Task.Delay(wait, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            wait = Periods.Twice(wait, Periods.LongestRetry);
        }
    });

    public void BeginStop()
    {
        _stop.Cancel();
        _hub?.BeginStop();
    }

    public void Dispose() => _hub?.Dispose();

    public async ValueTask DisposeAsync()
    {
        if (_lease is not null)
            await _lease.DisposeAsync();
        _stop.Dispose();
    }
}
