using Compliance.Findings;
using Compliance.Observability;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Intake;
using Compliance.Runs;
using Compliance.Storage;

namespace Compliance.Offboarding.Desk;

/// <summary>Finds the orchestrations that should be running and are not.</summary>
public sealed class CaseSweep
{
    private readonly TenantId _tenant;
    private readonly IRunLog _runs;
    private readonly CaseCourse _course;
    private readonly LeaverIntake _intake;
    private readonly OutstandingWork _outstanding;
    private readonly TimeProvider _time;

    internal CaseSweep(
        TenantId tenant,
        IRunLog runs,
        CaseCourse course,
        LeaverIntake intake,
        OutstandingWork outstanding,
        TimeProvider time
    ) => (_tenant, _runs, _course, _intake, _outstanding, _time) = (tenant, runs, course, intake, outstanding, time);

    /// <summary>What should be running by now. Whoever runs orchestrations starts what is not.</summary>
    public async Task<IReadOnlyList<LeaverRun>> ExpectedAsync(CancellationToken cancellationToken)
    {
        await _runs.ExpectAsync(_tenant.Value, CaseCourse.Sweep, _time.GetUtcNow(), cancellationToken);
        return
        [
            .. (await _course.ExpectedAsync(cancellationToken)).Select(e => new LeaverRun(
                e,
                new CaseRun(e.Case.Id, e.Case.Round, CorrelationId.Current(e.InstanceId))
            )),
        ];
    }

    /// <summary>An orchestration that was started is not there any more: keeps that, before it is started again.</summary>
    /// <param name="run">The orchestration.</param>
    /// <param name="found">What was found of it: <c>failed</c>, <c>terminated</c>, <c>completed</c>, <c>purged</c>.</param>
    /// <param name="cancellationToken">Stops between writes.</param>
    /// <returns>False when the case has come to rest meanwhile, so that there is nothing to start.</returns>
    public Task<bool> LostAsync(LeaverRun run, string found, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        return _course.LostAsync(run.Expected, found, cancellationToken);
    }

    /// <summary>An orchestration was started.</summary>
    public Task StartedAsync(LeaverRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.IsUndo
            ? Task.CompletedTask
            : _intake.ConfirmDispatchedAsync(run.Expected.Case.Id, run.Expected.Case.Round, cancellationToken);
    }

    /// <summary>The end of a sweep: evidence and refusals that are outstanding are written, after all that had to be started was.</summary>
    /// <param name="began">When it began (UTC).</param>
    /// <param name="complete">Whether all that had to be started was.</param>
    /// <param name="cancellationToken">Stops between writes.</param>
    public async Task SweptAsync(DateTimeOffset began, bool complete, CancellationToken cancellationToken)
    {
        await _outstanding.RunAsync(cancellationToken);
        await _runs.CompletedAsync(
            _tenant.Value,
            CaseCourse.Sweep,
            new RunStamp(RunIds.Create(CaseCourse.Sweep, began, CorrelationId.Current($"{_tenant.Value} {began:O}")), began),
            complete,
            cancellationToken
        );
    }

    /// <summary>The clock's time (UTC).</summary>
    public DateTimeOffset Now => _time.GetUtcNow();
}
