using Compliance.Changes.Plans;

namespace Compliance.Offboarding;

/// <summary>The group that a Conditional Access policy blocks (policy: <c>blockGroup</c>), and whether a person is in it.</summary>
/// <param name="Id">Object id.</param>
/// <param name="Name">Display name; the id when it could not be read.</param>
/// <param name="IsMember">Whether the person is a member directly.</param>
/// <param name="Problem">Why this program cannot put anybody there; null when it can.</param>
/// <param name="Unread">Why that is not known; null when it is.</param>
internal sealed record BlockGroup(string Id, string Name, bool IsMember, string? Problem, string? Unread)
{
    /// <summary>The target that the group is.</summary>
    public PlanTarget Target => new("group", Id, Name);

    /// <summary>One that could not be read.</summary>
    public static BlockGroup NotRead(string id, string why) => new(id, id, false, null, why);

    /// <summary>The access but for memberships of block groups, which give none.</summary>
    public static AccessSnapshot Without(AccessSnapshot snapshot, params IEnumerable<string?> groups) =>
        snapshot with
        {
            Accesses =
            [
                .. snapshot.Accesses.Where(a =>
                    a.Kind != AccessKind.GroupMember || !groups.Contains(a.Id, StringComparer.OrdinalIgnoreCase)
                ),
            ],
        };
}

/// <summary>What became of putting a leaver into the block group, as kept with the case's round.</summary>
/// <param name="Id">Object id of the group.</param>
/// <param name="PlanId">The plan that does it.</param>
/// <param name="WasMember">Whether the person was a member before this program acted; null while that was not read.</param>
/// <param name="Outcome">The last outcome; null before there is one.</param>
internal sealed record BlockGroupState(string Id, string PlanId, bool? WasMember, StepOutcome? Outcome);
