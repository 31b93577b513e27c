namespace Compliance.Ledger.Checkpoints;

/// <summary>
/// Something in the ledger is not what was signed, or not what this app writes. Never a failure to read: that is an
/// <see cref="IOException"/>.
/// </summary>
/// <param name="Part">Which part of the ledger: one problem in a part is one finding over time.</param>
/// <param name="Reason">What is wrong, for people; the same words from one check to the next.</param>
/// <param name="NextStep">What to do about it.</param>
internal sealed record CheckpointProblem(string Part, string Reason, string NextStep)
{
    /// <summary>The latest checkpoint, as <c>ledger-head</c> has it.</summary>
    public const string Head = "head";

    /// <summary>The numbered checkpoints.</summary>
    public const string Checkpoints = "checkpoints";

    /// <summary>The tiles and bundles of entries.</summary>
    public const string Tiles = "tiles";

    /// <summary>The append blobs.</summary>
    public const string Log = "log";

    /// <summary>What was signed before, against what is signed now.</summary>
    public const string History = "history";

    /// <summary>The signing key.</summary>
    public const string Key = "key";

    /// <summary>The check itself.</summary>
    public const string Check = "check";

    /// <summary>A copy at the auditor's.</summary>
    public const string Copy = "copy";

    private const string Investigate =
        "Treat it as an incident: keep both storage accounts as they are, get the checkpoints that were copied to the auditor, and run "
            + "`compliance evidence verify`; nothing new is signed meanwhile";

    /// <summary>A problem that people have to look into.</summary>
    public static CheckpointProblem In(string part, string reason) => new(part, reason, Investigate);

    /// <summary>A problem with a remedy of its own.</summary>
    public static CheckpointProblem In(string part, string reason, string nextStep) => new(part, reason, nextStep);
}

/// <summary>Carries a problem to whoever makes a finding of it.</summary>
/// <param name="problem">The problem.</param>
/// <param name="inner">What found it, if another part did.</param>
internal sealed class CheckpointProblemException(CheckpointProblem problem, Exception? inner = null) : Exception(problem.Reason, inner)
{
    /// <summary>The problem.</summary>
    public CheckpointProblem Problem { get; } = problem;
}
