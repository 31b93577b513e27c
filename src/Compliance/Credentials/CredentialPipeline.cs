using Compliance.Findings;
using Compliance.Ledger;

namespace Compliance.Credentials;

/// <summary>Observe, evaluate, find, record: the same for the whole tenant and for one object.</summary>
internal sealed class CredentialPipeline(
    ICredentialPolicySource policies,
    ITenantIdentity tenant,
    CredentialObserver observer,
    RunFindings findings,
    IEvidenceLog evidence
)
{
    /// <summary>Runs over a scope once. The same run again does no harm and leaves one evidence record.</summary>
    /// <exception cref="Policies.PolicyException">The policy file has errors; nothing was read.</exception>
    /// <exception cref="Azure.RequestFailedException">State or evidence storage failed.</exception>
    public async Task<CheckedScope> RunAsync(ICheckScope scope, RunStamp run, CancellationToken cancellationToken)
    {
        var policy = policies.Load(run.StartedAt);
        var (tenantId, tenantName) = await tenant.WhoAsync(cancellationToken);
        await scope.BeginAsync(tenantId, run, cancellationToken);
        // The findings are loaded while the tenant is read; what changes meanwhile makes the write lose, and is decided again.
        var loading = findings.LoadAsync(tenantId, cancellationToken);
        var observed = await observer.ObserveAsync(scope, policy, tenantId, run, cancellationToken);
        var known = await loading;
        var found = await scope.JudgeAsync(observed, known, cancellationToken);
        var saved = found.Newer is null
            ? await findings.SaveAsync(scope, observed, found, known, cancellationToken)
            : RunFindings.Show(observed, found);
        var done = new CheckedScope(observed, tenantName, found, saved);
        return done with { Receipt = await evidence.AppendAsync(RecordOf(scope, done), cancellationToken) };
    }

    // The record's id comes from the run's, so that a run that is tried again leaves one record.
    private static EvidenceRecord RecordOf(ICheckScope scope, CheckedScope done) =>
        new()
        {
            Id = $"{done.Observed.Run.Id}/{scope.Step}",
            Time = done.Observed.Run.StartedAt,
            Actor = scope.Actor,
            Action = $"credentials.{scope.Step}",
            TenantId = done.Observed.TenantId,
            PolicySha256 = done.Observed.Policy.Sha256,
            Controls = CredentialControls.All,
            Outcome = done.IsComplete ? "complete" : "incomplete",
            Counts = done.Counts,
            FindingsSha256 = done.FindingsSha256,
            CorrelationId = scope.CorrelationId,
        };
}
