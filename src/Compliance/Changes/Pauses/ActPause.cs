using System.Globalization;
using Compliance.Text;

namespace Compliance.Changes.Pauses;

/// <summary>That an administrator holds everything that would be changed in the tenant.</summary>
internal sealed record ActPause
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);

    /// <summary>Counts the tenant's pauses, from 1: what was asked and answered about one never counts for another.</summary>
    public required int Number { get; init; }

    /// <summary>Object id of who paused.</summary>
    public required string PausedBy { get; init; }

    /// <summary>Why, as that person wrote it.</summary>
    public required string Reason { get; init; }

    /// <summary>When (UTC).</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Whether blocking a leaver is held too.</summary>
    public bool Blocking { get; init; }

    /// <summary>The question whether to resume; null while it was not asked.</summary>
    public ResumeQuestion? Asked { get; init; }

    /// <summary>When two people agreed to resume (UTC); null while it holds.</summary>
    public DateTimeOffset? ResumedAt { get; init; }

    /// <summary>True until it was resumed.</summary>
    public bool Holds => ResumedAt is null;

    /// <summary>What approvers read and name in their answer: it is the same for this pause alone, and names no person.</summary>
    public string Digest() =>
        CanonicalJson.Sha256Of(
            new
            {
                pause = Number,
                At,
                Blocking,
            }
        );

    /// <summary>Id of the present question whether to resume.</summary>
    /// <exception cref="InvalidOperationException">It was not asked.</exception>
    public string RequestId() =>
        Asked is { } asked
            ? string.Create(CultureInfo.InvariantCulture, $"resume-{Number}-{asked.Number}")
            : throw new InvalidOperationException($"there is no request to resume pause {Number}");

    /// <summary>
    /// How long what is held waits before it asks again: a short pause ends soon, and a long one costs a question every quarter of an hour.
    /// </summary>
    public TimeSpan WaitAt(DateTimeOffset now)
    {
        var wait = (now - At) / 4;
        if (wait < ShortestWait)
            return ShortestWait;
        return wait > LongestWait ? LongestWait : wait;
    }
}

/// <summary>The question whether to resume.</summary>
/// <param name="Number">Counts the questions about one pause, from 1: a refusal is final, and a later question is another.</param>
/// <param name="AskedBy">Object id of who asked: their own answer does not count.</param>
/// <param name="At">When (UTC).</param>
internal sealed record ResumeQuestion(int Number, string AskedBy, DateTimeOffset At)
{
    /// <summary>True once approvers can answer it.</summary>
    public bool IsPlaced { get; init; }

    /// <summary>True once somebody refused.</summary>
    public bool IsRefused { get; init; }
}

/// <summary>What is kept of a tenant's pauses: the latest, and what is still to be done about earlier ones.</summary>
internal sealed record PauseState
{
    /// <summary>The latest pause; null before the first.</summary>
    public ActPause? Latest { get; init; }

    /// <summary>Acts that are not in evidence yet, the oldest first: an outage of the ledger delays a pause by nothing.</summary>
    public IReadOnlyList<PauseAct> Unrecorded { get; init; } = [];

    /// <summary>Requests of earlier pauses that are still to be made void.</summary>
    public IReadOnlyList<string> ToVoid { get; init; } = [];
}

/// <summary>One act about a pause, with all that its record needs.</summary>
/// <param name="Id">The record's id.</param>
/// <param name="Action">The record's action.</param>
/// <param name="At">When (UTC).</param>
/// <param name="By">Object ids of whose act it is.</param>
/// <param name="Pause">The pause it is about.</param>
internal sealed record PauseAct(string Id, string Action, DateTimeOffset At, IReadOnlyList<string> By, ActPause Pause);
