using System.Formats.Asn1;

namespace Compliance.Ledger.Checkpoints;

/// <summary>Turns the two spellings of an ECDSA signature into each other's.</summary>
internal static class EcdsaDer
{
    private const int NumberBytes = 32;

    /// <summary>A P-256 signature as ASN.1 DER: <c>SEQUENCE { INTEGER r, INTEGER s }</c>, each number in its shortest spelling.</summary>
    /// <param name="raw">r and s, 32 bytes each, the highest first: what Key Vault answers for ES256 (RFC 7518 section 3.4).</param>
    /// <exception cref="FormatException">It has not 64 bytes, or a number is 0, which no signature has.</exception>
    public static byte[] From(ReadOnlySpan<byte> raw)
    {
        if (raw.Length != 2 * NumberBytes)
            throw new FormatException($"a P-256 signature has {2 * NumberBytes} bytes, not {raw.Length}");
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(Number(raw[..NumberBytes]));
            writer.WriteIntegerUnsigned(Number(raw[NumberBytes..]));
        }
        return writer.Encode();
    }

    // The writer adds the zero that keeps a number positive, and refuses others.
    private static ReadOnlySpan<byte> Number(ReadOnlySpan<byte> bytes) =>
        bytes.TrimStart((byte)0) is { Length: > 0 } number
            ? number
            : throw new FormatException("a number of an ECDSA signature is never 0");
}
