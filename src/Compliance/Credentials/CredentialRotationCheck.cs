using System.Diagnostics;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Observability;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Tenants;
using Microsoft.Extensions.Logging;

namespace Compliance.Credentials;

/// <summary>
/// Observe, evaluate, find, record: reads every credential of the tenant, judges it by policy, reconciles the findings with those of
/// earlier runs and writes one evidence record. It changes nothing in the tenant.
/// </summary>
public sealed partial class CredentialRotationCheck
{
    /// <summary>Function name of the scheduled control.</summary>
    public const string Name = "CredentialRotationCheck";

    /// <summary>Prefix of its run ids.</summary>
    public const string RunPrefix = "cred";

    private const int SaveAttempts = 5;

    private readonly ICredentialPolicySource _policy;
    private readonly ITenantIdentity _tenant;
    private readonly ICredentialInventory _inventory;
    private readonly IOwnerDirectory _owners;
    private readonly IRotationPolicies _rotation;
    private readonly IResourceLookup _resources;
    private readonly IFindingStore _findings;
    private readonly IKnownSubscriptions _subscriptions;
    private readonly IKnownResources _knownResources;
    private readonly IRunLog _runs;
    private readonly IRunDocuments _documents;
    private readonly IEvidenceLog _evidence;
    private readonly TimeProvider _time;
    private readonly ILogger<CredentialRotationCheck> _log;

    internal CredentialRotationCheck(
        ICredentialPolicySource policy,
        ITenantIdentity tenant,
        ICredentialInventory inventory,
        IOwnerDirectory owners,
        IRotationPolicies rotation,
        IResourceLookup resources,
        IFindingStore findings,
        IKnownSubscriptions subscriptions,
        IKnownResources knownResources,
        IRunLog runs,
        IRunDocuments documents,
        IEvidenceLog evidence,
        TimeProvider time,
        ILogger<CredentialRotationCheck> log
    )
    {
        (_policy, _tenant, _inventory, _owners, _rotation, _resources) = (policy, tenant, inventory, owners, rotation, resources);
        (_findings, _subscriptions, _knownResources) = (findings, subscriptions, knownResources);
        (_runs, _documents, _evidence, _time, _log) = (runs, documents, evidence, time, log);
    }

    /// <summary>Runs the check once over the whole tenant.</summary>
    /// <param name="request">The run; the same run id again (a redelivered message) does no harm and leaves one evidence record.</param>
    /// <param name="cancellationToken">Stops between reads; nothing half-written is left behind.</param>
    /// <returns>The report, also kept as the run's document.</returns>
    /// <exception cref="Policies.PolicyException">The policy file has errors; nothing was read.</exception>
    /// <exception cref="Azure.RequestFailedException">State or evidence storage failed; the run may be asked for again with the same
    /// id.</exception>
    public async Task<CredentialReport> RunAsync(RunRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var activity = Telemetry.Source.StartActivity("credentials.check");
        activity?.SetTag("run.id", request.RunId);
        var run = new RunStamp(request.RunId, _time.GetUtcNow());
        var began = _time.GetTimestamp();
        RunStarted(_log, run.Id, request.Trigger, request.CorrelationId);
        try
        {
            await _documents.SaveAsync(new RunDocument<CredentialReport>(run.Id, RunStates.Running, null, null), cancellationToken);
            var report = await CheckAsync(request, run, cancellationToken);
            await _documents.SaveAsync(
                new RunDocument<CredentialReport>(run.Id, RunStates.Completed, null, report),
                cancellationToken
            );
            Telemetry.RunEnded(Name, report.Run.Complete ? "complete" : "incomplete", _time.GetElapsedTime(began));
            RunEnded(_log, run.Id, report.Run.Complete, report.Findings.Count, report.Unknown.Count);
            return report;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            var reason = SecretScrubber.Scrub(e.Message);
            activity?.SetStatus(ActivityStatusCode.Error, reason);
            Telemetry.RunEnded(Name, "failed", _time.GetElapsedTime(began));
            RunFailed(_log, run.Id, reason);
            await TrySaveFailureAsync(run.Id, reason, cancellationToken);
            throw;
        }
    }

