using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Observability;

namespace Compliance.Runs;

/// <summary>
/// The one envelope of a scheduled control: expected before it begins, measured, and remembered as run only once all it found is kept. A
/// run that fails is remembered as none, so that the watch over the controls reports it.
/// </summary>
internal sealed class ScheduledRuns(IRunLog runs, IFindingStore findings, IEvidenceLog evidence, TimeProvider time)
{
    /// <summary>Runs a control once.</summary>
    /// <param name="tenantId">Entra tenant id.</param>
    /// <param name="name">The name under which its runs are remembered.</param>
    /// <param name="controlAsync">The control. What it throws is thrown on, and the run does not count.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <exception cref="Azure.RequestFailedException">State or evidence storage failed. The run does not count as done.</exception>
    public async Task<T> RunAsync<T>(
        string tenantId,
        string name,
        Func<ScheduledRun, Task<T>> controlAsync,
        CancellationToken cancellationToken
    )
    {
        var began = time.GetTimestamp();
        using var activity = Telemetry.Source.StartActivity(name);
        var run = Create(tenantId, name);
        try
        {
            await runs.ExpectAsync(tenantId, name, run.Stamp.StartedAt, cancellationToken);
            var result = await controlAsync(run);
            await runs.CompletedAsync(tenantId, name, run.Stamp, run.IsComplete, cancellationToken);
            Telemetry.RunEnded(name, run.IsComplete ? "complete" : "incomplete", time.GetElapsedTime(began));
            return result;
        }
        catch
        {
            Telemetry.RunEnded(name, "failed", time.GetElapsedTime(began));
            throw;
        }
    }

    /// <summary>A run that is neither expected nor remembered: what happens at a start, or after a plan.</summary>
    public ScheduledRun Create(string tenantId, string name)
    {
        var now = time.GetUtcNow();
        var correlation = CorrelationId.Current($"{tenantId} {name} {now:O}");
        return new(tenantId, name, new(RunIds.Create(name, now, correlation), now), correlation, findings, evidence);
    }
}

/// <summary>One run of a scheduled control.</summary>
internal sealed class ScheduledRun
{
    private readonly string _name;
    private readonly FindingWriter _findings;
    private readonly IEvidenceLog _evidence;

    internal ScheduledRun(
        string tenantId,
        string name,
        RunStamp stamp,
        string correlationId,
        IFindingStore findings,
        IEvidenceLog evidence
    )
    {
        (TenantId, _name, Stamp, CorrelationId, _evidence) = (tenantId, name, stamp, correlationId, evidence);
        _findings = new(findings);
    }

    /// <summary>Entra tenant id.</summary>
    public string TenantId { get; }

    /// <summary>Its id and when it began (UTC).</summary>
    public RunStamp Stamp { get; }

    /// <summary>When it began (UTC).</summary>
    public DateTimeOffset StartedAt => Stamp.StartedAt;

    /// <summary>Joins trigger, logs, traces and evidence.</summary>
    public string CorrelationId { get; }

    /// <summary>Whether everything was read: what was not seen is not called in order.</summary>
    public bool IsComplete { get; set; } = true;

    /// <summary>Brings the findings of some controls in line with what the run found.</summary>
    /// <inheritdoc cref="FindingWriter.ReconcileAsync"/>
    public Task<Reconciliation> ReconcileAsync(
        IReadOnlyCollection<string> controls,
        Func<IReadOnlyDictionary<string, StoredFinding>, IReadOnlyCollection<Detection>> detect,
        Coverage coverage,
        CancellationToken cancellationToken
    ) => _findings.ReconcileAsync(TenantId, controls, detect, coverage, Stamp, cancellationToken);

    /// <summary>Opens one finding, or brings it up to date; resolves none.</summary>
    public Task<Reconciliation> RaiseAsync(Detection detection, CancellationToken cancellationToken) =>
        _findings.RaiseAsync(TenantId, detection, Stamp, cancellationToken);

    /// <summary>Writes the run's one evidence record.</summary>
    /// <param name="action">What was done, for example <c>ledger.check</c>.</param>
    /// <param name="controls">Ids of the controls it is evidence for.</param>
    /// <param name="policySha256">SHA-256 of what it was judged by, lower-case hex.</param>
    /// <param name="counts">What was looked at, by name.</param>
    /// <param name="result">What became of the findings: their changes are added to the counts, and their digest to the record.</param>
    /// <param name="cancellationToken">Stops the write.</param>
    /// <exception cref="Azure.RequestFailedException">The record is not known to be kept. The run does not count as done.</exception>
    public async Task RecordAsync(
        string action,
        IReadOnlyList<string> controls,
        string policySha256,
        Dictionary<string, long> counts,
        Reconciliation result,
        CancellationToken cancellationToken
    ) =>
        await _evidence.AppendAsync(
            new EvidenceRecord
            {
                Id = Stamp.Id,
                Time = StartedAt,
                Actor = $"{_name} (timer)",
                Action = action,
                TenantId = TenantId,
                PolicySha256 = policySha256,
                Controls = controls,
                Outcome = IsComplete ? "complete" : "incomplete",
                Counts = new Dictionary<string, long>(counts)
                {
                    ["opened"] = result.Count(ChangeKind.Opened),
                    ["reopened"] = result.Count(ChangeKind.Reopened),
                    ["resolved"] = result.Count(ChangeKind.Resolved),
                },
                FindingsSha256 = FindingDigest.Compute(result.Findings),
                CorrelationId = CorrelationId,
            },
            cancellationToken
        );
}
