using Compliance.Controls;
using Compliance.Findings;

namespace Compliance.Credentials;

/// <summary>The controls of this capability.</summary>
internal static class CredentialControls
{
    /// <summary>A source could not be read to its end.</summary>
    public const string Gap = FindingControls.SourceNotRead;

    /// <summary>A subscription seen earlier is no longer shown to us.</summary>
    public const string MissingSubscription = "GAP-002";

    /// <summary>Those that judge each credential, in the order in which they do.</summary>
    public static IReadOnlyList<ICredentialCheck> Checks { get; } =
    [
        new OlderThanAllowed(),
        new EndedButPresent(),
        new ExpiresSoon(),
        new LivesTooLong(),
        new AgeUnknown(),
        new NoKeyExpirationPolicy(),
        new AcceptsKeys(),
    ];

    /// <summary>Follows from a finding on an application.</summary>
    public static NoLivingOwner LivingOwner { get; } = new();

    /// <summary>Follows from a finding on a key.</summary>
    public static NoRotationPolicy RotationPolicy { get; } = new();

    /// <summary>All that are about credentials: those that policy can set for a kind of credential or by tag.</summary>
    public static IReadOnlyList<ICredentialControl> OfCredentials { get; } = [.. Checks, LivingOwner, RotationPolicy];

    /// <summary>The controls that only this capability raises.</summary>
    public static ControlCatalogue Catalogue { get; } =
        new([
            .. OfCredentials.Select(c => c.Control),
            new(
                MissingSubscription,
                "Subscription is no longer visible",
                Severity.High,
                "A subscription that drops out of view takes its findings with it.",
                [Clauses.CommonCriteriaMonitoring, Clauses.AssetInventory, Clauses.Evaluation]
            ),
        ]);

    /// <summary>The controls that stand for something unread.</summary>
    public static IReadOnlyList<string> Gaps { get; } = [Gap, MissingSubscription];

    /// <summary>Every control whose findings one run of the check reconciles.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Catalogue.Ids.Append(Gap).Order(StringComparer.Ordinal)];
}
