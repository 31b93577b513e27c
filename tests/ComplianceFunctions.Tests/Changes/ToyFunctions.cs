using Compliance.Changes.Flow;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace ComplianceFunctions.Tests.Changes;

/// <summary>The toy capability's functions: as thin as those of any capability.</summary>
internal sealed class ToyFunctions(ChangeFlow<Boxes> flow)
{
    private static readonly ChangeActivities Activities = new(
        nameof(ToyDecide),
        nameof(ToyStanding),
        nameof(ToyAct),
        nameof(ToyVerify),
        nameof(ToyCertify)
    );

    [Function(nameof(ToyRound))]
    public static Task<string> ToyRound([OrchestrationTrigger] TaskOrchestrationContext context, ChangeRun run) =>
        ChangeOrchestration.RunAsync(context, run, Activities);

    [Function(nameof(ToyDecide))]
    public Task<ChangeDecision> ToyDecide([ActivityTrigger] ChangeRun run, CancellationToken cancellationToken) =>
        flow.DecideAsync(run, cancellationToken);

    [Function(nameof(ToyStanding))]
    public Task<ApprovalStatus> ToyStanding([ActivityTrigger] ChangeApprovalRun run, CancellationToken cancellationToken) =>
        flow.ApprovalStatusAsync(run.Run, run.RequestId, cancellationToken);

    [Function(nameof(ToyAct))]
    public Task<ChangePass> ToyAct([ActivityTrigger] ChangePlanRun run, CancellationToken cancellationToken) =>
        flow.ActAsync(run.Run, run.PlanId, cancellationToken);

    [Function(nameof(ToyVerify))]
    public Task<ChangePass> ToyVerify([ActivityTrigger] ChangeRun run, CancellationToken cancellationToken) =>
        flow.VerifyAsync(run, cancellationToken);

    [Function(nameof(ToyCertify))]
    public Task<string> ToyCertify([ActivityTrigger] ChangeRun run, CancellationToken cancellationToken) =>
        flow.CertifyAsync(run, cancellationToken);
}
