namespace SandboxTenant;

/// <summary>
/// The times to which the clock of a sandbox tenant may be set: what is read from one lies years before and after its time.
/// </summary>
internal static class ClockRange
{
    /// <summary>The rule, as an error names it.</summary>
    public const string Rule = "a time from 2000 to 2099";

    /// <summary>Whether a time lies within it.</summary>
    public static bool Includes(DateTimeOffset time) => time.UtcDateTime.Year is >= 2000 and <= 2099;
}
