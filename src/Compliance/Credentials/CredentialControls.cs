using Compliance.Controls;

namespace Compliance.Credentials;

/// <summary>The controls of this capability.</summary>
internal static class CredentialControls
{
    /// <summary>A source could not be read to its end.</summary>
    public const string Gap = ControlCatalogue.SourceNotRead;

    /// <summary>A subscription seen earlier is no longer shown to us.</summary>
    public const string MissingSubscription = ControlCatalogue.SubscriptionNotVisible;

    /// <summary>The controls that stand for something unread.</summary>
    public static IReadOnlyList<string> Gaps { get; } = [Gap, MissingSubscription];

    /// <summary>Every control whose findings one run of the check reconciles.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. CredentialEvaluator
            .Controls.Append(ControlCatalogue.NoLivingOwner)
            .Append(ControlCatalogue.NoRotationPolicy)
            .Order(StringComparer.Ordinal),
        Gap,
        MissingSubscription,
    ];
}
