using System.Globalization;

namespace Compliance.Credentials;

/// <summary>What the checks agree on about time. All of it is UTC; a day is 24 hours.</summary>
internal static class Ages
{
    /// <summary>Whether its end has passed. The end itself is the first instant after it.</summary>
    public static bool HasEnded(Credential credential, DateTimeOffset now) => credential.Expires is { } end && now >= end;

    /// <summary>
    /// Whether its end stops it. Key Vault gives out a secret, and decrypts with a key, past their end: for them it is a date that whoever
    /// may update the object can move.
    /// </summary>
    public static bool EndStops(CredentialKind kind) => kind is not (CredentialKind.VaultSecret or CredentialKind.VaultKey);

    /// <summary>Whether it has ended and so works no more.</summary>
    public static bool IsOver(Credential credential, DateTimeOffset now) => HasEnded(credential, now) && EndStops(credential.Kind);

    /// <summary>Whether it has an age and an end of its own at all.</summary>
    public static bool CanEnd(CredentialKind kind) => kind is not (CredentialKind.StorageKey or CredentialKind.ResourceKeys);

    /// <summary>An instant some days later, or the last there is.</summary>
    public static DateTimeOffset After(DateTimeOffset from, int days) =>
        DateTimeOffset.MaxValue - from > TimeSpan.FromDays(days) ? from.AddDays(days) : DateTimeOffset.MaxValue;

    /// <summary>A day as text.</summary>
    public static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>A number of days as text.</summary>
    public static string Days(int days) => days == 1 ? "1 day" : string.Create(CultureInfo.InvariantCulture, $"{days} days");
}
