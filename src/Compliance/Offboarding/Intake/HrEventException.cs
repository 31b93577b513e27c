namespace Compliance.Offboarding.Intake;

/// <summary>An HR event that cannot be taken in. A queue tries it again and moves it to poison with this reason.</summary>
/// <param name="key">Names the event: <see cref="HrEventLog.KeyOf"/> where source and id could be read, else the SHA-256 of the text, lower-case hex.</param>
/// <param name="eventId">CloudEvents <c>id</c>; null when it could not be read.</param>
/// <param name="problems">Everything that is wrong, each with its path and the rule. No values: they may be personal data.</param>
internal sealed class HrEventException(string key, string? eventId, IReadOnlyList<string> problems) : FormatException($"HR event {eventId ?? key[..16]}: {string.Join("; ", problems)}")
{
    /// <summary>Names the event.</summary>
    public string Key { get; } = key;

    /// <summary>CloudEvents <c>id</c>; null when it could not be read.</summary>
    public string? EventId { get; } = eventId;

    /// <summary>Everything that is wrong.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}
