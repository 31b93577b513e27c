using Compliance.Findings;
using Compliance.Runs;
using Microsoft.Extensions.Logging;

namespace Compliance.Credentials;

/// <summary>
/// Takes Key Vault's events in: each has its object read again. A message that cannot be taken in fails, so that the queue moves it to
/// poison, and leaves its reason in the log and in a finding of GAP-001, which the next complete check resolves: that reads every object,
/// this one among them.
/// </summary>
public sealed partial class VaultEventIntake
{
    private readonly CredentialRotationCheck _check;
    private readonly ICredentialPolicySource _policy;
    private readonly ITenantIdentity _tenant;
    private readonly FindingWriter _findings;
    private readonly TimeProvider _time;
    private readonly ILogger<VaultEventIntake> _log;

    internal VaultEventIntake(
        CredentialRotationCheck check,
        ICredentialPolicySource policy,
        ITenantIdentity tenant,
        FindingWriter findings,
        TimeProvider time,
        ILogger<VaultEventIntake> log
    ) => (_check, _policy, _tenant, _findings, _time, _log) = (check, policy, tenant, findings, time, log);

    /// <summary>Takes a message of the queue.</summary>
    /// <param name="message">Its text.</param>
    /// <param name="cancellationToken">Stops between reads.</param>
    /// <exception cref="VaultEventException">It cannot be taken in.</exception>
    /// <exception cref="InvalidOperationException">The object could not be read; the message may be tried again.</exception>
    public async Task AcceptAsync(string message, CancellationToken cancellationToken)
    {
        VaultObjectEvent? changed;
        string type;
        try
        {
            changed = VaultObjectEvent.Read(message, out type);
        }
        catch (VaultEventException refused)
        {
            await RefusedAsync(refused, cancellationToken);
            throw;
        }
        if (changed is null)
            PassedOver(type);
        else
            await _check.RecheckAsync(changed, cancellationToken);
    }

    private async Task RefusedAsync(VaultEventException refused, CancellationToken cancellationToken)
    {
        var reason = string.Join("; ", refused.Problems);
        Refused(refused.Key, reason);
        var now = _time.GetUtcNow();
        var (tenantId, _) = await _tenant.WhoAsync(cancellationToken);
        var detection = new DetectionBuilder(_policy.Load(now), now).VaultEvent(
            refused.Key,
            $"It cannot be taken in: {reason}.",
            $"Correct the event subscription, or what else writes to queue {VaultObjectEvent.Queue}; the message lies in its poison queue. "
                + "The next complete credential check reads every object, this one too"
        );
        var run = new RunStamp(RunIds.Create(nameof(VaultEventIntake), now, refused.Key), now);
        await _findings.RaiseAsync(tenantId, detection, run, cancellationToken);
    }

    [LoggerMessage(4000, LogLevel.Information, "Event of type {Type} is not about a secret, key or certificate; passed over")]
    private partial void PassedOver(string type);

    [LoggerMessage(4001, LogLevel.Warning, "Key Vault event {Event} is refused: {Problems}")]
    private partial void Refused(string @event, string problems);
}
