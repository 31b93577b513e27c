using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>What a step does to its target: an answer that there is no such target means another thing for each.</summary>
internal enum StepEffect
{
    /// <summary>It takes something away: when that is not there, the step is done.</summary>
    TakesAway,

    /// <summary>
    /// It changes or ends something: done when the target is gone, but not when a message says that something does not exist, which is
    /// another thing then.
    /// </summary>
    Changes,

    /// <summary>It gives something: failed when the target is missing, done when what it gives is there already.</summary>
    Gives,
}

/// <summary>All that is known of one act on one target. Pure. A class becomes part of the app in <see cref="StepRegistry"/>.</summary>
internal interface ILeaverStep
{
    /// <summary>How plans, evidence and certificates name it. Stored: it never changes.</summary>
    string Action { get; }

    /// <summary>What it does, in a few words.</summary>
    string Title { get; }

    /// <summary>The requests it may make, each with its least permission.</summary>
    IReadOnlyList<DeclaredCall> Calls { get; }

    /// <summary>What it does to its target.</summary>
    StepEffect Effect { get; }

    /// <summary>True when Graph itself takes away, with a user who is deleted, what the step is about.</summary>
    bool EndsWithTheUser => false;

    /// <summary>Parts of the codes and messages with which a 400 refuses only for now: the step is tried again.</summary>
    IReadOnlyList<string> RefusedForNow => [];

    /// <summary>The action after which, when it took effect late, this one is done once more; null for none.</summary>
    string? RepeatedAfter => null;

    /// <summary>What a missing permission means beyond its grant; null for nothing.</summary>
    string? PermissionNote => null;

    /// <summary>The request that carries the step out.</summary>
    /// <param name="step">A step of this action.</param>
    /// <param name="graph">Address of Graph with its version, which references in bodies name.</param>
    /// <exception cref="ArgumentException">An argument that it needs is missing.</exception>
    StepRequest Request(PlanStep step, string graph);

    /// <summary>What an answer means for this action alone; null when it means what it means for every other.</summary>
    StepAnswer? Read(StepReply reply) => null;

    /// <summary>What an undo does about steps of this action, where that does not follow from an access in the snapshot.</summary>
    /// <param name="done">Those in effect, each once; at least one.</param>
    /// <param name="context">Whose leaving is undone.</param>
    PlannedAccess UndoDone(IReadOnlyList<PlanStep> done, UndoContext context) => PlannedAccess.Nothing;
}
