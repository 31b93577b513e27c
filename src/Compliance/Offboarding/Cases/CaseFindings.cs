using Azure;
using Compliance.Findings;

namespace Compliance.Offboarding.Cases;

/// <summary>What part of a case a finding comes from: that part alone sees whether it is gone.</summary>
internal enum CasePhase
{
    /// <summary>Finding the person.</summary>
    Match,

    /// <summary>A guard.</summary>
    Hold,

    /// <summary>Waiting for approvers.</summary>
    Approval,

    /// <summary>Disabling the account.</summary>
    Block,

    /// <summary>Removing access, and the fresh read after it.</summary>
    Removal,

    /// <summary>The daily look at former leavers.</summary>
    Watch,

    /// <summary>Giving access back.</summary>
    Undo,

    /// <summary>Reading a former leaver again.</summary>
    Reading,

    /// <summary>Whether the case goes on at all.</summary>
    Course,

    /// <summary>Why it came to rest early.</summary>
    Rest,

    /// <summary>The second person's confirmation of a start for cause.</summary>
    Confirmation,

    /// <summary>Putting the person into the block group.</summary>
    Group,

    /// <summary>What could not be given back, and is tried no more.</summary>
    NotGivenBack,

    /// <summary>Whether somebody who is employed again has the account that the case disabled.</summary>
    LockedOut,
}

/// <summary>
/// The findings of one leaver case. Each phase reports all that it finds wrong at once; what it no longer reports is resolved.
/// </summary>
internal sealed class CaseFindings(IFindingStore findings)
{
    // Each time someone else changed a finding between reading and writing.
    private const int MaxRounds = 5;

    /// <summary>Controls a case reports on.</summary>
    public static IReadOnlyList<string> Controls { get; } =
    [.. OffboardingControls.Catalogue.Ids.Where(id => id.StartsWith("LEAVE-01", StringComparison.Ordinal)), OffboardingControls.NoMatch];

    /// <summary>All phases: what nothing is wrong with any more.</summary>
    public static IReadOnlyList<CasePhase> Phases { get; } = Enum.GetValues<CasePhase>();

    /// <summary>
    /// The subject of a case's findings. The case's id stands for the person: a finding outlives the right to know who it was.
    /// </summary>
    public static Subject SubjectOf(string caseId) => new(SubjectType, caseId, caseId);

    /// <summary>Kind of subject.</summary>
    public const string SubjectType = "leaverCase";

    /// <summary>The source of a phase's findings.</summary>
    public static string SourceOf(string caseId, CasePhase phase) => $"{SourceOf(caseId)}{phase}".ToLowerInvariant();

    /// <summary>
    /// A finding about a case as a whole. A part of it, another severity, or that it is not known whether something is wrong, is set on
    /// what is returned; policy lowers no severity that is set so.
    /// </summary>
    /// <param name="known">The case.</param>
    /// <param name="policy">In force: its severities and its contact.</param>
    /// <param name="phase">Where it comes from.</param>
    /// <param name="control">One of <see cref="OffboardingControls"/>.</param>
    /// <param name="reason">What is wrong, in words.</param>
    /// <param name="nextStep">What to do.</param>
    public static Detection Create(
        LeaverCase known,
        OffboardingPolicy policy,
        CasePhase phase,
        string control,
        string reason,
        string nextStep
    ) =>
        new()
        {
            ControlId = control,
            Severity = OffboardingControls.SeverityOf(control, policy),
            Subject = SubjectOf(known.Id),
            Source = SourceOf(known.Id, phase),
            Reason = reason,
            NextStep = nextStep,
            Since = known.ReceivedAt,
            Owner = policy.Contact is { } contact ? new Person(null, contact, contact, "policy") : null,
        };

    /// <summary>Opens findings, or brings them up to date; resolves none.</summary>
    public Task OpenAsync(
        string tenantId,
        string caseId,
        IReadOnlyList<string> controls,
        IReadOnlyCollection<Detection> detections,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) => SaveAsync(tenantId, caseId, controls, [], detections, now, cancellationToken);

    /// <summary>Makes the open findings of some phases be these.</summary>
    /// <exception cref="RequestFailedException">Storage failed, or others changed the findings in every attempt.</exception>
    public Task SetAsync(
        string tenantId,
        string caseId,
        IReadOnlyList<CasePhase> phases,
        IReadOnlyCollection<Detection> detections,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) => SaveAsync(tenantId, caseId, Controls, phases, detections, now, cancellationToken);

    /// <summary>Makes the open findings of some phases of a case be these.</summary>
    /// <exception cref="RequestFailedException">Storage failed, or others changed the findings in every attempt.</exception>
    public Task ReportAsync(
        LeaverCase known,
        IReadOnlyList<CasePhase> phases,
        IReadOnlyCollection<Detection> detections,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) => SetAsync(known.TenantId, known.Id, phases, detections, now, cancellationToken);

    /// <summary>Ids of the cases that have an open finding of a phase.</summary>
    public async Task<IReadOnlySet<string>> CasesAsync(string tenantId, CasePhase phase, CancellationToken cancellationToken) =>
        (await findings.LoadAsync(tenantId, Controls, cancellationToken))
            .Values.Select(f => f.Finding)
            .Where(f => f.Status != FindingStatus.Resolved && f.Detection.Source == SourceOf(f.Detection.Subject.Id, phase))
            .Select(f => f.Detection.Subject.Id)
            .ToHashSet(StringComparer.Ordinal);

    private static string SourceOf(string caseId) => $"leaver/{caseId}/";

    private async Task SaveAsync(
        string tenantId,
        string caseId,
        IReadOnlyList<string> controls,
        IReadOnlyList<CasePhase> phases,
        IReadOnlyCollection<Detection> detections,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var none = new HashSet<string>();
        var coverage = new Coverage([.. phases.Select(p => new SourceOutcome(SourceOf(caseId, p), Complete: true, 1))], none, none);
        var run = new RunStamp($"{caseId}-{now.UtcDateTime:yyyyMMddTHHmmssfffffffZ}", now);
        await new FindingWriter(findings).ReconcileAsync(
            tenantId,
            controls,
            _ => detections,
            coverage,
            run,
            cancellationToken,
            only: f => f.Detection.Source.StartsWith(SourceOf(caseId), StringComparison.Ordinal)
        );
    }
}
