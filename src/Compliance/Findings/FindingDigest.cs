using System.Security.Cryptography;
using System.Text.Json;
using Compliance.Text;

namespace Compliance.Findings;

/// <summary>One number for a list of findings, so that evidence can name the list without holding it.</summary>
internal static class FindingDigest
{
    /// <summary>
    /// SHA-256, lower-case hex, over the findings sorted by id (ordinal), each as one line of compact JSON ended by a line feed. The same
    /// findings in any order give the same digest.
    /// </summary>
    public static string Compute(IEnumerable<Finding> findings)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var finding in findings.OrderBy(f => f.Id, StringComparer.Ordinal))
        {
            hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(finding, ComplianceJson.Compact));
            hash.AppendData("\n"u8);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
