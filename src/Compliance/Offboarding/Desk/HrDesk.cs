using Compliance.Changes.Approvals;
using Compliance.Observability;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Intake;

namespace Compliance.Offboarding.Desk;

/// <summary>Where leavings arrive: HR's events, and starts for cause by an administrator or approver.</summary>
public sealed class HrDesk
{
    /// <summary>The queue of HR events: Event Grid delivers to it, or HR itself writes to it.</summary>
    public const string Queue = "hr-events";

    private readonly HrWebhook _webhook;
    private readonly LeaverIntake _intake;
    private readonly ForCauseStarts _causes;
    private readonly Approvers _approvers;
    private readonly BlockingFirst _urgent;
    private readonly TimeProvider _time;

    internal HrDesk(
        HrWebhook webhook,
        LeaverIntake intake,
        ForCauseStarts causes,
        Approvers approvers,
        BlockingFirst urgent,
        TimeProvider time
    ) => (_webhook, _intake, _causes, _approvers, _urgent, _time) = (webhook, intake, causes, approvers, urgent, time);

    /// <summary>Takes a request to the webhook.</summary>
    /// <param name="contentType">Header Content-Type.</param>
    /// <param name="timestamp">Header X-Compliance-Timestamp.</param>
    /// <param name="signature">Header X-Compliance-Signature.</param>
    /// <param name="authorization">Header Authorization.</param>
    /// <param name="body">The body; no more of it is read than may be sent.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<WebhookReception> ReceiveAsync(
        string? contentType,
        string? timestamp,
        string? signature,
        string? authorization,
        Stream body,
        CancellationToken cancellationToken
    )
    {
        var request = new WebhookRequest(contentType, timestamp, signature, authorization, body);
        var outcome = await _webhook.ReceiveAsync(request, cancellationToken);
        if (outcome is WebhookOutcome.Refused refused)
            return new(refused.Status, refused.Reason, null);
        var accepted = (WebhookOutcome.Accepted)outcome;
        try
        {
            var hrEvent = HrEventReader.Read(accepted.Body, _time.GetUtcNow());
            var dispatch = await AcceptAsync(hrEvent, accepted.Trigger, cancellationToken);
            return dispatch.Taken!.Outcome == IntakeOutcome.Stale
                ? new(409, "a later event of this employment is in force", dispatch)
                : new(202, null, dispatch);
        }
        catch (HrEventException e)
        {
            await _intake.RefusedAsync(e, accepted.Trigger, cancellationToken);
            return new(e.TooLarge ? 413 : 400, string.Join("; ", e.Problems), null);
        }
    }

    /// <summary>Takes an event from the queue.</summary>
    /// <exception cref="HrEventException">It cannot be taken in; a finding says so.</exception>
    public Task<LeaverDispatch> AcceptMessageAsync(string message, CancellationToken cancellationToken) =>
        ReadAsync(() => HrEventReader.Read(message, _time.GetUtcNow()), "queue", cancellationToken);

    /// <summary>Ends a person's access now and for cause, with no event of HR.</summary>
    /// <param name="authorization">Header Authorization with the token of an administrator or approver, who answers for it.</param>
    /// <param name="user">Entra object id or user principal name.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Stops between requests; call again.</param>
    /// <returns>HTTP status and, when refused, why; else what to start.</returns>
    public async Task<(int Status, string? Reason, LeaverDispatch? Dispatch)> StartAsync(
        string? authorization,
        string user,
        string reason,
        CancellationToken cancellationToken
    )
    {
        var signIn = await _approvers.SignInStarterAsync(authorization, cancellationToken);
        if (signIn.Identity is not { } person)
            return (signIn.Status, signIn.Reason, null);
        var (status, refused, known) = await _causes.StartAsync(user, reason, person.ObjectId, cancellationToken);
        if (known is null)
            return (status, refused, null);
        _urgent.Begin(known.Id);
        var correlation = CorrelationId.Current(ForCauseStarts.RequestId(known));
        var dispatch = LeaverDispatch.Create(known, CaseRules.IsUndispatched(known), correlation, null, _time.GetUtcNow());
        return (status, null, dispatch with { Notify = true });
    }

    private async Task<LeaverDispatch> ReadAsync(Func<HrEvent> read, string trigger, CancellationToken cancellationToken)
    {
        try
        {
            return await AcceptAsync(read(), trigger, cancellationToken);
        }
        catch (HrEventException e)
        {
            await _intake.RefusedAsync(e, trigger, cancellationToken);
            throw;
        }
    }

    private async Task<LeaverDispatch> AcceptAsync(HrEvent hrEvent, string trigger, CancellationToken cancellationToken)
    {
        var correlation = CorrelationId.Current($"{hrEvent.Source}/{hrEvent.Id}");
        var taken = await _intake.AcceptAsync(hrEvent, trigger, correlation, cancellationToken);
        if (taken.Outcome == IntakeOutcome.Started && (taken.Case.Latest.ForCause || taken.Case.DueAt <= _time.GetUtcNow()))
            _urgent.Begin(taken.Case.Id);
        return LeaverDispatch.Create(taken.Case, taken.Outcome == IntakeOutcome.Started, correlation, taken, _time.GetUtcNow());
    }
}
