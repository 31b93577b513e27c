using System.Security.Cryptography;

namespace Compliance.Ledger.Format;

/// <summary>Reads keys in PEM (RFC 7468).</summary>
internal static class Pem
{
    /// <summary>The content of the first block of a text.</summary>
    /// <param name="pem">The text. It may be a private key, so nothing of it gets into a message.</param>
    /// <param name="label">What the block has to be.</param>
    /// <exception cref="LedgerFormatException">There is no block, or the first is another one.</exception>
    public static byte[] Read(ReadOnlySpan<char> pem, string label)
    {
        if (!PemEncoding.TryFind(pem, out var fields))
            throw new LedgerFormatException($"there is no PEM block (-----BEGIN {label}-----)", 0);
        var (begin, _) = fields.Location.GetOffsetAndLength(pem.Length);
        if (!pem[fields.Label].SequenceEqual(label))
            throw new LedgerFormatException($"the PEM block is not a {label}{Hint(pem[fields.Label])}", begin);
        var bytes = new byte[fields.DecodedDataLength];
        // TryFind has decoded it already; it cannot fail any more.
        Convert.TryFromBase64Chars(pem[fields.Base64Data], bytes, out _);
        return bytes;
    }

    private static string Hint(ReadOnlySpan<char> label) =>
        label switch
        {
            "PRIVATE KEY" or "EC PRIVATE KEY" =>
                " but a private key: openssl pkey -pubout gives the public one, openssl pkcs8 -topk8 -nocrypt the form that signs",
            "ENCRYPTED PRIVATE KEY" => " but an encrypted key: openssl pkcs8 -topk8 -nocrypt takes the password off",
            "PUBLIC KEY" => " but a public key, which cannot sign",
            "CERTIFICATE" => " but a certificate: openssl x509 -pubkey -noout gives its public key",
            _ => "",
        };
}
