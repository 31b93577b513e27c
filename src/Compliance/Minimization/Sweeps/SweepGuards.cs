namespace Compliance.Minimization.Sweeps;

/// <summary>Guards of a sweep, by their names as stored.</summary>
internal static class SweepGuards
{
    /// <summary>More of a data set is due than the policy lets through, by share.</summary>
    public const string Share = "data-set-share";

    /// <summary>More of a data set is due than the policy lets through, by bytes.</summary>
    public const string Bytes = "data-set-bytes";

    /// <summary>All of a data set is due.</summary>
    public const string Whole = "whole-data-set";

    /// <summary>A rule that never deleted anything as it is now.</summary>
    public const string FirstActOfRule = "first-act-of-rule";
}
