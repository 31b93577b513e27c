using Compliance.Observability;

namespace Compliance.Findings;

/// <summary>
/// Brings a detection into the form it is kept in. Done before it is compared with what is kept: a text that is cut only on its way to
/// storage would look changed in every later run.
/// </summary>
internal static class FindingText
{
    /// <summary>Longest reason or next step kept, in UTF-16 characters. A table property holds 32,768 of them.</summary>
    public const int LongestText = 8_000;

    /// <summary>Longest name, id or address kept, in UTF-16 characters.</summary>
    public const int LongestName = 2_000;

    /// <summary>
    /// The detection with secrets masked, texts cut visibly (they end in <c>…</c>) and times in UTC. Doing it twice changes nothing.
    /// </summary>
    public static Detection Fit(Detection detection) =>
        detection with
        {
            Subject = new(Name(detection.Subject.Type), Name(detection.Subject.Id), Name(SecretScrubber.Scrub(detection.Subject.Name))),
            Part = Name(detection.Part),
            Source = Name(detection.Source),
            ResourceId = detection.ResourceId is { } id ? Name(id) : null,
            Reason = Cut(SecretScrubber.Scrub(detection.Reason), LongestText),
            NextStep = Cut(SecretScrubber.Scrub(detection.NextStep), LongestText),
            Since = detection.Since?.ToUniversalTime(),
            Expires = detection.Expires?.ToUniversalTime(),
            Owner = detection.Owner is { } o
                ? new(o.Id is { } person ? Name(person) : null, Name(o.Name), Name(o.Address), Name(o.Via))
                : null,
            Waiver = detection.Waiver is { } w
                ? new(Name(w.Id), Cut(SecretScrubber.Scrub(w.Reason), LongestText), Name(w.ApprovedBy), w.Expires.ToUniversalTime())
                : null,
        };

    private static string Name(string text) => Cut(text, LongestName);

    private static string Cut(string text, int longest)
    {
        if (text.Length <= longest)
            return text;
        // Half a surrogate pair is no text: storage would give back something else.
        var end = char.IsHighSurrogate(text[longest - 2]) ? longest - 2 : longest - 1;
        return string.Concat(text.AsSpan(0, end), "…");
    }
}
