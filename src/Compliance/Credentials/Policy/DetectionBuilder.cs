using System.Globalization;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Text;

namespace Compliance.Credentials;

/// <summary>What was asked for so that verdicts can become detections.</summary>
/// <param name="Owners">Owners by subject id, for <see cref="DetectionBuilder.SubjectsNeedingOwners"/>.</param>
/// <param name="People">Users by address, for <see cref="DetectionBuilder.AddressesToResolve"/>.</param>
/// <param name="Rotation">By key URL, for <see cref="DetectionBuilder.KeysNeedingRotationPolicy"/>.</param>
internal sealed record DetectionAnswers(
    IReadOnlyDictionary<string, OwnerAnswer> Owners,
    IReadOnlyDictionary<string, OwnerAnswer> People,
    IReadOnlyDictionary<string, RotationPolicyAnswer> Rotation
)
{
    /// <summary>Nothing was asked.</summary>
    public static DetectionAnswers None { get; } =
        new(new Dictionary<string, OwnerAnswer>(), new Dictionary<string, OwnerAnswer>(), new Dictionary<string, RotationPolicyAnswer>());

    /// <summary>
    /// Each kind of question as a source: read to its end when every object that was asked about gave an answer, also when there was none
    /// to ask about.
    /// </summary>
    public IReadOnlyList<SourceOutcome> Outcomes() =>
        [
            Outcome(Sources.Owners, "owners of flagged applications", [.. Owners.Values.Select(Gap)]),
            Outcome(Sources.People, "people named by owner tags and policy", [.. People.Values.Select(Gap)]),
            Outcome(
                Sources.RotationPolicies,
                "rotation policies of keys that are due",
                [.. Rotation.Values.Select(a => new AnswerGap(a.Rotates is null ? a.Unread ?? "not read" : null, a.Permission, a.Remedy))]
            ),
        ];

    private static AnswerGap Gap(OwnerAnswer answer) => new(answer.Unread, answer.Permission, answer.Remedy);

    // One reason is shown for all of them; each object's own is in its finding.
    private static SourceOutcome Outcome(string source, string name, IReadOnlyCollection<AnswerGap> answers)
    {
        var gaps = answers.Where(a => a.Reason is not null).OrderBy(a => a.Reason, StringComparer.Ordinal).ToList();
        return gaps is [var first, ..]
            ? new(
                source,
                Complete: false,
                0,
                new Subject(SubjectTypes.Source, source, name),
                string.Create(CultureInfo.InvariantCulture, $"{gaps.Count} of {answers.Count} could not be read: {first.Reason}"),
                first.Permission,
                first.Remedy
            )
            : new(source, Complete: true, 0);
    }

    // Why one object's question has no answer; no reason when it has.
    private readonly record struct AnswerGap(string? Reason, string? Permission, string? Remedy);
}

