using System.Globalization;
using Compliance.Findings;

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
    /// <summary>Why there is no answer about an object that was not asked about.</summary>
    public const string NotAsked = "the directory was not asked";

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
