using Compliance.Findings;
using Compliance.Text;

namespace Compliance.Credentials;

/// <summary>
/// Turns verdicts into detections: finds who should act, adds what follows from the owners (CRED-006) and from the rotation policies of
/// keys (CRED-007), words the next step for that person and attaches the waiver that covers it. Pure.
/// </summary>
/// <param name="policy">The policy.</param>
/// <param name="now">The instant at which waivers are judged.</param>
internal sealed class DetectionBuilder(CredentialPolicy policy, DateTimeOffset now)
{
    /// <summary>The flagged applications and service principals: their owners have to be read.</summary>
    public static IReadOnlyCollection<Subject> SubjectsNeedingOwners(IEnumerable<Verdict> verdicts) =>
        [
            .. verdicts
                .Select(v => v.Credential.Subject)
                .Where(IsGraph)
                .DistinctBy(s => s.Id, StringComparer.OrdinalIgnoreCase)
                .OrderBy(s => s.Id, StringComparer.Ordinal),
        ];

    /// <summary>The flagged keys that are due (CRED-001 or CRED-003): whether they rotate by themselves has to be read.</summary>
    public static IReadOnlyCollection<Credential> KeysNeedingRotationPolicy(IEnumerable<Verdict> verdicts) =>
        [
            .. verdicts
                .Where(IsDueKey)
                .Select(v => v.Credential)
                .DistinctBy(c => c.Subject.Id, StringComparer.OrdinalIgnoreCase)
                .OrderBy(c => c.Subject.Id, StringComparer.Ordinal),
        ];

