using Compliance.Offboarding.Desk;
using Microsoft.Extensions.Logging;

namespace ComplianceFunctions;

/// <summary>Timers of the offboarding capability.</summary>
public sealed partial class LeaverTimers(CaseSweep sweep, LeaverDaily daily, LeaverDispatcher dispatcher, ILogger<LeaverTimers> log)
{
    /// <summary>Starts what should be running and is not: cut off before it was started, failed, terminated or purged.</summary>
    [Function("LeaverSweep")]
    public async Task Sweep(
        [TimerTrigger("%LeaverSweepSchedule%")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    )
    {
        var began = sweep.Now;
        var failures = await EachAsync(
            await sweep.ExpectedAsync(cancellationToken),
            run => dispatcher.EnsureAsync(run, client, cancellationToken),
            cancellationToken
        );
        await sweep.SweptAsync(began, failures.Count == 0, cancellationToken);
        Throw(failures);
    }

    /// <summary>The daily look: leavers no event reported, an HR system that fell silent, former leavers who have access again.</summary>
    [Function("LeaverWatch")]
    public async Task Watch(
        [TimerTrigger("%LeaverWatchSchedule%")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    )
    {
        // Each on its own: what keeps one from being made must not keep the others.
        var failures = await EachAsync(
            [c => ReopenAsync(client, c), .. daily.Checks],
            check => check(cancellationToken),
            cancellationToken
        );
        Throw(failures);
    }

    private async Task ReopenAsync(DurableTaskClient client, CancellationToken cancellationToken) =>
        Throw(
            await EachAsync(
                await daily.WatchFormerAsync(cancellationToken),
                d => dispatcher.DispatchAsync(d, client, cancellationToken),
                cancellationToken
            )
        );

    private async Task<IReadOnlyList<Exception>> EachAsync<T>(
        IReadOnlyList<T> items,
        Func<T, Task> act,
        CancellationToken cancellationToken
    )
    {
        var failures = new List<Exception>();
        foreach (var item in items)
        {
            try
            {
                await act(item);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                Failed(log, e);
                failures.Add(e);
            }
        }
        return failures;
    }

    private static void Throw(IReadOnlyList<Exception> failures)
    {
        if (failures.Count > 0)
            throw new AggregateException(failures);
    }

    [LoggerMessage(4102, LogLevel.Error, "One of several things to see to failed; the others were seen to")]
    private static partial void Failed(ILogger logger, Exception failure);
}
