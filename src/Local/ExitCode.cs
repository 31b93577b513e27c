namespace Local;

/// <summary>What the launcher's exit codes mean; <c>docs/get-started.md</c> shows users the same.</summary>
internal static class ExitCode
{
    /// <summary>It did what was asked.</summary>
    public const int Done = 0;

    /// <summary>It could not: a missing tool, a taken port, a child that died, a run that failed. One line on stderr says which.</summary>
    public const int Failed = 1;

    /// <summary><c>--fail-on</c> was given and an open finding is at or above it.</summary>
    public const int FoundSomething = 2;

    /// <summary>
    /// A source could not be read completely, so nobody knows whether there is more. Wins over <see cref="FoundSomething"/>.
    /// </summary>
    public const int Incomplete = 3;

    /// <summary>The command line is wrong; <c>EX_USAGE</c> of BSD's <c>sysexits.h</c>.</summary>
    public const int Usage = 64;
}
