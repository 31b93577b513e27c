using Compliance.Changes.Approvals;
using Compliance.Changes.Caps;
using Compliance.Changes.Guards;
using Compliance.Changes.Pauses;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Notifications;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Desk;
using Compliance.Offboarding.Directory;
using Compliance.Offboarding.Erasure;
using Compliance.Offboarding.Execution;
using Compliance.Offboarding.Guards;
using Compliance.Offboarding.Intake;
using Compliance.Offboarding.Policy;
using Compliance.Offboarding.Rounds;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding;

/// <summary>Registers the offboarding capability. Needs what tenant, callers and state register.</summary>
internal static class OffboardingServices
{
    /// <summary>Reads settings and policy at once, so that an app with wrong ones does not start.</summary>
    /// <exception cref="Policies.PolicyException">The policy file has errors.</exception>
    /// <exception cref="StateSettingException">A setting is missing or cannot be used.</exception>
    public static IServiceCollection AddOffboarding(this IServiceCollection services, IConfiguration configuration)
    {
        var file = OffboardingPolicyFile.From(configuration);
        file.Load();
        services.AddSingleton<IOffboardingPolicySource>(file);
        services.AddSingleton(p => new WatchedPolicy("offboarding", _ => p.GetRequiredService<IOffboardingPolicySource>().Load()));
        services.AddSingleton(OwnIdentity.Read(configuration));
        services.AddApprovals();
        services.AddPause();
        services.AddLeaverDirectory();
        services.AddPlanExecutor();
        services.AddIntake(configuration);
        services.AddCases();
        services.AddSingleton(EvidencePolicy.LoadFile(configuration));
        services.AddRounds();
        services.AddDesk();
        services.TryAddSingleton(TimeProvider.System);
        return services;
    }

    private static void AddApprovals(this IServiceCollection services) =>
        services
            .AddSingleton<ApprovalBoard>()
            .AddSingleton<EndedAccess>()
            .AddSingleton<IApproverCheck>(p => p.GetRequiredService<EndedAccess>())
            .AddSingleton<IEndedPeople>(p => p.GetRequiredService<EndedAccess>())
            .AddSingleton<Approvers>();

    // From HR's events and its roster to cases.
    private static void AddIntake(this IServiceCollection services, IConfiguration configuration) =>
        services
            .AddSingleton<HrEventLog>()
            .AddSingleton<FindingWriter>()
            .AddSingleton(new WatchedQueue(HrDesk.Queue))
            .AddSingleton<IntakeReports>()
            .AddSingleton<IntakeRecords>()
            .AddSingleton<PersonCases>()
            .AddSingleton<LeaverIntake>()
            .AddSingleton(p =>
                WebhookKeySettings.Read(
                    configuration,
                    p.GetRequiredService<TenantConnection>(),
                    p.GetRequiredService<TimeProvider>(),
                    p.GetRequiredService<ILogger<VaultWebhookKeys>>()
                )
            )
            .AddSingleton<WebhookRefusals>()
            .AddSingleton<HrWebhook>()
            .AddSingleton<ILeavingUsers, GraphLeavingUsers>()
            .AddSingleton<HrRosterStore>()
            .AddSingleton<WatchReads>()
            .AddSingleton<LeaverWatch>()
            .AddSingleton(LeaverWatch.Itself);

    private static void AddCases(this IServiceCollection services) =>
        services
            .AddSingleton(p => new TableCapLedger(p.GetRequiredService<StateStorage>(), LeaverCaps.Table))
            .AddSingleton<TablePolicyActs>()
            .AddSingleton<TableLeaverCases>()
            .AddSingleton<ILeaverCases>(p => p.GetRequiredService<TableLeaverCases>())
            .AddSingleton(p => new BlobDocumentStore(p.GetRequiredService<StateStorage>(), CaseDocuments.Container))
            .AddSingleton<CaseFindings>()
            .AddSingleton<FormerLeavers>()
            .AddSingleton(FormerLeavers.Itself)
            .AddSingleton<ForCauseStarts>()
            .AddSingleton<CaseCourse>()
            .AddSingleton(CaseCourse.Itself)
            .AddSingleton<DetailErasure>()
            .AddSingleton<BlockingFirst>();
}
