namespace Compliance.Offboarding.Actions;

/// <summary>How it is known whether an access gives administrative power, which an undo never gives back.</summary>
internal enum PowerJudgement
{
    /// <summary>By the mark on the access (<see cref="Access.Privileged"/>).</summary>
    Marked,

    /// <summary>By the mark, and it counts as power until it was read that there is none.</summary>
    Read,

    /// <summary>Every access of this kind gives power.</summary>
    Always,

    /// <summary>It gives none.</summary>
    Never,
}

/// <summary>
/// A step that takes access away. Each kind of access belongs to one such class, which may plan other steps beside its own: a new owner
/// before the old one is removed.
/// </summary>
internal interface IRemovalStep : ILeaverStep
{
    /// <summary>The kinds of access it takes away.</summary>
    IReadOnlyList<AccessKind> Kinds { get; }

    /// <summary>How it is known whether such an access gives power.</summary>
    PowerJudgement Power => PowerJudgement.Marked;

    /// <summary>What is done about an access, or left to a person with the reason. Never neither.</summary>
    PlannedAccess Plan(Access access, RemovalContext context);

    /// <summary>What gives an access without power back, or what a person does instead.</summary>
    PlannedAccess Undo(Access access, UndoContext context) => UndoContext.NotEnough(access);

    /// <summary>False when a read shows the access, but not that it can be used.</summary>
    bool IsInForce(Access access) => true;

    /// <summary>The sources that have to be read to their end before an access that is not seen any more counts as removed.</summary>
    /// <param name="access">The access as it was.</param>
    /// <param name="after">The fresh read.</param>
    IEnumerable<string> Sources(Access access, AccessSnapshot after);
}

/// <summary>
/// A step that gives access back. What gave no power when it was planned may give some by now: what such a step did not do, a person does,
/// and the next undo does not repeat it.
/// </summary>
internal interface IGiveBackStep : ILeaverStep
{
    /// <summary>True when what is made again has another id: it is known by the arguments of the step.</summary>
    bool GetsNewId => false;
}
