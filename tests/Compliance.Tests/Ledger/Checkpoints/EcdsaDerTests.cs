using System.Security.Cryptography;
using Compliance.Ledger.Checkpoints;

namespace Compliance.Tests.Ledger.Checkpoints;

public sealed class EcdsaDerTests
{
    [Theory]
    // Short, with the sign bit set, and with zeros to drop: each number in its shortest spelling.
    [InlineData("01", "7f", "3006020101" + "02017f")]
    [InlineData("80", "ff", "300802020080" + "020200ff")]
    [InlineData("00ff", "0100", "3008" + "020200ff" + "02020100")]
    [InlineData(
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "3045"
            + "022100ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
            + "02207fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    )]
    public void Numbers_get_their_shortest_spelling(string r, string s, string der) =>
        Assert.Equal(der, Convert.ToHexStringLower(EcdsaDer.From(Convert.FromHexString(r.PadLeft(64, '0') + s.PadLeft(64, '0')))));

    [Fact]
    public void What_Key_Vault_gives_verifies_after_it()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        for (byte i = 0; i < 200; i++)
        {
            var raw = key.SignData(new[] { i }, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

            Assert.True(key.VerifyData(new[] { i }, EcdsaDer.From(raw), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(65)]
    [InlineData(64)]
    public void What_is_no_signature_is_refused(int length) => Assert.Throws<FormatException>(() => EcdsaDer.From(new byte[length]));

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    public void A_number_of_zero_is_refused(int nonZeroAt)
    {
        var raw = new byte[64];
        raw[nonZeroAt] = 1;

        Assert.Throws<FormatException>(() => EcdsaDer.From(raw));
    }
}
