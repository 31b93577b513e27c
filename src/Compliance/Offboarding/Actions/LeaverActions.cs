namespace Compliance.Offboarding.Actions;

/// <summary>Actions that a case treats in a way of its own. All actions are in <see cref="StepRegistry"/>.</summary>
internal static class LeaverActions
{
    /// <summary>Who gets something is looked up once more right before the act.</summary>
    public const string AddOwner = Actions.AddOwner.Id;

    /// <summary>Like <see cref="AddOwner"/>.</summary>
    public const string HandOverResource = Actions.HandOverResource.Id;

    /// <summary>Has a plan of its own.</summary>
    public const string AddToBlockGroup = Actions.AddToBlockGroup.Id;

    /// <summary>Known by the facts of a lookup, without reading access.</summary>
    public const string EnableAccount = Actions.EnableAccount.Id;

    /// <summary>Like <see cref="EnableAccount"/>.</summary>
    public const string RemoveFromBlockGroup = Actions.RemoveFromBlockGroup.Id;
}
