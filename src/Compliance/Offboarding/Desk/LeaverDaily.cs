using Compliance.Observability;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Erasure;
using Compliance.Offboarding.Intake;
using Compliance.Offboarding.Rounds;

namespace Compliance.Offboarding.Desk;

/// <summary>The checks of every day: leavers no event reported, cases that do not go on, former leavers who have access again.</summary>
public sealed class LeaverDaily
{
    private readonly FormerLeavers _former;
    private readonly LeaverWatch _watch;
    private readonly CaseChecks _cases;
    private readonly CaseCourse _course;
    private readonly ExpiryErasure _erasure;
    private readonly TimeProvider _time;

    internal LeaverDaily(
        FormerLeavers former,
        LeaverWatch watch,
        CaseChecks cases,
        CaseCourse course,
        ExpiryErasure erasure,
        TimeProvider time
    )
    {
        (_former, _watch, _cases) = (former, watch, cases);
        (_course, _erasure, _time) = (course, erasure, time);
        Checks =
        [
            _cases.CheckCourseAsync,
            _watch.RunAsync,
            _cases.CheckNotGivenBackAsync,
            _cases.CheckLockedOutAsync,
            _course.RecordAsync,
            _erasure.RunAsync,
        ];
    }

    /// <summary>
    /// All checks but that of former leavers, in their order: what keeps one from being made must not keep the others. The last ones write
    /// evidence that is outstanding, and erase what names people where its time of keeping is over.
    /// </summary>
    public IReadOnlyList<Func<CancellationToken, Task>> Checks { get; }

    /// <summary>Checks former leavers: cases to be reopened, each with its next round.</summary>
    public async Task<IReadOnlyList<LeaverDispatch>> WatchFormerAsync(CancellationToken cancellationToken) =>
        [
            .. (await _former.RunAsync(cancellationToken)).Select(c =>
                LeaverDispatch.Create(c, start: true, CorrelationId.Current(c.InstanceId), null, _time.GetUtcNow())
            ),
        ];
}
