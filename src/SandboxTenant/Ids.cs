using System.Security.Cryptography;
using System.Text;

namespace SandboxTenant;

/// <summary>Ids derived from a text, so that the same tenant has the same ids everywhere.</summary>
internal static class Ids
{
    /// <summary>A guid in the form of a random one (version 4), from the SHA-256 of a text.</summary>
    public static string Guid(string seed)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(seed)).AsSpan(0, 16);
        hash[6] = (byte)(hash[6] & 0x0F | 0x40);
        hash[8] = (byte)(hash[8] & 0x3F | 0x80);
        return new Guid(hash, bigEndian: true).ToString();
    }

    /// <summary>Hex digits from the SHA-256 of a text.</summary>
    public static string Hex(string seed, int digits) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(seed)))[..digits];
}
