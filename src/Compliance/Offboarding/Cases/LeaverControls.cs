namespace Compliance.Offboarding.Cases;

/// <summary>Ids of the controls of HR events and of leaver cases.</summary>
internal static class LeaverControls
{
    /// <summary>Someone has left and no HR event came.</summary>
    public const string NoEvent = "LEAVE-001";

    /// <summary>HR is silent, or its roster cannot be believed.</summary>
    public const string HrSilent = "LEAVE-002";

    /// <summary>Nobody or several people fit the HR event.</summary>
    public const string NoMatch = "LEAVE-003";

    /// <summary>An HR event was refused, or contradicts another.</summary>
    public const string RefusedEvent = "LEAVE-004";

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
}