    /// <summary>The addresses in owner tags of flagged objects, and the fallback owner: the users behind them have to be read.</summary>
    public IReadOnlyCollection<string> AddressesToResolve(IEnumerable<Verdict> verdicts) =>
        [
            .. verdicts
                .Select(v => TagOwner(v.Credential))
                .Append(policy.FallbackOwner)
                .OfType<string>()
                .Distinct(StringComparer.OrdinalIgnoreCase)
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>
    /// The detections, in a stable order (control, subject, part), one for each problem: of several verdicts on the same problem (a storage
    /// account is seen once for each of its keys) the worst is kept.
    /// </summary>
    public IReadOnlyList<Detection> Build(IReadOnlyCollection<Verdict> verdicts, DetectionAnswers answers)
    {
        var directory = new AnswerDirectory(policy, answers);
        return
        [
            .. verdicts
                .Select(v => FromVerdict(v, directory))
                .Concat(
                    verdicts
                        .Where(v => IsGraph(v.Credential.Subject))
                        .GroupBy(v => v.Credential.Subject.Id, StringComparer.OrdinalIgnoreCase)
                        .Select(g => LivingOwner(g.First(), directory))
                        .OfType<Detection>()
                )
                .Concat(verdicts.Where(IsDueKey).Select(v => Rotation(v, directory)).OfType<Detection>())
                .GroupBy(d => (d.ControlId, d.Subject.Type, Id: d.Subject.Id.ToUpperInvariant(), Part: d.Part.ToUpperInvariant()))
                .Select(g =>
                    g.OrderByDescending(d => d.Severity).ThenBy(d => d.Unknown).ThenBy(d => d.Reason, StringComparer.Ordinal).First()
                )
                .OrderBy(d => d.ControlId, StringComparer.Ordinal)
                .ThenBy(d => d.Subject.Type, StringComparer.Ordinal)
                .ThenBy(d => d.Subject.Id, StringComparer.Ordinal)
                .ThenBy(d => d.Part, StringComparer.Ordinal),
        ];
    }

    /// <summary>A resource of which only its id is known.</summary>
    public static Subject SubjectOf(string resourceId)
    {
        var parts = resourceId.Split('/');
        var type = parts.Length < 9 ? "" : $"{parts[6]}/{parts[7]}".ToLowerInvariant();
        return new(
            type switch
            {
                "microsoft.keyvault/vaults" => SubjectTypes.Vault,
                "microsoft.storage/storageaccounts" => SubjectTypes.StorageAccount,
                _ => SubjectTypes.Resource,
            },
            resourceId.ToLowerInvariant(),
            parts[^1]
        );
    }

    /// <summary>GAP-001: a source that was not read to its end.</summary>
    public Detection Gap(SourceOutcome outcome, DetectionAnswers answers)
    {
        var subject = outcome.Subject ?? new(SubjectTypes.Source, outcome.Source, outcome.Source);

        // One vault has three collections: each is a gap of its own.
        var part = subject.Id == outcome.Source ? "" : outcome.Source;
        var owner = new AnswerDirectory(policy, answers).Fallback();
        return Finished(
            new()
            {
                ControlId = CredentialControls.Gap,
                Severity = policy.Severity.For(FindingControls.Catalogue.Get(CredentialControls.Gap)),
                Subject = subject,
                Part = part,
                Source = outcome.Source,
                ResourceId = outcome.ResourceId,
                Unknown = true,
                Reason =
                    Plain.Sentence(outcome.Reason ?? "It was not read to its end.")
                    + (outcome.Permission is { } permission ? $" Missing permission: {permission}." : ""),
                NextStep = outcome.Remedy is { Length: > 0 } remedy
                    ? remedy
                    : NextSteps.Addressed(owner, "check the logs of this run, correct the cause and run the check again"),
                Owner = owner,
            },
            appId: null
        );
    }

    /// <summary>GAP-001: an event of Key Vault after which its object was not read again.</summary>
    /// <param name="key">Names the event.</param>
    /// <param name="reason">Why not.</param>
    /// <param name="nextStep">What to do.</param>
    public Detection VaultEvent(string key, string reason, string nextStep) =>
        Finished(
            new()
            {
                ControlId = CredentialControls.Gap,
                Severity = policy.Severity.For(FindingControls.Catalogue.Get(CredentialControls.Gap)),
                Subject = new(SubjectTypes.Source, Sources.VaultEvents, "Key Vault events"),
                Part = key,
                Source = Sources.VaultEvents,
                Unknown = true,
                Reason = Plain.Sentence(reason),
                NextStep = nextStep,
                Owner = new AnswerDirectory(policy, DetectionAnswers.None).Fallback(),
            },
            appId: null
        );

    /// <summary>GAP-002: a subscription that earlier runs saw and this one does not.</summary>
    /// <param name="id">Its id, without <c>/subscriptions/</c>.</param>
    /// <param name="name">Its name as last seen.</param>
    /// <param name="answers">What was asked.</param>
    public Detection MissingSubscription(string id, string name, DetectionAnswers answers)
    {
        var resourceId = $"/subscriptions/{id}";
        var owner = new AnswerDirectory(policy, answers).Fallback();
        return Finished(
            new()
            {
                ControlId = CredentialControls.MissingSubscription,
                Severity = policy.Severity.For(CredentialControls.Catalogue.Get(CredentialControls.MissingSubscription)),
                Subject = new(SubjectTypes.Subscription, resourceId, name),
                Source = Sources.Subscriptions,
                ResourceId = resourceId,
                Unknown = true,
                Reason = "Earlier runs read it, and it is no longer in the list of subscriptions that this app may see.",
                NextStep = NextSteps.Addressed(
                    owner,
                    $"give this app's identity the role Reader on {Plain.Sentence(name)} again (scope {Plain.Sentence(resourceId)}), or, "
                        + "if it was retired on purpose, "
                        + $"add {Plain.Sentence(id)} to scope.retiredSubscriptions of {policy.File}"
                ),
                Owner = owner,
            },
            appId: null
        );
    }

    /// <summary>Whether it is an application or a service principal.</summary>
    public static bool IsGraph(Subject subject) => subject.Type is SubjectTypes.Application or SubjectTypes.ServicePrincipal;

    private static bool IsDueKey(Verdict v) =>
        v.Credential.Kind == CredentialKind.VaultKey && v.ControlId is OlderThanAllowed.Id or ExpiresSoon.Id;

    private string? TagOwner(Credential credential) =>
        credential.Tags.TryGetValue(policy.OwnerTag, out var address) && address.Trim() is { Length: > 0 } trimmed ? trimmed : null;

    private Detection? LivingOwner(Verdict flagged, AnswerDirectory directory) =>
        NoLivingOwner.Evaluate(directory.OwnersOf(flagged.Credential.Subject)) is { } failure
            ? FromVerdict(Derived(flagged, CredentialControls.LivingOwner, failure, flagged.Credential.Whole()), directory)
            : null;

    private Detection? Rotation(Verdict due, AnswerDirectory directory) =>
        NoRotationPolicy.Evaluate(directory.RotationOf(due.Credential.Subject)) is { } failure
            ? FromVerdict(
                // The policy is the key's, whichever of its versions is due.
                Derived(due, CredentialControls.RotationPolicy, failure, due.Credential with { Part = "", Label = null }),
                directory
            )
            : null;

    // What follows from another verdict on the same object.
    private Verdict Derived(Verdict flagged, ICredentialControl control, CheckFailure failure, Credential credential) =>
        flagged with
        {
            Failed = control,
            Severity = policy.Severity.For(control.Control, credential, failure.StepDays),
            Unknown = failure.Unknown,
            Reason = failure.Reason,
            Credential = credential,
        };

    private Detection FromVerdict(Verdict verdict, AnswerDirectory directory)
    {
        var c = verdict.Credential;
        var owner = directory.OwnerOf(c.Subject, TagOwner(c));
        return Finished(
            new()
            {
                ControlId = verdict.ControlId,
                Severity = verdict.Severity,
                Subject = c.Subject,
                Part = c.Part,
                Source = c.Source,
                ResourceId = c.ResourceId,
                Unknown = verdict.Unknown,
                // Which of several: people know a credential by the name they gave it.
                Reason = c.Label is { Length: > 0 } label ? $"{verdict.Reason} [{Plain.Sentence(label)}]" : verdict.Reason,
                NextStep = NextSteps.For(verdict.Failed, c, verdict.Rules, owner, now),
                Since = c.Started,
                Expires = c.Expires,
                Owner = owner,
            },
            c.AppId
        );
    }

    private Detection Finished(Detection detection, string? appId) =>
        policy.WaiverFor(detection.ControlId, detection.Subject.Id, appId, detection.Part, now) is { } w
            ? detection with
            {
                Waiver = new(w.Id, w.Reason, w.ApprovedBy, w.Ends),
            }
            : detection;
}