    /// <summary>Reads one Key Vault object again, after an event or by hand, and brings its findings up to date.</summary>
    /// <param name="changed">The object; the same run id again does no harm and leaves one evidence record.</param>
    /// <param name="cancellationToken">Stops between reads.</param>
    /// <returns>The object's open findings after the re-check.</returns>
    /// <exception cref="Policies.PolicyException">The policy file has errors; nothing was read.</exception>
    /// <exception cref="Azure.RequestFailedException">State or evidence storage failed; the message may be tried again.</exception>
    public async Task<IReadOnlyList<ReportFinding>> RecheckAsync(VaultObjectEvent changed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(changed);
        using var activity = Telemetry.Source.StartActivity("credentials.recheck");
        activity?.SetTag("run.id", changed.RunId);
        var run = new RunStamp(changed.RunId, _time.GetUtcNow());
        var policy = _policy.Load(run.StartedAt);
        var (tenantId, _) = await _tenant.WhoAsync(cancellationToken);
        var (owned, ownedBy) = await OwnedByOverrideOwnersAsync(policy, cancellationToken);
        var inventory = new RunInventory(new CredentialEvaluator(policy, owned, run.StartedAt));
        await _inventory.ReadVaultObjectAsync(changed.Vault, changed.Collection, changed.ObjectName, inventory, cancellationToken);
        // By hand a name may be mistyped: whoever asks gets the answer, and nothing is kept of it.
        var isUnknown = inventory.Outcomes.Any(o => o.Reason == VaultObjectException.NotShown(changed.Vault));
        if (isUnknown && changed.EventType == VaultObjectEvent.ByHand)
        {
            throw new VaultObjectException(
                $"{changed.Collection}/{changed.ObjectName} was not read: {VaultObjectException.NotShown(changed.Vault)}",
                isUnknown
            );
        }

        var builder = new DetectionBuilder(policy, run.StartedAt);
        var (found, answers) = await DetectAsync(builder, inventory, cancellationToken);
        // As in the check of everything: a question about the object that was refused is a source that was not read.
        SourceOutcome[] questions = [.. ownedBy, .. answers.Outcomes()];
        IReadOnlyList<SourceOutcome> outcomes = [.. inventory.Outcomes, .. questions.Where(o => !o.Complete)];
        var complete = inventory.Outcomes.Count > 0 && outcomes.All(o => o.Complete);
        var unread = outcomes.FirstOrDefault(o => !o.Complete);
        var isRead = inventory.Outcomes.Count > 0 && inventory.Outcomes.All(o => o.Complete);
        var why =
            $"{changed.Collection}/{changed.ObjectName} in vault {changed.Vault} "
            + (isRead ? $"was read, but not {unread?.Subject?.Name}" : "could not be read")
            + $": {unread?.Reason ?? "the vault was not found"}";
        // The message may end in poison: a finding of its own keeps the event, until the object was read by a later attempt or by the check
        // of everything.
        IReadOnlyList<Detection> detections = complete
            ? found
            :
            [
                .. found,
                builder.VaultEvent(
                    changed.RunId,
                    $"After {changed.EventType}, {why}.",
                    unread?.Remedy ?? $"Check that this app's identity may see vault {changed.Vault}"
                ),
            ];
        // The object's outcome speaks for its whole collection here, because only this object's findings are looked at.
        var suffix = $"/{changed.Collection}/{changed.ObjectName}";
        var coverage = new Coverage(
            [
                .. inventory.Outcomes.Select(o => o with { Source = o.Source[..^(changed.ObjectName.Length + 1)] }),
                new SourceOutcome(Sources.VaultEvents, complete, 1),
            ],
            new HashSet<string>(
                inventory.Outcomes.Where(o => o.ResourceId is not null).Select(o => o.ResourceId!.ToLowerInvariant()),
                StringComparer.Ordinal
            ),
            new HashSet<string>(StringComparer.Ordinal)
        );
        var vault = inventory.Outcomes.Select(o => o.ResourceId).FirstOrDefault(id => id is not null);
        var (result, _, _) = await ReconcileAndSaveAsync(
            tenantId,
            _findings.LoadAsync(tenantId, CredentialControls.All, cancellationToken),
            f =>
                (f.Detection.Source == Sources.VaultEvents && f.Detection.Part == changed.RunId)
                || (
                    vault is not null
                    && string.Equals(f.Detection.ResourceId, vault, StringComparison.OrdinalIgnoreCase)
                    && f.Detection.Subject.Id.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                ),
            detections,
            coverage,
            [],
            _ => Task.FromResult<ResourceState>(new(false, null)),
            run,
            cancellationToken
        );
        await RecordAsync(
            run,
            "recheck",
            $"KeyVaultEvent ({changed.EventType})",
            tenantId,
            policy,
            complete,
            Counts(inventory, outcomes, result),
            FindingDigest.Compute(result.Findings),
            CorrelationId.Current(changed.RunId),
            cancellationToken
        );
        Rechecked(_log, changed.Vault, changed.Collection, changed.ObjectName, changed.EventType, complete, result.Findings.Count);
        if (!complete)
            throw new VaultObjectException(why, isUnknown);
        if (changed.EventType == VaultObjectEvent.ByHand && result.Findings.Count == 0 && inventory.Outcomes.All(o => o.Objects == 0))
            throw new VaultObjectException($"vault {changed.Vault} has no {changed.Collection}/{changed.ObjectName}", isUnknown: true);
        return ReportBuilder.Findings(result.Findings, run.StartedAt);
    }

