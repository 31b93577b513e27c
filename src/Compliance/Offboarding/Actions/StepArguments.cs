namespace Compliance.Offboarding.Actions;

/// <summary>Names of what a step needs beside its target. A plan carries all of it, so that what is approved is what is done.</summary>
internal static class StepArguments
{
    /// <summary>
    /// Key of the access the step takes away (<see cref="Access.Key"/>); each access of a snapshot has at most one such step.
    /// </summary>
    public const string Access = "access";

    /// <summary>Ids of steps, one a line, that must be in effect before this one is done.</summary>
    public const string Needs = "needs";

    /// <summary>Object id of the user.</summary>
    public const string UserId = "userId";

    /// <summary>Object id of who becomes an owner, or stops being one.</summary>
    public const string OwnerId = "ownerId";

    /// <summary><c>applications</c>, <c>servicePrincipals</c> or <c>groups</c>.</summary>
    public const string Collection = "collection";

    /// <summary><c>true</c> for a group that can hold directory roles.</summary>
    public const string RoleAssignable = "roleAssignable";

    /// <summary>Id of the schedule of a directory role that PIM manages; such a role is ended by a request to PIM.</summary>
    public const string Schedule = "roleAssignmentScheduleId";

    /// <summary>Resource Manager id of a vault.</summary>
    public const string VaultId = "vaultId";

    /// <summary>Name of a tag.</summary>
    public const string Tag = "tag";

    /// <summary>The value a tag gets.</summary>
    public const string Value = "value";

    /// <summary>
    /// The name of a request that Resource Manager keeps under an id of ours; derived, so that a repeat is the same request.
    /// </summary>
    public const string RequestId = "requestId";
}
