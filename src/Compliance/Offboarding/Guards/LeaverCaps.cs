using Compliance.Changes.Caps;

namespace Compliance.Offboarding.Guards;

/// <summary>The caps on leavers: a faulty HR feed blocks no more people than policy allows.</summary>
internal static class LeaverCaps
{
    /// <summary>The table that counts them.</summary>
    public const string Table = "leavercaps";

    /// <summary>The caps of a policy.</summary>
    /// <param name="policy">The policy in force.</param>
    /// <param name="staff">How many users the tenant has; null when it could not be counted.</param>
    public static CapLimits From(OffboardingPolicy policy, long? staff) =>
        new(GuardNames.HourCap, GuardNames.DayCap, "leavers", "users", policy.MaxPerHour, policy.MaxOfStaffPerDay, staff);
}
