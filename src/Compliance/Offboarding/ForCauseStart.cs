namespace Compliance.Offboarding;

/// <summary>That an administrator ended a person's access at once and for cause, beside HR.</summary>
public sealed record ForCauseStart
{
    /// <summary>Counts the starts of the case, from 1.</summary>
    public int Number { get; init; } = 1;

    /// <summary>Object id of the account: the one that was named is blocked, whomever HR's event fits.</summary>
    public required string UserId { get; init; }

    /// <summary>User principal name of that account.</summary>
    public required string PrincipalName { get; init; }

    /// <summary>Object id of who started it.</summary>
    public required string StartedBy { get; init; }

    /// <summary>Why, as that person wrote it. It can be erased, so the ledger has a digest of it.</summary>
    public required string Reason { get; init; }

    /// <summary>When (UTC).</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Until when a second person is expected to confirm it (UTC).</summary>
    public required DateTimeOffset ConfirmBy { get; init; }

    /// <summary>What became of it; null while the second person has not answered.</summary>
    public ForCauseOutcome? Outcome { get; init; }

    /// <summary>True once it is in evidence and the second person was asked.</summary>
    public bool Asked { get; init; }

    /// <summary>True once a late confirmation was escalated.</summary>
    public bool Escalated { get; init; }

    /// <summary>True once nothing more is to be done about the confirmation.</summary>
    public bool Settled { get; init; }

    /// <summary>True while access ends by it.</summary>
    public bool Holds => Outcome is null or ForCauseOutcome.Confirmed;
}

/// <summary>What became of a start for cause.</summary>
public enum ForCauseOutcome
{
    /// <summary>A second person confirmed it.</summary>
    Confirmed,

    /// <summary>A second person refused it.</summary>
    Refused,

    /// <summary>HR reported later that the person stays.</summary>
    TakenBack,

    /// <summary>HR reported another end after the watch was over: what HR reports holds from then on.</summary>
    Ended,
}