    private async Task<CredentialReport> CheckAsync(RunRequest request, RunStamp run, CancellationToken cancellationToken)
    {
        var policy = _policy.Load(run.StartedAt);
        var (tenantId, tenantName) = await _tenant.WhoAsync(cancellationToken);
        // Storage is asked before the tenant: a run that could not keep its findings should not begin.
        await _runs.ExpectAsync(tenantId, Name, run.StartedAt, cancellationToken);
        var known = _findings.LoadAsync(tenantId, CredentialControls.All, cancellationToken);
        var subscriptions = _subscriptions.LoadAsync(tenantId, cancellationToken);
        var resources = _knownResources.LoadAsync(tenantId, cancellationToken);

        var (owned, ownedBy) = await OwnedByOverrideOwnersAsync(policy, cancellationToken);
        var evaluator = new CredentialEvaluator(policy, owned, run.StartedAt);
        var inventory = new RunInventory(evaluator);
        await _inventory.ReadAsync(inventory, cancellationToken);

        var builder = new DetectionBuilder(policy, run.StartedAt);
        var (found, answers) = await DetectAsync(builder, inventory, cancellationToken);
        var detections = new List<Detection>(found);
        // What was asked about single objects is no list of objects: it is counted as a source where it could not be read.
        SourceOutcome[] asked = [.. ownedBy, .. answers.Outcomes()];
        IReadOnlyList<SourceOutcome> outcomes =
        [
            .. inventory.Outcomes.Concat(asked.Where(o => !o.Complete)).OrderBy(o => o.Source, StringComparer.Ordinal),
        ];
        detections.AddRange(outcomes.Where(o => !o.Complete).Select(o => builder.Gap(o, answers)));
        var (missing, goneSubscriptions, deleted) = await MissingSubscriptionsAsync(
            policy,
            await subscriptions,
            inventory,
            cancellationToken
        );
        detections.AddRange(missing.Select(m => builder.MissingSubscription(m.Id, m.Name, answers)));

        // The findings were loaded while the tenant was read; what changed since makes the write lose, and is decided again.
        var superseded =
            (await _runs.LoadAsync(tenantId, cancellationToken)).TryGetValue(Name, out var earlier)
            && earlier.LastRun is { } last
            && last.StartedAt > run.StartedAt;
        var gone = new HashSet<string>(goneSubscriptions.Select(s => $"/subscriptions/{s}".ToLowerInvariant()), StringComparer.Ordinal);
        var complete = outcomes.All(o => o.Complete) && missing.Count == 0;
        // Every object was read: whatever an event that was not taken in was about, it has been seen now.
        var everyObject = inventory.Outcomes.All(o => o.Complete) && missing.Count == 0;
        var listed = inventory.Resources.Concat(inventory.Subscriptions.Keys.Select(s => $"/subscriptions/{s}".ToLowerInvariant()));
        var coverage = new Coverage(
            [
                .. outcomes,
                .. asked.Where(o => o.Complete),
                .. NoLongerRead(await known, asked, goneSubscriptions),
                new SourceOutcome(Sources.VaultEvents, everyObject, 0),
            ],
            listed.ToHashSet(StringComparer.Ordinal),
            gone
        );
        var knownResources = await resources;
        var (result, hidden, goneResources) = superseded
            ? (Reconciler.Reconcile(tenantId, EmptyKnown, detections, coverage, run, run.StartedAt), [], gone)
            : await ReconcileAndSaveAsync(
                tenantId,
                known,
                null,
                detections,
                coverage,
                Unlisted(knownResources, inventory, outcomes),
                resource => StateOfAsync(resource, inventory, deleted, builder, answers, cancellationToken),
                run,
                cancellationToken
            );
        complete &= hidden.Count == 0;
        outcomes = [.. outcomes, .. hidden];

        var warnings = new List<string>([.. policy.Warnings.Select(w => w.ToString()), .. evaluator.Warnings]);
        if (superseded)
            warnings.Add(
                $"state holds a newer run ({earlier!.LastRun!.Id}, started {earlier.LastRun.StartedAt:u}): these findings are shown but "
                    + "not stored"
            );
        var digest = FindingDigest.Compute(result.Findings);
        var counts = Counts(inventory, outcomes, result);
        var receipt = await RecordAsync(
            run,
            "check",
            $"{Name} ({request.Trigger})",
            tenantId,
            policy,
            complete,
            counts,
            digest,
            request.CorrelationId,
            cancellationToken
        );
        if (!superseded)
        {
            string[] seen = [.. inventory.Resources.Where(ResourceManagerReader.CanAsk)];
            await _knownResources.UpdateAsync(tenantId, knownResources, seen, goneResources, cancellationToken);
            await _subscriptions.UpdateAsync(tenantId, inventory.Subscriptions, goneSubscriptions, cancellationToken);
            await _runs.CompletedAsync(tenantId, Name, run, complete, cancellationToken);
        }
        FindingTelemetry.Saved(result.Changes);
        Telemetry.GapsSeen(Name, outcomes.Count(o => !o.Complete));

        return new CredentialReport
        {
            Run = new ReportRun
            {
                Id = run.Id,
                Control = Name,
                Trigger = request.Trigger,
                StartedAt = run.StartedAt,
                Complete = complete,
                PolicySha256 = policy.Sha256,
                CorrelationId = request.CorrelationId,
                Counts = counts,
                Warnings = warnings,
            },
            Tenant = new ReportTenant(tenantId, tenantName),
            Findings = ReportBuilder.Findings(result.Findings, run.StartedAt),
            Unknown = ReportBuilder.Unknown(outcomes, detections),
            Evidence = new ReportEvidence(receipt.RecordId, receipt.Location, receipt.Offset, receipt.Sha256, digest),
        };
    }

