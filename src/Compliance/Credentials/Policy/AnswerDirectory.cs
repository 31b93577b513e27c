using Compliance.Findings;

namespace Compliance.Credentials;

/// <summary>The answers, looked up without regard to case: who should act, and what follows from what was asked.</summary>
/// <param name="policy">Names the fallback owner.</param>
/// <param name="answers">The answers.</param>
internal sealed class AnswerDirectory(CredentialPolicy policy, DetectionAnswers answers)
{
    private readonly Dictionary<string, OwnerAnswer> _owners = Folded(answers.Owners);
    private readonly Dictionary<string, OwnerAnswer> _people = Folded(answers.People);
    private readonly Dictionary<string, RotationPolicyAnswer> _rotation = Folded(answers.Rotation);

    /// <summary>The owners of an application or service principal.</summary>
    public OwnerAnswer OwnersOf(Subject subject) =>
        _owners.TryGetValue(subject.Id, out var answer) ? answer : new([], DetectionAnswers.NotAsked);

    /// <summary>Whether a key rotates by itself.</summary>
    public RotationPolicyAnswer RotationOf(Subject subject) =>
        _rotation.TryGetValue(subject.Id, out var answer) ? answer : new(null, DetectionAnswers.NotAsked);

    /// <summary>The object's own owner, else the one its tag names, else the policy's.</summary>
    public Person? OwnerOf(Subject subject, string? tagAddress)
    {
        if (DetectionBuilder.IsGraph(subject) && ToAsk(OwnersOf(subject)) is { } owner)
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

    /// <summary>The owner whom policy names for what has no owner.</summary>
    public Person? Fallback()
    {
        if (policy.FallbackOwner is not { } address)
            return null;
        return _people.TryGetValue(address, out var answer) && ToAsk(answer) is { } found
            ? new(found.Id, found.Name, found.Address!, "policy")
            : new(null, address, address, "policy");
    }

    // An address that could not be looked up is still what the tag says; one that belongs to no user, or to a disabled one, is not asked.
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
