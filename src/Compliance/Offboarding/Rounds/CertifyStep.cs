using Compliance.Changes.Approvals;
using Compliance.Changes.Plans;
using Compliance.LedgerCheck;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Certificates;
using Compliance.Text;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Rounds;

/// <summary>
/// Issues the revocation certificate from the last fresh read: JSON and HTML, its digest in an evidence record. One that would say the same
/// as the last is issued once a day.
/// </summary>
internal sealed partial class CertifyStep(LeaverRounds rounds, RoundQuestions questions, LedgerKeeper checkpoints, ILogger<CertifyStep> log)
{
    // What has not changed is certified once a day.
    private static readonly TimeSpan Every = TimeSpan.FromDays(1);

    /// <inheritdoc cref="LeaverSteps.CertifyAsync"/>
    public async Task<string> CertifyAsync(CaseRun run, CancellationToken cancellationToken)
    {
        var known = await rounds.CaseAsync(run, cancellationToken);
        if (known.Round != run.Round)
            return "";
        var policy = rounds.LoadPolicy();
        var state = await rounds.StateAsync(run, cancellationToken);
        var verified = state.Verified
            ?? throw new InvalidOperationException($"case {run.CaseId} was not verified: there is nothing to certify");
        var signature = SignatureOf(verified, known, state);
        if (
            known.CertificateSha256 is { } issued
            && state.Certified is { } last
            && last.Signature == signature
            && verified.At - last.At < Every
        )
            return issued;
        var certificate = await BuildAsync(run, known, state, verified, policy, cancellationToken);
        var digest = await rounds.SaveAsync(run, "certificate.json", certificate, cancellationToken);
        await rounds.SavePageAsync(run, "certificate.html", CertificatePage.Html(certificate), cancellationToken);
        var gone = verified.Accesses.Count(a => a.State == AccessState.Removed);
        var counts = new Dictionary<string, long>
        {
            ["removed"] = gone,
            ["remaining"] = verified.Accesses.Count - gone,
            ["unread"] = verified.Unread.Count,
        };
        var what = new RoundEvidence
        {
            Phase = $"certificate-{digest[..12]}",
            At = verified.At,
            Action = "offboarding.certificate",
            Outcome = certificate.ClearAt is null ? "incomplete" : "complete",
            Controls = [OffboardingControls.NotClear, OffboardingControls.StepStuck],
            PlanId = known.PlanId,
            Counts = counts,
            Details = new Dictionary<string, string> { ["certificate.json"] = digest },
            Also = s => s with { Certified = new(signature, verified.At) },
        };
        await rounds.RecordAsync(run, policy, what, cancellationToken);
        await rounds.ChangeAsync(run, c => c.Round == run.Round ? c with { CertificateSha256 = digest } : c, cancellationToken);
        // The certificate is what an auditor asks for first.
        await checkpoints.AfterPlanAsync(known.PlanId ?? "", cancellationToken);
        Certified(log, run.CaseId, verified.Clear, gone, verified.Accesses.Count - gone);
        return digest;
    }

    private async Task<RevocationCertificate> BuildAsync(
        CaseRun run,
        LeaverCase known,
        CaseState state,
        VerifiedCase verified,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var approvals = new List<ApprovalRequest>();
        foreach (var id in state.Approvals)
            if (await questions.FindAsync(id, cancellationToken) is { } request)
                approvals.Add(request);
        return CertificateBuilder.Build(
            new CertificateInput(
                known,
                state.Facts!,
                await rounds.LoadBegunPlansAsync(run, state, cancellationToken),
                [.. state.Blocked, .. GroupOutcome(state), .. state.Outcomes],
                verified,
                approvals,
                [.. state.Evidence.Where(e => !e.Contains("-certificate-", StringComparison.Ordinal))],
                policy
            )
        );
    }

    /// <summary>The outcome of putting the person into the block group, if there is one.</summary>
    public static IEnumerable<StepOutcome> GroupOutcome(CaseState state) => state.Group?.Outcome is { } outcome ? [outcome] : [];

    // All that a certificate says but for its times.
    private static string SignatureOf(VerifiedCase verified, LeaverCase known, CaseState state) =>
        CanonicalJson.Sha256Of(
            new
            {
                blocked = known.BlockedAt is not null,
                verified.Clear,
                known.PlanId,
                accesses = verified.Accesses.Select(a => new
                {
                    a.Access.Key,
                    a.State,
                    a.Why,
                }),
                outside = verified.Outside.Select(a => a.Key),
                unread = verified.Unread.Select(s => s.Source),
                group = state.Group?.Outcome is { } outcome ? $"{state.Group.Id} {outcome.InEffect} {outcome.Result}" : null,
            }
        );

    [LoggerMessage(5002, LogLevel.Information, "Case {CaseId}: certificate issued, clear {Clear}; {Removed} accesses removed, {Left} not")]
    private static partial void Certified(ILogger logger, string caseId, bool clear, int removed, int left);
}