    private static readonly IReadOnlyDictionary<string, StoredFinding> EmptyKnown = new Dictionary<string, StoredFinding>();

    // A rule for an owner needs to know what that owner owns before anything is judged; one request an owner named in policy.
    private async Task<(
        IReadOnlyDictionary<string, IReadOnlySet<string>> Owned,
        IReadOnlyList<SourceOutcome> Outcomes
    )> OwnedByOverrideOwnersAsync(CredentialPolicy policy, CancellationToken cancellationToken)
    {
        var owned = new Dictionary<string, IReadOnlySet<string>>(StringComparer.OrdinalIgnoreCase);
        var outcomes = new List<SourceOutcome>();
        foreach (var address in CredentialEvaluator.OwnersToResolve(policy))
        {
            var answer = await _owners.OwnedByAsync(address, cancellationToken);
            var source = Sources.OwnedBy(address);
            if (answer.Unread is null)
                owned[address] = answer.ObjectIds;
            outcomes.Add(
                answer.Unread is not { } why
                    ? new SourceOutcome(source, Complete: true, 0)
                    : new SourceOutcome(
                        source,
                        Complete: false,
                        0,
                        new Subject(SubjectTypes.Source, source, $"objects owned by {address}"),
                        why,
                        "Directory.Read.All",
                        "make the address in the policy's override readable, or match by appId or tag instead"
                    )
            );
        }
        return (owned, outcomes);
    }

