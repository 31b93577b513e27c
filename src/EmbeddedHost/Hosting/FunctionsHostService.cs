using EmbeddedHost.Configuration;
using EmbeddedHost.Durable;
using EmbeddedHost.EventGrid;
using EmbeddedHost.Http;
using EmbeddedHost.Invocation;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Hosting;

/// <summary>
/// Starts and stops the functions. It is the last hosted service of the app: it starts when all others have, and stops before them.
/// </summary>
internal sealed class FunctionsHostService(
    FunctionCatalog catalog,
    HostSettings settings,
    Problems problems,
    HttpServer http,
    DurableEngine durable,
    RunningInvocations running,
    TimeProvider time,
    ILogger<FunctionsHostService> logger) : IHostedService
{
    // What a cancelled run gets to end in before the host leaves it behind.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly List<IListener> _listeners = [];

    /// <summary>How long the app's host must wait for this service to stop.</summary>
    public static TimeSpan StopTime(HostSettings settings) => settings.DrainTime + (2 * Grace);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        catalog.Load(problems);
        problems.ThrowIfAny();
        WarnOfMissingKeys();
        await durable.StartAsync(cancellationToken);
        await http.StartAsync(cancellationToken);
        foreach (var function in catalog.All)
        {
            if (!function.Disabled && function.Trigger.CreateListener(function) is { } listener)
                _listeners.Add(listener);
        }

        foreach (var function in catalog.All)
        {
            if (function.Disabled)
                logger.Disabled(function.Name, function.Trigger.Type);
            else if (function.Trigger is BoundHttp route)
                logger.Route(function.Name, string.Join(',', route.Methods), new Uri(http.Address, "/" + Uri.EscapeDataString(route.Pattern.RawText!).Replace("%2F", "/", StringComparison.Ordinal)));
            else
                logger.Function(function.Name, function.Trigger.Type);
        }

        foreach (var listener in _listeners)
            listener.Start();
        logger.Listening(http.Address.GetLeftPart(UriPartial.Authority));
    }

    /// <summary>Takes no new work, lets runs end within the drain time, then cancels their tokens.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var listener in _listeners)
            listener.BeginStop();
        durable.BeginStop();
        using var drain = new CancellationTokenSource(settings.DrainTime, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(drain.Token, cancellationToken);
        var work = Task.WhenAll([.. _listeners.Select(l => l.Stopped), EndedAsync()]);
        await Quietly(Task.WhenAll(http.StopAsync(stop.Token), work.WaitAsync(stop.Token)));
        if (!work.IsCompleted)
        {
            logger.DrainOver(settings.DrainTime.TotalSeconds);
            await running.AbortAsync();
            using var grace = new CancellationTokenSource(Grace, time);
            await Quietly(work.WaitAsync(grace.Token));
        }

        if (!work.IsCompleted)
        {
            logger.LeftBehind();
            return;
        }

        await durable.DisposeAsync();

        _listeners.ForEach(l => l.Dispose());
        _listeners.Clear();
        logger.Stopped();
    }

    // A run may have set off a step of an orchestration, but a step begins no run any more.
    private async Task EndedAsync()
    {
        await running.WhenNoneAsync(CancellationToken.None);
        await durable.WhenQuietAsync();
    }

    private static async Task Quietly(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private void WarnOfMissingKeys()
    {
        var on = catalog.All.Where(f => !f.Disabled).ToList();
        if (settings.MasterKey is null)
            logger.KeyMissing(HostSettings.MasterKeySetting, "/admin and functions of AuthorizationLevel.Admin");
        if (settings.DefaultKey is null && on.Any(f => f.Trigger is BoundHttp { Level: AuthorizationLevel.Function }))
            logger.KeyMissing(HostSettings.DefaultKeySetting, "functions of AuthorizationLevel.Function");
        if (settings.EventGridKey is null && on.Any(f => f.Trigger is BoundEventGrid))
            logger.KeyMissing(HostSettings.EventGridKeySetting, EventGridWebhook.Path);
    }
}
