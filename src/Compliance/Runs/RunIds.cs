using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Compliance.Runs;

/// <summary>Ids of runs.</summary>
internal static class RunIds
{
    /// <summary>
    /// For example <c>ControlWatch-20261123T040000123Z-9f86d081</c>: control, start to the millisecond (UTC), and the start of the
    /// correlation id's SHA-256, which distinguishes two runs of the same millisecond.
    /// </summary>
    public static string Create(string control, DateTimeOffset startedAt, string correlationId) =>
        $"{control}-{startedAt.UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture)}"
        + $"-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(correlationId)).AsSpan(0, 4))}";
}
