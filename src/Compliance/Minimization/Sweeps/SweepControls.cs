namespace Compliance.Minimization.Sweeps;

/// <summary>How the ledger names what a sweep does.</summary>
internal static class SweepControls
{
    /// <summary>Who acts.</summary>
    public const string Actor = "sweep";

    /// <summary>Action of the records about a part of a plan.</summary>
    public const string DeleteAction = "sweep.delete";

    /// <summary>The controls that its records are evidence for.</summary>
    public static readonly IReadOnlyList<string> Evidenced = ["DATA-001"];
}
