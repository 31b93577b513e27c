using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Intake;

/// <summary>
/// An event that cannot be taken in. The message lists every problem as path and rule and never repeats a value, since an event is about a
/// person and the message goes to logs and findings.
/// </summary>
public sealed class HrEventException : FormatException
{
    internal HrEventException(IReadOnlyList<string> problems, string key, bool tooLarge = false)
        : base($"HR event {key} cannot be taken in: {string.Join("; ", problems)}")
    {
        Problems = problems;
        Key = key;
        TooLarge = tooLarge;
    }

    /// <summary>Each problem: path and rule.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>
    /// Names the event in findings and evidence: derived from CloudEvents source and id where both can be read (see
    /// <see cref="HrEventKeys"/>), else from the bytes received.
    /// </summary>
    public string Key { get; }

    /// <summary>True when it is over the size limit, which HTTP answers with 413.</summary>
    public bool TooLarge { get; }
}
