namespace Compliance.Offboarding.Cases;

/// <summary>Ids of the controls of a leaver case.</summary>
internal static class LeaverControls
{
    /// <summary>Nobody or several people fit the HR event.</summary>
    public const string NoMatch = "LEAVE-003";

    /// <summary>A leaver is held or waits past the deadline.</summary>
    public const string Overdue = "LEAVE-010";

    /// <summary>A guard holds a leaver.</summary>
    public const string Held = "LEAVE-011";

    /// <summary>Access was not seen removed by the deadline.</summary>
    public const string NotClear = "LEAVE-012";

    /// <summary>A step needs a person or a permission.</summary>
    public const string StepStuck = "LEAVE-013";

    /// <summary>A former leaver has access again.</summary>
    public const string Relapsed = "LEAVE-014";

    /// <summary>A case does not go on, or not for whom it should.</summary>
    public const string Stalled = "LEAVE-015";

    /// <summary>A second person has not confirmed a start for cause in time.</summary>
    public const string Unconfirmed = "LEAVE-016";
}
