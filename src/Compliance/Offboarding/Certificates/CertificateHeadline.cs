using System.Globalization;

namespace Compliance.Offboarding.Certificates;

/// <summary>How a certificate's headline is coloured.</summary>
internal enum CertificateTone
{
    /// <summary>Nothing remains.</summary>
    Good,

    /// <summary>The account is blocked, and something remains.</summary>
    Warning,

    /// <summary>The account is not blocked.</summary>
    Bad,
}

/// <summary>
/// What a certificate comes to, in one line: how fast the account was blocked and what remains. Green only when nothing does. Pure.
/// </summary>
/// <param name="Tone">How it is coloured.</param>
/// <param name="Text">The line.</param>
internal sealed record CertificateHeadline(CertificateTone Tone, string Text)
{
    /// <summary>The headline of a certificate.</summary>
    public static CertificateHeadline From(RevocationCertificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        var remains = Remains(certificate);
        var blocked = $"Blocked in {Duration(certificate.SecondsToBlocked)}";
        return (certificate.State, remains) switch
        {
            ("clear", "") => new(
                CertificateTone.Good,
                $"{blocked}, all seen removed in {Duration(certificate.SecondsToClear)}: nothing remains"
            ),
            ("clear", _) => new(CertificateTone.Warning, $"{blocked}; {remains}"),
            ("blocked", "") => new(CertificateTone.Warning, $"{blocked}, not all seen removed yet"),
            ("blocked", _) => new(CertificateTone.Warning, $"{blocked}, not all seen removed yet; {remains}"),
            _ => new(CertificateTone.Bad, remains.Length == 0 ? "Not blocked" : $"Not blocked; {remains}"),
        };
    }

    /// <summary>
    /// How fast all was seen removed that this program removes, where something else remains; null where the headline has it, or where not
    /// all was.
    /// </summary>
    public static string? Removed(RevocationCertificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return certificate.State == "clear" && From(certificate).Tone != CertificateTone.Good
            ? $"All that this program removes was seen removed in {Duration(certificate.SecondsToClear)}."
            : null;
    }

    /// <summary>A time that something took, as people say it.</summary>
    public static string Duration(long? seconds) =>
        seconds switch
        {
            null => "an unknown time",
            < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds} s"),
            < 7200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60} min"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600} h"),
        };

    // Tasks and steps are mostly about accesses that remain: they count by themselves only when no access does.
    private static string Remains(RevocationCertificate certificate)
    {
        var (all, left) = (certificate.Accesses.Count, certificate.Accesses.Count(a => a.State != AccessState.Removed));
        var first = (left, certificate.NotDone.Count, certificate.Remaining.Count) switch
        {
            ( > 0, _, _) => Count(left, $"of {all} {(all == 1 ? "access" : "accesses")} remains", $"of {all} accesses remain"),
            (_, > 0 and var steps, _) => Count(steps, "step is not in effect", "steps are not in effect"),
            (_, _, > 0 and var tasks) => Count(tasks, "task remains for a person", "tasks remain for a person"),
            _ => null,
        };
        var unread =
            certificate.Unread.Count == 0 ? null : Count(certificate.Unread.Count, "source could not be read", "sources could not be read");
        return string.Join(", ", ((string?[])[first, unread]).OfType<string>());
    }

    private static string Count(int count, string one, string more) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : more)}");
}
