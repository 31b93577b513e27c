using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Desk;
using Microsoft.Extensions.Logging;

namespace ComplianceFunctions;

/// <summary>Starts and notifies the orchestrations of leaver cases.</summary>
public sealed partial class LeaverDispatcher(DispatchSettling settling, CaseSweep sweep, ILogger<LeaverDispatcher> log)
{
    /// <summary>Does what an event asks for, and settles the event.</summary>
    public async Task DispatchAsync(LeaverDispatch dispatch, DurableTaskClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(dispatch);
        var known = dispatch.Case;
        if (dispatch.Start)
            await StartAsync(client, LeaverOrchestrations.Case, known.InstanceId, dispatch.Run, cancellationToken);
        else if (dispatch.Notify)
            await RaiseEventAsync(client, known.InstanceId, LeaverOrchestrations.HrChanged, "", cancellationToken);
        // One that runs already has to look again, whether or not it is wanted still.
        var started =
            dispatch.Undo && await StartAsync(client, LeaverOrchestrations.Undo, known.UndoInstanceId, dispatch.Run, cancellationToken);
        if (!started && (known.IsTaken || known.IsTakenFromOther) && (dispatch.Notify || dispatch.Start))
            await RaiseEventAsync(client, known.UndoInstanceId, LeaverOrchestrations.HrChanged, "", cancellationToken);
        await settling.SettleAsync(dispatch, cancellationToken);
    }

    /// <summary>
    /// Notifies what is expected to run: what a pause held asks again by itself, within a quarter of an hour, and a leaver who is not
    /// blocked should not wait for that.
    /// </summary>
    public async Task WakeAsync(DurableTaskClient client, CancellationToken cancellationToken)
    {
        foreach (var run in await sweep.ExpectedAsync(cancellationToken))
            await RaiseEventAsync(client, run.InstanceId, LeaverOrchestrations.HrChanged, "", cancellationToken);
    }

    /// <summary>Starts an orchestration that should be running and is not.</summary>
    public async Task EnsureAsync(LeaverRun run, DurableTaskClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(client);
        var instance = await client.GetInstanceAsync(run.InstanceId, cancellationToken);
        if (
            instance is { IsRunning: true } or { RuntimeStatus: OrchestrationRuntimeStatus.Pending or OrchestrationRuntimeStatus.Suspended }
        )
        {
            if (!run.IsKnownStarted)
                await sweep.StartedAsync(run, cancellationToken);
            return;
        }
        // One that gives access back may have ended because HR reported otherwise meanwhile.
        var isLost =
            run.IsKnownStarted || instance?.RuntimeStatus is OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Terminated;
        if (isLost && !await sweep.LostAsync(run, instance?.RuntimeStatus.ToString().ToLowerInvariant() ?? "purged", cancellationToken))
            return;
        await StartAsync(
            client,
            run.IsUndo ? LeaverOrchestrations.Undo : LeaverOrchestrations.Case,
            run.InstanceId,
            run.Input,
            cancellationToken
        );
        await sweep.StartedAsync(run, cancellationToken);
    }

    /// <summary>
    /// Raises an event for an orchestration. Every step reads what holds: one that is not there, or is lost, only costs a wait.
    /// </summary>
    public async Task RaiseEventAsync(
        DurableTaskClient client,
        string instanceId,
        string name,
        string data,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(client);
        try
        {
            await client.RaiseEventAsync(instanceId, name, data, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            NotNotified(log, instanceId, e.GetType().Name);
        }
    }

    // One orchestration per id: whoever comes second finds it there, which is as good. One that has ended is begun again.
    private async Task<bool> StartAsync(
        DurableTaskClient client,
        string orchestrator,
        string instanceId,
        CaseRun run,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(
                orchestrator,
                run,
                new StartOrchestrationOptions(instanceId),
                cancellationToken
            );
            return true;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            if (await client.GetInstanceAsync(instanceId, cancellationToken) is null)
                throw;
            Running(log, instanceId, e.GetType().Name);
            return false;
        }
    }

    [LoggerMessage(4100, LogLevel.Debug, "Orchestration {InstanceId} is there already ({Error})")]
    private static partial void Running(ILogger logger, string instanceId, string error);

    [LoggerMessage(4101, LogLevel.Debug, "Orchestration {InstanceId} was not notified ({Error})")]
    private static partial void NotNotified(ILogger logger, string instanceId, string error);
}
