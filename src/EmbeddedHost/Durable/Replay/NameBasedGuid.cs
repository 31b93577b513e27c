using System.Security.Cryptography;
using System.Text;

namespace EmbeddedHost.Durable;

/// <summary>UUIDs of version 5 (RFC 9562, 5.5) in the name space the official context uses.</summary>
internal static class NameBasedGuid
{
    private static readonly byte[] NameSpace = Guid.Parse("9e952958-5e33-4daf-827f-2fa12937b875").ToByteArray(bigEndian: true);

#pragma warning disable CA5350 // what the version says; nothing secret hangs on it
    public static Guid Of(string name)
    {
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        SHA1.HashData([.. NameSpace, .. Encoding.UTF8.GetBytes(name)], hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
#pragma warning restore CA5350
}
