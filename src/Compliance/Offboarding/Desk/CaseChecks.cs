using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Rounds;
using Compliance.Runs;
using Compliance.Storage;

namespace Compliance.Offboarding.Desk;

/// <summary>The daily checks of cases, each watched under a name of its own.</summary>
internal sealed class CaseChecks(
    TenantId tenant,
    ScheduledRuns scheduled,
    CaseCourse course,
    NotGivenBackCheck notGivenBack,
    LockedOutCheck lockedOut
)
{
    private static readonly ScheduledControl Course = DailyCheck.Expected("LeaverCaseCheck");
    private static readonly ScheduledControl NotGivenBack = DailyCheck.Expected("LeaverNotGivenBackCheck");
    private static readonly ScheduledControl LockedOut = DailyCheck.Expected("LeaverLockedOutCheck");

    /// <summary>What the watch over the controls expects of them.</summary>
    public static IReadOnlyList<ScheduledControl> Expected { get; } = [Course, NotGivenBack, LockedOut];

    /// <summary>Who is due and can still sign in.</summary>
    public Task CheckCourseAsync(CancellationToken cancellationToken) => RunAsync(Course, course.CheckAsync, cancellationToken);

    /// <summary>What could not be given back.</summary>
    public Task CheckNotGivenBackAsync(CancellationToken cancellationToken) =>
        RunAsync(NotGivenBack, notGivenBack.RunAsync, cancellationToken);

    /// <summary>Who is employed again with an account that is disabled still.</summary>
    public Task CheckLockedOutAsync(CancellationToken cancellationToken) => RunAsync(LockedOut, lockedOut.RunAsync, cancellationToken);

    // One that failed did not run: after a day or so the watch over the controls reports it.
    private Task<bool> RunAsync(ScheduledControl control, Func<CancellationToken, Task> check, CancellationToken cancellationToken) =>
        scheduled.RunAsync(
            tenant.Value,
            control.Name,
            async _ =>
            {
                await check(cancellationToken);
                return true;
            },
            cancellationToken
        );
}
