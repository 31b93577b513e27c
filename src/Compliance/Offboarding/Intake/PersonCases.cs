using Compliance.Offboarding.Cases;
using Compliance.Storage;

namespace Compliance.Offboarding.Intake;

/// <summary>The cases of one person: one an employment.</summary>
internal sealed class PersonCases(TenantId tenant, TableLeaverCases cases, IntakeReports reports)
{
    /// <summary>Notes the employment of an event.</summary>
    /// <param name="hrEvent">The event.</param>
    /// <param name="own">Id of the case that the employment has, unless it began otherwise.</param>
    /// <param name="cancellationToken">Stops between writes.</param>
    /// <returns>Id of its case, and those of all cases of the person.</returns>
    public Task<(string CaseId, IReadOnlyList<string> All)> NoteAsync(HrEvent hrEvent, string own, CancellationToken cancellationToken) =>
        cases.NoteAsync(
            tenant.Value,
            hrEvent.EmployeeId,
            (ids, all) => CaseRules.IdOf(own, HrEventKeys.CaseOfStart(tenant.Value, hrEvent.EmployeeId), hrEvent.Employment, ids, all),
            cancellationToken
        );

    /// <summary>Takes an event into its case.</summary>
    public async Task<Taken> TakeAsync(string caseId, HrEvent hrEvent, DateTimeOffset now, CancellationToken cancellationToken)
    {
        Taken? taken = null;
        await cases.PutAsync(
            tenant.Value,
            caseId,
            known => (taken = CaseRules.Take(tenant.Value, known, hrEvent, now, caseId)).Case,
            cancellationToken
        );
        return taken!;
    }

    /// <summary>Notes that the orchestration of a round is started.</summary>
    public Task ConfirmDispatchedAsync(string caseId, int round, CancellationToken cancellationToken) =>
        cases.ChangeAsync(tenant.Value, caseId, c => c.Round == round ? c with { Dispatched = true } : c, cancellationToken);

    /// <summary>Has the cases of a person's other employments act no more while HR reports that the person is employed.</summary>
    /// <param name="caseIds">All cases of the person.</param>
    /// <param name="present">The case of the event.</param>
    /// <param name="key">Names the event.</param>
    /// <param name="now">When it arrived (UTC).</param>
    /// <param name="cancellationToken">Stops between writes.</param>
    /// <returns>The case of the event afterwards.</returns>
    public async Task<LeaverCase> RestAsync(
        IReadOnlyList<string> caseIds,
        LeaverCase present,
        string key,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var all = new List<LeaverCase>();
        foreach (var id in caseIds)
            if (await cases.FindAsync(tenant.Value, id, cancellationToken) is { } found)
                all.Add(found);
        foreach (var known in all.Where(c => c.EmployeeId != LeaverCase.Erased))
        {
            var employed = CaseRules.EmployedIn(known, all, now);
            var after =
                employed == known.EmployedIn
                    ? known
                    : await cases.ChangeAsync(
                        tenant.Value,
                        known.Id,
                        c =>
                        {
                            c = employed is null ? CaseRules.EmployedNoMore(c) : c with { EmployedIn = employed };
                            // What has not begun has no orchestration that would bring it to rest.
                            return employed is not null && CaseRules.IsActing(c) && c.BegunAt is null ? CaseRules.AtRest(c, now) : c;
                        },
                        cancellationToken
                    );
            // Also where the event comes again: it may have been cut off before this.
            await reports.RaiseWorksOnAsync(after, all, key, now, cancellationToken);
            if (after.Id == present.Id)
                present = after;
        }
        return present;
    }
}
