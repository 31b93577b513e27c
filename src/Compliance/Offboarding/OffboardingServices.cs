using Compliance.Changes.Approvals;
using Compliance.Changes.Caps;
using Compliance.Changes.Guards;
using Compliance.Changes.Pauses;
using Compliance.Findings;
using Compliance.Ledger;
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

/// <summary>Registers the offboarding capability. Needs what tenant and state register.</summary>
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
        services.AddSingleton(ApprovalOptions.Read(configuration));
        services.AddSingleton(p => p.GetRequiredService<TenantConnection>().Options);
        services.AddSingleton<ISignInKeys, SignInKeys>();
        services.AddSingleton<ApproverTokenValidator>();
        services.AddSingleton<ApprovalBoard>();
        services.AddSingleton<IApproverCheck, EndedAccess>();
        services.AddSingleton<Approvers>();
        services.AddPause();

        services.AddLeaverDirectory();
        services.AddPlanExecutor();
        services.AddSingleton(p => new TableCapLedger(p.GetRequiredService<StateStorage>(), LeaverCaps.Table));
        services.AddSingleton<TablePolicyActs>();

        services.AddSingleton<TableLeaverCases>();
        services.AddSingleton<ILeaverCases>(p => p.GetRequiredService<TableLeaverCases>());
        services.AddSingleton(p => new BlobDocumentStore(p.GetRequiredService<StateStorage>(), CaseDocuments.Container));
        services.AddSingleton<HrEventLog>();
        services.AddSingleton<FindingWriter>();
        services.AddSingleton(new WatchedQueue(HrDesk.Queue));
        services.AddSingleton<IntakeReports>();
        services.AddSingleton<IntakeRecords>();
        services.AddSingleton<PersonCases>();
        services.AddSingleton<LeaverIntake>();
        services.AddSingleton(p =>
            WebhookKeySettings.Read(
                configuration,
                p.GetRequiredService<TenantConnection>(),
                p.GetRequiredService<TimeProvider>(),
                p.GetRequiredService<ILogger<VaultWebhookKeys>>()
            )
        );
        services.AddSingleton<WebhookRefusals>();
        services.AddSingleton<HrWebhook>();
        services.AddSingleton<ILeavingUsers, GraphLeavingUsers>();
        services.AddSingleton<HrRosterStore>();
        services.AddSingleton<WatchReads>();
        services.AddSingleton<LeaverWatch>();
        services.AddSingleton(LeaverWatch.Itself);

        services.AddSingleton<CaseFindings>();
        services.AddSingleton<FormerLeavers>();
        services.AddSingleton(FormerLeavers.Itself);
        services.AddSingleton<ForCauseStarts>();
        services.AddSingleton<CaseCourse>();
        services.AddSingleton(CaseCourse.Itself);
        // Read at the start, so that an app with a wrong one does not start.
        services.AddSingleton(EvidencePolicy.LoadFile(configuration));
        services.AddSingleton<DetailErasure>();
        services.AddSingleton<BlockingFirst>();
        services.AddRounds();
        services.AddDesk();
        services.TryAddSingleton(TimeProvider.System);
        return services;
    }
}
