using Compliance.Changes.Approvals;
using Compliance.Changes.Guards;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Erasure;
using Compliance.Offboarding.Intake;
using Compliance.Offboarding.Policy;
using Compliance.Offboarding.Rounds;
using Compliance.Runs;
using Compliance.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Compliance.Offboarding.Desk;

/// <summary>Registers where offboarding meets the outside.</summary>
internal static class DeskServices
{
    public static IServiceCollection AddDesk(this IServiceCollection services)
    {
        foreach (var expected in CaseChecks.Expected)
            services.AddSingleton(expected);
        services.AddSingleton(ExpiryErasure.Itself);
        return services
            .AddSingleton<ExpiryErasure>()
            .AddSingleton<CaseChecks>()
            .AddSingleton<OutstandingWork>()
            .AddSingleton<OnePersonRule>()
            .AddSingleton<ErasureQuestions>()
            .AddSingleton<AnswerSettling>()
            .AddRuns()
            .AddRequests();
    }

    // What timers and queues start.
    private static IServiceCollection AddRuns(this IServiceCollection services) =>
        services
            .AddSingleton(p => new DispatchSettling(p.GetRequiredService<LeaverIntake>(), p.GetRequiredService<ForCauseConfirmation>()))
            .AddSingleton(p => new CaseSweep(
                p.GetRequiredService<TenantId>(),
                p.GetRequiredService<IRunLog>(),
                p.GetRequiredService<CaseCourse>(),
                p.GetRequiredService<LeaverIntake>(),
                p.GetRequiredService<OutstandingWork>(),
                p.GetRequiredService<TimeProvider>()
            ))
            .AddSingleton(p => new LeaverDaily(
                p.GetRequiredService<FormerLeavers>(),
                p.GetRequiredService<LeaverWatch>(),
                p.GetRequiredService<CaseChecks>(),
                p.GetRequiredService<CaseCourse>(),
                p.GetRequiredService<ExpiryErasure>(),
                p.GetRequiredService<TimeProvider>()
            ));

    // What HR and people ask for over HTTP.
    private static IServiceCollection AddRequests(this IServiceCollection services) =>
        services
            .AddSingleton(p => new HrDesk(
                p.GetRequiredService<HrWebhook>(),
                p.GetRequiredService<LeaverIntake>(),
                p.GetRequiredService<ForCauseStarts>(),
                p.GetRequiredService<Approvers>(),
                p.GetRequiredService<BlockingFirst>(),
                p.GetRequiredService<TimeProvider>()
            ))
            .AddSingleton(p => new CaseDesk(
                p.GetRequiredService<TenantId>(),
                p.GetRequiredService<ILeaverCases>(),
                p.GetRequiredService<BlobDocumentStore>()
            ))
            .AddSingleton(p => new DryRuns(
                p.GetRequiredService<TenantId>(),
                p.GetRequiredService<IOffboardingPolicySource>(),
                p.GetRequiredService<OwnIdentity>(),
                p.GetRequiredService<ILeaverDirectory>(),
                p.GetRequiredService<TablePolicyActs>()
            ))
            .AddSingleton(p => new ApprovalDesk(
                p.GetRequiredService<TenantId>(),
                p.GetRequiredService<Approvers>(),
                p.GetRequiredService<ApprovalBoard>(),
                p.GetRequiredService<OnePersonRule>(),
                p.GetRequiredService<EndedAccess>(),
                p.GetRequiredService<AnswerSettling>(),
                p.GetRequiredService<TimeProvider>()
            ))
            .AddSingleton(p => new ErasureDesk(
                p.GetRequiredService<Approvers>(),
                p.GetRequiredService<CaseDesk>(),
                p.GetRequiredService<DetailErasure>(),
                p.GetRequiredService<ErasureQuestions>()
            ));
}
