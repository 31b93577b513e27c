using Compliance.Changes.Flow;
using Compliance.Minimization.Sweeps;

namespace ComplianceFunctions;

/// <summary>
/// A sweep as an orchestration: list, plan page by page, carry out the plan of each data set, report, and verify when storage keeps nothing
/// of it any more. Every wait is durable; every step is an activity that is safe to repeat. Nothing here reads a clock, a service or a
/// setting.
/// </summary>
public sealed class SweepOrchestrations
{
    /// <summary>Name of the orchestration of a sweep.</summary>
    public const string Sweep = "Sweep";

    /// <summary>Name of the orchestration of one data set in a sweep.</summary>
    public const string DataSet = "SweepDataSet";

    // Pages that are planned at once, on however many instances there are.
    private const int PagesAtOnce = 20;

    private static readonly ChangeActivities Activities = new(
        nameof(SweepActivities.SweepDecide),
        nameof(SweepActivities.SweepApprovalStatus),
        nameof(SweepActivities.SweepAct),
        nameof(SweepActivities.SweepVerify),
        nameof(SweepActivities.SweepCertify)
    );

    // Some three hours. What is down for longer fails the orchestration, and the timer starts it again.
    private static readonly TaskOptions Retries = TaskOptions.FromRetryPolicy(
        new RetryPolicy(
            maxNumberOfAttempts: 20,
            firstRetryInterval: TimeSpan.FromSeconds(1),
            backoffCoefficient: 2,
            maxRetryInterval: TimeSpan.FromMinutes(15)
        )
    );

    /// <summary>Runs a sweep to its end.</summary>
    [Function(Sweep)]
    public static async Task<string> RunSweep([OrchestrationTrigger] TaskOrchestrationContext context, SweepRun run)
    {
        ArgumentNullException.ThrowIfNull(context);
        var pages = await context.CallActivityAsync<int>(nameof(SweepActivities.SweepList), run, Retries);
        for (var first = 0; first < pages; first += PagesAtOnce)
        {
            var some = Enumerable.Range(first, Math.Min(PagesAtOnce, pages - first));
            await Task.WhenAll(
                some.Select(page => context.CallActivityAsync(nameof(SweepActivities.SweepPlan), new SweepPage(run, page), Retries))
            );
        }
        var cases = await context.CallActivityAsync<IReadOnlyList<ChangeRun>>(nameof(SweepActivities.SweepPlanned), run, Retries);
        await Task.WhenAll(
            cases.Select(c => context.CallSubOrchestratorAsync<string>(DataSet, c, new SubOrchestrationOptions(Retries, c.InstanceId)))
        );
        var until = await context.CallActivityAsync<DateTime?>(nameof(SweepActivities.SweepComplete), run, Retries);
        if (until is not { } day)
            return "complete";
        if (day > context.CurrentUtcDateTime)
            await context.CreateTimer(day, CancellationToken.None);
        await context.CallActivityAsync(nameof(SweepActivities.SweepVerifyErasure), run, Retries);
        return "complete, and nothing is kept of it";
    }

    /// <summary>Decides on the plan of a data set, carries it out, verifies and certifies it.</summary>
    [Function(DataSet)]
    public static Task<string> RunDataSet([OrchestrationTrigger] TaskOrchestrationContext context, ChangeRun run) =>
        ChangeOrchestration.RunAsync(context, run, Activities);
}