    // Owners, people and rotation policies are asked only for what failed.
    private async Task<(IReadOnlyList<Detection> Detections, DetectionAnswers Answers)> DetectAsync(
        DetectionBuilder builder,
        RunInventory inventory,
        CancellationToken cancellationToken
    )
    {
        var verdicts = inventory.Verdicts;
        var owners = _owners.OwnersAsync(DetectionBuilder.SubjectsNeedingOwners(verdicts), cancellationToken);
        var people = _owners.PeopleAsync(builder.AddressesToResolve(verdicts), cancellationToken);
        var rotation = _rotation.ReadAsync(DetectionBuilder.KeysNeedingRotationPolicy(verdicts), cancellationToken);
        var answers = new DetectionAnswers(await owners, await people, await rotation);
        return (builder.Build(verdicts, answers), answers);
    }

    // What is not to be read any more leaves no gap: what a user owns whom no override names now, and the lists of a subscription that is
    // gone. No later run would read them, and their findings would stay open for ever.
    private static IEnumerable<SourceOutcome> NoLongerRead(
        IReadOnlyDictionary<string, StoredFinding> known,
        IReadOnlyCollection<SourceOutcome> asked,
        IReadOnlyCollection<string> goneSubscriptions
    )
    {
        var now = asked.Select(o => o.Source).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return known
            .Values.Select(k => k.Finding.Detection.Source)
            .Where(s => Sources.IsOwned(s) && !now.Contains(s))
            .Concat(goneSubscriptions.SelectMany(id => new[] { Sources.Resources(id), Sources.Permissions(id) }))
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Select(s => new SourceOutcome(s, Complete: true, 0));
    }

    // A subscription that is no longer listed may be deleted, or only hidden from us: the difference is asked, not guessed.
    private async Task<MissingSubscriptions> MissingSubscriptionsAsync(
        CredentialPolicy policy,
        IReadOnlyDictionary<string, string> known,
        RunInventory inventory,
        CancellationToken cancellationToken
    )
    {
        var missing = new List<(string, string)>();
        var gone = new List<string>();
        var deleted = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        if (!inventory.Outcomes.Any(o => o.Source == Sources.Subscriptions && o.Complete))
            return new(missing, gone, deleted);
        var unlisted = known.Where(s => !inventory.Subscriptions.ContainsKey(s.Key));
        foreach (var (id, name) in unlisted.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            if ((await _resources.FindAsync($"/subscriptions/{id}", cancellationToken)).Exists == false)
                deleted.Add(id);
            if (deleted.Contains(id) || policy.RetiredSubscriptions.Contains(id))
                gone.Add(id);
            else
                missing.Add((id, name));
        }
        return new(missing, gone, deleted);
    }

    // Subscriptions that are not listed any more: hidden from us; gone by the service or by policy; and those gone by the service.
    private sealed record MissingSubscriptions(
        IReadOnlyList<(string Id, string Name)> Missing,
        IReadOnlyList<string> Gone,
        IReadOnlySet<string> Deleted
    );

