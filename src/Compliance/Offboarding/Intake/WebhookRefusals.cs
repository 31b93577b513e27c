using System.Globalization;
using Azure;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Observability;
using Compliance.Offboarding.Policy;
using Compliance.Runs;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Intake;

/// <summary>
/// Counts what the webhook refuses. Every refusal gets into an evidence record, but at most one record a minute is written by a process,
/// and one finding an hour: a flood of forged requests fills neither ledger nor storage. Counted in the process; of several processes each
/// counts its own.
/// </summary>
internal sealed partial class WebhookRefusals(
    TenantId tenant,
    IEvidenceLog evidence,
    FindingWriter findings,
    IOffboardingPolicySource policy,
    TimeProvider time,
    ILogger<WebhookRefusals> log
)
{
    /// <summary>So many in an hour of the clock are a finding.</summary>
    public const int Many = 10;

    /// <summary>The shortest time between two records.</summary>
    public static readonly TimeSpan SingleFlight = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private SortedDictionary<string, long> _owed = new(StringComparer.Ordinal);
    private DateTimeOffset _since;
    private DateTimeOffset _nextRecord = DateTimeOffset.MinValue;
    private DateTimeOffset _hour;
    private long _inHour;
    private bool _notifiedInHour;

    /// <summary>Notes a refusal. Storage that is down is no reason to answer otherwise: the record is then outstanding.</summary>
    public async Task NoteAsync(WebhookOutcome.Refused refused, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var hour = new DateTimeOffset(now.UtcDateTime.Date.AddHours(now.UtcDateTime.Hour), TimeSpan.Zero);
        bool notify;
        lock (_lock)
        {
            if (_owed.Count == 0)
                _since = now;
            var name = refused.Status.ToString(CultureInfo.InvariantCulture);
            _owed[name] = _owed.GetValueOrDefault(name) + 1;
            if (hour != _hour)
                (_hour, _inHour, _notifiedInHour) = (hour, 0, false);
            notify = ++_inHour >= Many && !_notifiedInHour;
            _notifiedInHour |= notify;
        }
        try
        {
            await FlushAsync(cancellationToken);
            if (notify)
                await findings.RaiseAsync(
                    tenant.Value,
                    IntakeDetections.ManyRefused(Many, hour, policy.Load()),
                    new(RunIds.Create(nameof(HrWebhook), now, "refused"), now),
                    cancellationToken
                );
        }
        catch (RequestFailedException e)
        {
            lock (_lock)
                _notifiedInHour &= !notify;
            NotKept(e.Message);
        }
    }

    /// <summary>
    /// Writes the record that is outstanding, when the last one is a minute old. A sweep calls it, so that the last refusals of a flood are
    /// recorded too.
    /// </summary>
    /// <exception cref="RequestFailedException">It is not known to be kept, and still outstanding.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        SortedDictionary<string, long> counts;
        DateTimeOffset since;
        lock (_lock)
        {
            if (_owed.Count == 0 || now < _nextRecord)
                return;
            (counts, _owed, since, _nextRecord) = (_owed, new(StringComparer.Ordinal), _since, now + SingleFlight);
        }
        try
        {
            var id = RunRequest.New("hr-refused", "webhook", now).RunId;
            await evidence.AppendAsync(
                new EvidenceRecord
                {
                    Id = id,
                    Time = now,
                    Actor = $"{nameof(HrWebhook)} (webhook)",
                    Action = "offboarding.hr-event.refused",
                    TenantId = tenant.Value,
                    PolicySha256 = policy.Load().Sha256,
                    Controls = [IntakeControls.EventRefused],
                    Outcome = "complete",
                    Counts = counts.ToDictionary(c => $"status{c.Key}", c => c.Value),
                    Reason = $"refused since {since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}, counted by HTTP status",
                    CorrelationId = CorrelationId.Current(id),
                },
                cancellationToken
            );
        }
        catch
        {
            lock (_lock)
            {
                foreach (var (status, count) in counts)
                    _owed[status] = _owed.GetValueOrDefault(status) + count;
                _since = since;
            }
            throw;
        }
    }

    [LoggerMessage(5313, LogLevel.Error, "Refused requests to the HR webhook could not be recorded and are outstanding: {Reason}")]
    private partial void NotKept(string reason);
}
