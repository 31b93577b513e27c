using System.Globalization;

namespace Compliance.Evidence.Pack;

/// <summary>How a pack writes things.</summary>
internal static class PackText
{
    /// <summary>A time in UTC, in the form that OSCAL and the ledger take.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>A number.</summary>
    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