    // What earlier runs listed and this one did not, where the list that should show it was read to its end.
    private static List<string> Unlisted(IReadOnlyCollection<string> known, RunInventory inventory, IReadOnlyList<SourceOutcome> outcomes)
    {
        var unread = outcomes.Where(o => !o.Complete).Select(o => o.Source).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var unlisted = known.Where(id => !inventory.Resources.Contains(id) && !unread.Contains(Sources.Resources(SubscriptionOf(id))));
        return [.. unlisted.Order(StringComparer.Ordinal)];
    }

    private static string SubscriptionOf(string resourceId) => resourceId.Split('/') is ["", "subscriptions", var id, ..] ? id : "";

    // A resource that no list shows any more. In a subscription that is shown to us the service is asked; one that
    // went with its subscription is gone; of one in a hidden subscription nothing is known, and GAP-002 says so once for all of them.
    private async Task<ResourceState> StateOfAsync(
        string resource,
        RunInventory inventory,
        IReadOnlySet<string> deletedSubscriptions,
        DetectionBuilder builder,
        DetectionAnswers answers,
        CancellationToken cancellationToken
    )
    {
        var subscription = SubscriptionOf(resource);
        if (!inventory.Subscriptions.ContainsKey(subscription))
            return new(deletedSubscriptions.Contains(subscription), null);
        var answer = await _resources.FindAsync(resource, cancellationToken);
        if (answer.Exists == false)
            return new(true, null);
        var hidden = new SourceOutcome(
            Sources.Resources(subscription),
            Complete: false,
            0,
            DetectionBuilder.SubjectOf(resource),
            $"Earlier runs read it, and no list shows it any more: {answer.Reason?.TrimEnd('.')}.",
            answer.Permission,
            answer.Remedy,
            resource
        );
        return new(false, (hidden, builder.Gap(hidden, answers)));
    }

    // What became of a resource that no list shows any more.
    private readonly record struct ResourceState(bool Gone, (SourceOutcome Outcome, Detection Detection)? Gap);

    private async Task<(Reconciliation Result, IReadOnlyList<SourceOutcome> Hidden, IReadOnlySet<string> Gone)> ReconcileAndSaveAsync(
        string tenantId,
        Task<IReadOnlyDictionary<string, StoredFinding>> loading,
        Func<Finding, bool>? only,
        IReadOnlyCollection<Detection> detections,
        Coverage coverage,
        IReadOnlyCollection<string> unlisted,
        Func<string, Task<ResourceState>> stateOf,
        RunStamp run,
        CancellationToken cancellationToken
    )
    {
        var asked = new HashSet<string>(StringComparer.Ordinal);
        var gone = new HashSet<string>(coverage.GoneResources, StringComparer.Ordinal);
        var hidden = new List<(SourceOutcome Outcome, Detection Detection)>();
        for (var attempt = 1; ; attempt++)
        {
            var known = await (attempt == 1 ? loading : _findings.LoadAsync(tenantId, CredentialControls.All, cancellationToken));
            if (only is not null)
                known = known.Where(k => only(k.Value.Finding)).ToDictionary(k => k.Key, k => k.Value);
            foreach (var resource in Reconciler.ResourcesToConfirm(tenantId, known, detections, coverage).Concat(unlisted).Where(asked.Add))
            {
                var state = await stateOf(resource);
                if (state.Gone)
                    gone.Add(resource.ToLowerInvariant());
                if (state.Gap is { } gap)
                    hidden.Add(gap);
            }
            var seen =
                hidden.Count == 0
                    ? coverage
                    : coverage with
                    {
                        // An event that was not taken in may have been about what is hidden now.
                        Outcomes = [.. coverage.Outcomes.Where(o => o.Source != Sources.VaultEvents)],
                    };
            Detection[] all = [.. detections, .. hidden.Select(h => h.Detection)];
            var result = Reconciler.Reconcile(tenantId, known, all, seen with { GoneResources = gone }, run, run.StartedAt);
            var lost = await _findings.SaveAsync(tenantId, [.. result.Changes.Select(c => c.Finding)], cancellationToken);
            if (lost.Count == 0)
                return (result, [.. hidden.Select(h => h.Outcome)], gone);
            if (attempt == SaveAttempts)
                throw new InvalidOperationException(
                    $"{lost.Count} findings were changed by another run {SaveAttempts} times over; run the check again"
                );
            LostRace(_log, run.Id, lost.Count, attempt);
        }
    }

