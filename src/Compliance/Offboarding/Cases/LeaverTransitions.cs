using System.Collections.Frozen;
using static Compliance.Offboarding.LeaverStage;

namespace Compliance.Offboarding.Cases;

/// <summary>What happened to a case, as far as its stage is concerned.</summary>
internal enum StageChange
{
    /// <summary>HR reported the leaving, somebody started it for cause, or another round begins.</summary>
    Scheduled,

    /// <summary>HR took the leaving back, and nothing was done.</summary>
    TakenBack,

    /// <summary>No person fits, or several do.</summary>
    Unmatched,

    /// <summary>A guard holds the block.</summary>
    BlockHeld,

    /// <summary>The account was blocked.</summary>
    Blocked,

    /// <summary>The account could not be blocked.</summary>
    NotBlocked,

    /// <summary>A guard holds the removal.</summary>
    RemovalHeld,

    /// <summary>A removal plan may be carried out, for somebody who is blocked.</summary>
    RemovalReleased,

    /// <summary>Everything removable was seen removed.</summary>
    SeenClear,

    /// <summary>The watch over a person who is clear has ended.</summary>
    WatchEnded,

    /// <summary>An approver refused, or the person works on in another employment: nothing more is done.</summary>
    Ended,

    /// <summary>Two people are asked to give access back.</summary>
    UndoHeld,

    /// <summary>Access was given back, as far as it can be.</summary>
    GivenBack,

    /// <summary>There was nothing to give back.</summary>
    NothingToGiveBack,
}

/// <summary>
/// The one table of a case's stages: from which stage what leads to which. Where it has no row the stage stays as it is. Whether something
/// happened at all, and to which round, is for whoever calls to know.
/// </summary>
internal static class LeaverTransitions
{
    private static readonly LeaverStage[] Any = Enum.GetValues<LeaverStage>();
    private static readonly LeaverStage[] BeforeBlocking = [LeaverStage.Scheduled, LeaverStage.Unmatched, Held];

    private static readonly FrozenDictionary<(LeaverStage, StageChange), LeaverStage> Table = new (
        StageChange Change,
        LeaverStage[] From,
        LeaverStage To
    )[]
    {
        (StageChange.Scheduled, Any, LeaverStage.Scheduled),
        (StageChange.TakenBack, Any, Cancelled),
        (StageChange.Unmatched, Any, LeaverStage.Unmatched),
        (StageChange.BlockHeld, Any, Held),
        (StageChange.Blocked, [.. BeforeBlocking, Blocking], LeaverStage.Blocked),
        (StageChange.NotBlocked, BeforeBlocking, Blocking),
        (StageChange.RemovalHeld, Any, AwaitingApproval),
        (StageChange.RemovalReleased, [.. Any.Where(s => s != Clear)], Removing),
        (StageChange.SeenClear, Any, Clear),
        (StageChange.WatchEnded, [Clear], Closed),
        (StageChange.Ended, Any, Closed),
        (StageChange.UndoHeld, Any, Restoring),
        (StageChange.GivenBack, Any, Restored),
        (StageChange.NothingToGiveBack, Any, Cancelled),
    }
        .SelectMany(row => row.From, (row, from) => KeyValuePair.Create((from, row.Change), row.To))
        .ToFrozenDictionary();

    /// <summary>The stage afterwards.</summary>
    public static LeaverStage After(LeaverStage stage, StageChange change) => Table.GetValueOrDefault((stage, change), stage);

    /// <summary>The case afterwards.</summary>
    public static LeaverCase Apply(LeaverCase known, StageChange change) => known with { Stage = After(known.Stage, change) };
}