/// <summary>
/// Turns verdicts into detections: finds who should act, adds what follows from the owners (CRED-006) and from the rotation policies of
/// keys (CRED-007), words the next step for that person and attaches the waiver that covers it. Pure.
/// </summary>
/// <param name="policy">The policy.</param>
/// <param name="now">The instant at which waivers are judged.</param>
internal sealed class DetectionBuilder(CredentialPolicy policy, DateTimeOffset now)
{
    private const string NotAsked = "the directory was not asked";

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
        var directory = new Directory(policy, answers);
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
        var owner = new Directory(policy, answers).Fallback();
        return Finished(
            new()
            {
                ControlId = ControlCatalogue.SourceNotRead,
                Severity = policy.Severity.Of(ControlCatalogue.SourceNotRead),
                Subject = subject,
                Part = part,
                Source = outcome.Source,
                ResourceId = outcome.ResourceId,
                Unknown = true,
                Reason =
                    Shell.OneLine(outcome.Reason ?? "It was not read to its end.")
                    + (outcome.Permission is { } permission ? $" Missing permission: {permission}." : ""),
                NextStep = outcome.Remedy is { Length: > 0 } remedy
                    ? remedy
                    : NextSteps.Addressed(owner, "look into the logs of this run, correct the cause and run the check again"),
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
                ControlId = ControlCatalogue.SourceNotRead,
                Severity = policy.Severity.Of(ControlCatalogue.SourceNotRead),
                Subject = new(SubjectTypes.Source, Sources.VaultEvents, "Key Vault events"),
                Part = key,
                Source = Sources.VaultEvents,
                Unknown = true,
                Reason = Shell.OneLine(reason),
                NextStep = nextStep,
                Owner = new Directory(policy, DetectionAnswers.None).Fallback(),
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
        var owner = new Directory(policy, answers).Fallback();
        return Finished(
            new()
            {
                ControlId = ControlCatalogue.SubscriptionNotVisible,
                Severity = policy.Severity.Of(ControlCatalogue.SubscriptionNotVisible),
                Subject = new(SubjectTypes.Subscription, resourceId, name),
                Source = Sources.Subscriptions,
                ResourceId = resourceId,
                Unknown = true,
                Reason = "Earlier runs read it, and it is no longer in the list of subscriptions that this app may see.",
                NextStep = NextSteps.Addressed(
                    owner,
                    $"give this app's identity the role Reader on {Shell.OneLine(name)} again (scope {Shell.OneLine(resourceId)}), or, "
                        + "if it was retired on purpose, "
                        + $"add {Shell.OneLine(id)} to scope.retiredSubscriptions of {policy.File}"
                ),
                Owner = owner,
            },
            appId: null
        );
    }

    private static bool IsGraph(Subject subject) => subject.Type is SubjectTypes.Application or SubjectTypes.ServicePrincipal;

    private static bool IsDueKey(Verdict v) =>
        v.Credential.Kind == CredentialKind.VaultKey && v.ControlId is OlderThanAllowed.Id or ExpiresSoon.Id;

    private string? TagOwner(Credential credential) =>
        credential.Tags.TryGetValue(policy.OwnerTag, out var address) && address.Trim() is { Length: > 0 } trimmed ? trimmed : null;

    private Detection? LivingOwner(Verdict flagged, Directory directory)
    {
        var credential = flagged.Credential;
        var answer = directory.OwnersOf(credential.Subject);
        if (answer.Unread is null && answer.Owners.Any(o => o.IsLiving))
            return null;
        var doubtful = answer.Owners.FirstOrDefault(o => o is { IsUser: true, Enabled: null });
        var whole = credential with { Part = "", Label = null, Started = null, Expires = null };
        var reason =
            answer.Unread is { } unread ? $"Its owners could not be read: {Shell.OneLine(unread)}."
            : answer.Owners.Count == 0 ? "It has no owner."
            : doubtful is not null ? $"Whether {Shell.OneLine(doubtful.Name)}, one of its owners, can sign in is not known."
            : "None of its owners is a person whose account can sign in.";
        return FromVerdict(
            flagged with
            {
                ControlId = ControlCatalogue.NoLivingOwner,
                Severity = policy.Severity.Of(ControlCatalogue.NoLivingOwner, whole, null),
                Unknown = answer.Unread is not null || doubtful is not null,
                Reason = reason,
                Credential = whole,
            },
            directory
        );
    }

    private Detection? Rotation(Verdict due, Directory directory)
    {
        var answer = directory.RotationOf(due.Credential.Subject);
        if (answer.Rotates == true)
            return null;
        return FromVerdict(
            due with
            {
                ControlId = ControlCatalogue.NoRotationPolicy,
                Severity = policy.Severity.Of(ControlCatalogue.NoRotationPolicy, due.Credential, null),
                Unknown = answer.Rotates is null,
                Reason = answer.Rotates is null
                    ? $"It is due, and whether it rotates by itself could not be read: {Shell.OneLine(answer.Unread ?? NotAsked)}."
                    : "It is due and its rotation policy does not rotate it.",
                // The policy is the key's, whichever of its versions is due.
                Credential = due.Credential with
                {
                    Part = "",
                    Label = null,
                },
            },
            directory
        );
    }

    private Detection FromVerdict(Verdict verdict, Directory directory)
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
                Reason = c.Label is { Length: > 0 } label ? $"{verdict.Reason} [{Shell.OneLine(label)}]" : verdict.Reason,
                NextStep = NextSteps.For(verdict.ControlId, c, verdict.Rules, owner, now),
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

    // The answers, looked up without regard to case.
    private sealed class Directory(CredentialPolicy policy, DetectionAnswers answers)
    {
        private readonly Dictionary<string, OwnerAnswer> _owners = Folded(answers.Owners);
        private readonly Dictionary<string, OwnerAnswer> _people = Folded(answers.People);
        private readonly Dictionary<string, RotationPolicyAnswer> _rotation = Folded(answers.Rotation);

        public OwnerAnswer OwnersOf(Subject subject) => _owners.TryGetValue(subject.Id, out var answer) ? answer : new([], NotAsked);

        public RotationPolicyAnswer RotationOf(Subject subject) =>
            _rotation.TryGetValue(subject.Id, out var answer) ? answer : new(null, NotAsked);

        /// <summary>The object's own owner, else the one its tag names, else the policy's.</summary>
        public Person? OwnerOf(Subject subject, string? tagAddress)
        {
            if (IsGraph(subject) && ToAsk(OwnersOf(subject)) is { } owner)
                return new(owner.Id, owner.Name, owner.Address!, "owner");
            return (tagAddress is null ? null : Tagged(tagAddress)) ?? Fallback();
        }

        /// <summary>
        /// The owner to ask: a user with an address whose account is not known to be disabled; one known to be enabled goes before one of
        /// whom the directory does not say, then by name and address.
        /// </summary>
        public static OwnerEntry? ToAsk(OwnerAnswer answer) =>
            answer
                .Owners.Where(o => o.IsUser && o.Enabled != false && !string.IsNullOrWhiteSpace(o.Address))
                .OrderByDescending(o => o.IsLiving)
                .ThenBy(o => o.Name, StringComparer.Ordinal)
                .ThenBy(o => o.Address, StringComparer.Ordinal)
                .FirstOrDefault();

        public Person? Fallback()
        {
            if (policy.FallbackOwner is not { } address)
                return null;
            return _people.TryGetValue(address, out var answer) && ToAsk(answer) is { } found
                ? new(found.Id, found.Name, found.Address!, "policy")
                : new(null, address, address, "policy");
        }

        // An address that could not be looked up is still what the tag says; one that is nobody's, or a disabled user's, is not asked.
        private Person? Tagged(string address)
        {
            if (!_people.TryGetValue(address, out var answer) || answer.Unread is not null)
                return new(null, address, address, "tag");
            return ToAsk(answer) is { } found ? new(found.Id, found.Name, found.Address!, "tag") : null;
        }

        private static Dictionary<string, T> Folded<T>(IReadOnlyDictionary<string, T> map)
        {
            var folded = new Dictionary<string, T>(StringComparer.OrdinalIgnoreCase);
            foreach (var (key, value) in map)
                folded[key] = value;
            return folded;
        }
    }
}