    // The record's id comes from the run's, so that a run that is tried again leaves one record.
    private Task<EvidenceReceipt> RecordAsync(
        RunStamp run,
        string step,
        string actor,
        string tenantId,
        CredentialPolicy policy,
        bool complete,
        IReadOnlyDictionary<string, long> counts,
        string digest,
        string correlationId,
        CancellationToken cancellationToken
    ) =>
        _evidence.AppendAsync(
            new EvidenceRecord
            {
                Id = $"{run.Id}/{step}",
                Time = run.StartedAt,
                Actor = actor,
                Action = $"credentials.{step}",
                TenantId = tenantId,
                PolicySha256 = policy.Sha256,
                Controls = CredentialControls.All,
                Outcome = complete ? "complete" : "incomplete",
                Counts = counts,
                FindingsSha256 = digest,
                CorrelationId = correlationId,
            },
            cancellationToken
        );

    private async Task TrySaveFailureAsync(string runId, string reason, CancellationToken cancellationToken)
    {
        try
        {
            await _documents.SaveAsync(new RunDocument<CredentialReport>(runId, RunStates.Failed, reason, null), cancellationToken);
        }
        catch (Exception e)
        {
            DocumentLost(_log, runId, SecretScrubber.Scrub(e.Message));
        }
    }

    private static Dictionary<string, long> Counts(RunInventory inventory, IReadOnlyList<SourceOutcome> outcomes, Reconciliation result) =>
        new(StringComparer.Ordinal)
        {
            ["credentials"] = inventory.Credentials,
            ["objects"] = outcomes.Sum(o => o.Objects),
            ["sources"] = outcomes.Count,
            ["sourcesIncomplete"] = outcomes.Count(o => !o.Complete),
            ["open"] = result.Findings.Count(f => f.Status == FindingStatus.Open),
            ["waived"] = result.Findings.Count(f => f.Status == FindingStatus.Waived),
            ["opened"] = result.Count(ChangeKind.Opened),
            ["stillOpen"] = result.StillOpen,
            ["reopened"] = result.Count(ChangeKind.Reopened),
            ["resolved"] = result.Count(ChangeKind.Resolved),
        };

    [LoggerMessage(2000, LogLevel.Information, "Credential check {RunId} started by {Trigger}, correlation {CorrelationId}")]
    private static partial void RunStarted(ILogger logger, string runId, string trigger, string correlationId);

    [LoggerMessage(
        2001,
        LogLevel.Information,
        "Credential check {RunId} ended, everything read: {Complete}, {Findings} findings, {Unknown} unknown"
    )]
    private static partial void RunEnded(ILogger logger, string runId, bool complete, int findings, int unknown);

    [LoggerMessage(2002, LogLevel.Error, "Credential check {RunId} failed: {Reason}")]
    private static partial void RunFailed(ILogger logger, string runId, string reason);

    [LoggerMessage(
        2005,
        LogLevel.Information,
        "Re-checked {Vault}/{Collection}/{ObjectName} after {EventType}, read: {Complete}, {Findings} findings"
    )]
    private static partial void Rechecked(
        ILogger logger,
        string vault,
        string collection,
        string objectName,
        string eventType,
        bool complete,
        int findings
    );

    [LoggerMessage(
        2003,
        LogLevel.Warning,
        "Credential check {RunId}: {Count} findings were changed by another run meanwhile (attempt {Attempt}), deciding again"
    )]
    private static partial void LostRace(ILogger logger, string runId, int count, int attempt);

    [LoggerMessage(2004, LogLevel.Error, "Credential check {RunId}: its failure could not be kept either: {Reason}")]
    private static partial void DocumentLost(ILogger logger, string runId, string reason);
}
