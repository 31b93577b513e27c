using System.Globalization;
using Azure;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Observability;
using Compliance.Offboarding.Policy;
using Compliance.Policies;
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
    private readonly List<Outstanding> _outstanding = [];
    private DateTimeOffset _nextRecord = DateTimeOffset.MinValue;
    private DateTimeOffset _hour;
    private long _inHour;
    private bool _notifiedInHour;

    /// <summary>Notes a refusal. Storage that is down is no reason to answer otherwise: the record is then outstanding.</summary>
    public async Task NoteAsync(WebhookOutcome.Refused refused, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var hour = new DateTimeOffset(now.UtcDateTime.Date.AddHours(now.UtcDateTime.Hour), TimeSpan.Zero);
        var inForce = PolicyInForce();
        bool notify;
        lock (_lock)
        {
            // Of another policy is another record's.
            if (_outstanding.Count == 0 || _outstanding[^1].PolicySha256 != inForce)
                _outstanding.Add(new(now, inForce, new(StringComparer.Ordinal)));
            _outstanding[^1].Count(refused.Status.ToString(CultureInfo.InvariantCulture), 1);
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
        // A policy that cannot be used is no reason either.
        catch (Exception e) when (e is RequestFailedException or PolicyException or IOException or UnauthorizedAccessException)
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
        Outstanding first;
        lock (_lock)
        {
            if (_outstanding.Count == 0 || now < _nextRecord)
                return;
            first = _outstanding[0];
            _outstanding.RemoveAt(0);
            _nextRecord = now + SingleFlight;
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
                    PolicySha256 = first.PolicySha256 ?? policy.Load().Sha256,
                    Controls = [OffboardingControls.EventRefused],
                    Outcome = "complete",
                    Counts = first.Counts.ToDictionary(c => $"status{c.Key}", c => c.Value),
                    Reason = $"refused since {first.Since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}, counted by HTTP status",
                    CorrelationId = CorrelationId.Current(id),
                },
                cancellationToken
            );
        }
        catch
        {
            lock (_lock)
            {
                if (_outstanding.Count > 0 && _outstanding[0].PolicySha256 == first.PolicySha256)
                {
                    foreach (var (status, count) in _outstanding[0].Counts)
                        first.Count(status, count);
                    _outstanding.RemoveAt(0);
                }
                _outstanding.Insert(0, first);
            }
            throw;
        }
    }

    // Null while the policy cannot be used.
    private string? PolicyInForce()
    {
        try
        {
            return policy.Load().Sha256;
        }
        catch (Exception e) when (e is PolicyException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Refusals under one policy that are not on record yet.</summary>
    /// <param name="Since">When the first of them was (UTC).</param>
    /// <param name="PolicySha256">The policy that was in force; null when it could not be used.</param>
    /// <param name="Counts">How many, by HTTP status.</param>
    private sealed record Outstanding(DateTimeOffset Since, string? PolicySha256, SortedDictionary<string, long> Counts)
    {
        public void Count(string status, long count) => Counts[status] = Counts.GetValueOrDefault(status) + count;
    }

    [LoggerMessage(5313, LogLevel.Error, "Refused requests to the HR webhook could not be recorded and are outstanding: {Reason}")]
    private partial void NotKept(string reason);
}
