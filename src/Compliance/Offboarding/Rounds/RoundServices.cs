using Compliance.Changes.Execution;
using Microsoft.Extensions.DependencyInjection;

namespace Compliance.Offboarding.Rounds;

/// <summary>Registers the steps of a leaver case.</summary>
internal static class RoundServices
{
    public static IServiceCollection AddRounds(this IServiceCollection services) =>
        services
            .AddSingleton<LeaverRounds>()
            .AddSingleton<PlanPasses>()
            .AddSingleton<RoundOutcomes>()
            .AddSingleton<RoundPasses>()
            .AddSingleton<CapPlaces>()
            .AddSingleton<RoundGate>()
            .AddSingleton<RoundQuestions>()
            .AddSingleton<TakenAccess>()
            .AddSingleton<NewOwners>()
            .AddSingleton<LeaverMatch>()
            .AddSingleton<AccessReads>()
            .AddSingleton<BlockGuards>()
            .AddSingleton<BlockBeginning>()
            .AddSingleton<BlockDecision>()
            .AddSingleton<Blocking>()
            .AddSingleton<BlockReview>()
            .AddSingleton<BlockAgain>()
            .AddSingleton<BlockGroupAct>()
            .AddSingleton<BlockGroups>()
            .AddSingleton<BlockStep>()
            .AddSingleton<RoundOpening>()
            .AddSingleton<RemovalGuards>()
            .AddSingleton<RemovalRecords>()
            .AddSingleton<RemovalPlanning>()
            .AddSingleton<RemoveStep>()
            .AddSingleton<VerifyStep>()
            .AddSingleton<CertifyStep>()
            .AddSingleton<QuestionReview>()
            .AddSingleton<ApprovalOutcomes>()
            .AddSingleton<AwaitStep>()
            .AddSingleton<UndoEnding>()
            .AddSingleton<UndoPlanning>()
            .AddSingleton<RestoreStep>()
            .AddSingleton<ForCauseConfirmation>()
            .AddSingleton<NotGivenBackCheck>()
            .AddSingleton<LockedOutCheck>()
            .AddSingleton(p => new LeaverSteps(
                p.GetRequiredService<BlockStep>(),
                p.GetRequiredService<AwaitStep>(),
                p.GetRequiredService<RemovalPlanning>(),
                p.GetRequiredService<RemoveStep>(),
                p.GetRequiredService<VerifyStep>(),
                p.GetRequiredService<CertifyStep>()
            ))
            .AddSingleton(p => new UndoSteps(p.GetRequiredService<UndoPlanning>(), p.GetRequiredService<RestoreStep>()));
}
