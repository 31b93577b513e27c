using Compliance.Ledger;
using Compliance.Offboarding;
using Microsoft.Extensions.DependencyInjection;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>Lets something happen in the middle of a step: when it asks the directory, keeps its case, or records evidence.</summary>
internal sealed class Interruptions
{
    /// <summary>Happens before the directory looks the person up.</summary>
    public Func<Task>? BeforeLookUp { get; set; }

    /// <summary>Happens after all access was read and before the step has it.</summary>
    public Func<Task>? AfterReadAccess { get; set; }

    /// <summary>Happens after a change to a case was kept.</summary>
    public Func<LeaverCase, Task>? AfterChange { get; set; }

    /// <summary>Happens before a record is appended; what it throws is storage's failure.</summary>
    public Action<EvidenceRecord>? BeforeRecord { get; set; }

    /// <summary>Who was given as leaving as well, when it was asked who takes over.</summary>
    public IReadOnlySet<string> SaidLeaving { get; private set; } = new HashSet<string>();

    /// <summary>Puts itself between the steps and these services.</summary>
    public void Add(IServiceCollection services)
    {
        Wrap<ILeaverDirectory>(services, inner => new Directory(inner, this));
        Wrap<ILeaverCases>(services, inner => new Cases(inner, this));
        Wrap<IEvidenceLog>(services, inner => new Log(inner, this));
    }

    private static void Wrap<T>(IServiceCollection services, Func<T, T> wrap)
        where T : class
    {
        var inner = services.Last(s => s.ServiceType == typeof(T));
        services.AddSingleton(provider =>
            wrap(
                (T)(inner.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!))
            )
        );
    }

    private static Task OrNothing(Task? happening) => happening ?? Task.CompletedTask;

    private sealed class Directory(ILeaverDirectory inner, Interruptions here) : ILeaverDirectory
    {
        public async Task<LeaverLookup> LookUpAsync(HrEvent latest, OffboardingPolicy policy, CancellationToken cancellationToken)
        {
            await OrNothing(here.BeforeLookUp?.Invoke());
            return await inner.LookUpAsync(latest, policy, cancellationToken);
        }

        public Task<LeaverLookup> LookUpAsync(string userId, OffboardingPolicy policy, CancellationToken cancellationToken) =>
            inner.LookUpAsync(userId, policy, cancellationToken);

        public async Task<AccessSnapshot> ReadAccessAsync(
            string userId,
            string principalName,
            OffboardingPolicy policy,
            CancellationToken cancellationToken
        )
        {
            var read = await inner.ReadAccessAsync(userId, principalName, policy, cancellationToken);
            await OrNothing(here.AfterReadAccess?.Invoke());
            return read;
        }

        public Task<BlockGroup> BlockGroupAsync(string groupId, string userId, CancellationToken cancellationToken) =>
            inner.BlockGroupAsync(groupId, userId, cancellationToken);

        public Task<NewOwner?> NewOwnerAsync(string userId, IReadOnlySet<string> leaving, CancellationToken cancellationToken)
        {
            here.SaidLeaving = leaving;
            return inner.NewOwnerAsync(userId, leaving, cancellationToken);
        }

        public Task<EmployeeIds> EmployeeIdsAsync(IReadOnlyCollection<string> userIds, CancellationToken cancellationToken) =>
            inner.EmployeeIdsAsync(userIds, cancellationToken);

        public Task<IReadOnlyDictionary<string, Relapse>> RecheckAsync(
            IReadOnlyCollection<string> userIds,
            CancellationToken cancellationToken
        ) => inner.RecheckAsync(userIds, cancellationToken);
    }

    private sealed class Cases(ILeaverCases inner, Interruptions here) : ILeaverCases
    {
        public Task<LeaverCase?> FindAsync(string tenantId, string caseId, CancellationToken cancellationToken) =>
            inner.FindAsync(tenantId, caseId, cancellationToken);

        public Task<IReadOnlyList<LeaverCase>> AllAsync(string tenantId, CancellationToken cancellationToken) =>
            inner.AllAsync(tenantId, cancellationToken);

        public Task<IReadOnlyList<LeaverCase>> OpenAsync(string tenantId, DateTimeOffset? dueSince, CancellationToken cancellationToken) =>
            inner.OpenAsync(tenantId, dueSince, cancellationToken);

        public Task<IReadOnlyList<LeaverCase>> OfPersonAsync(string tenantId, string employeeId, CancellationToken cancellationToken) =>
            inner.OfPersonAsync(tenantId, employeeId, cancellationToken);

        public async Task<LeaverCase> ChangeAsync(
            string tenantId,
            string caseId,
            Func<LeaverCase, LeaverCase> change,
            CancellationToken cancellationToken
        )
        {
            var after = await inner.ChangeAsync(tenantId, caseId, change, cancellationToken);
            await OrNothing(here.AfterChange?.Invoke(after));
            return after;
        }
    }

    private sealed class Log(IEvidenceLog inner, Interruptions here) : IEvidenceLog
    {
        public Task<EvidenceReceipt> AppendAsync(EvidenceRecord record, CancellationToken cancellationToken)
        {
            here.BeforeRecord?.Invoke(record);
            return inner.AppendAsync(record, cancellationToken);
        }
    }
}
