using System.Security.Cryptography;
using System.Text;
using Compliance.Ledger.Format;
using CsCheck;

namespace Compliance.Tests.Ledger.Format;

public sealed class NoteKeyTests
{
    private const string P384 = """
        -----BEGIN PUBLIC KEY-----
        MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEQsealPFPeUwSipKwUkMJjrJNCSCt3l9c
        ZYWda2JSgxDjvrWliKPVR6/jA7LlsX2vflAJJU9NmB/T62l2yjHijWJ9RRGMQy8r
        wjnNq6nJXrQq7ywQU+HovsRZHqVTdMhn
        -----END PUBLIC KEY-----
        """;

    [Fact]
    public void A_key_has_the_id_and_the_verifier_key_that_openssl_and_sha256sum_find()
    {
        var key = NoteKey.FromPem(OpensslNote.Name, OpensslNote.Pem);
        Assert.Equal(
            (OpensslNote.Name, OpensslNote.KeyId, OpensslNote.VerifierKey, OpensslNote.Pem),
            (key.Name, key.Id, key.Format(), key.ToPem())
        );
        var parsed = NoteKey.Parse(OpensslNote.VerifierKey);
        Assert.Equal((key.Name, key.Id, key.Format()), (parsed.Name, parsed.Id, parsed.Format()));
        Assert.Equal("example.com/ledger+a9c4dd91", parsed.ToString());
    }

    [Fact]
    public void An_id_that_begins_with_zeros_keeps_them()
    {
        var key = Enumerable.Range(0, 10_000).Select(_ => Fresh()).First(k => k.Id < 0x10000000);
        Assert.StartsWith($"a+0{key.Id:x7}+", key.Format(), StringComparison.Ordinal);
        Assert.Equal(key.Id, NoteKey.Parse(key.Format()).Id);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("example.com/ledger", 0)]
    [InlineData("example.com/ledger+a9c4dd91", 0)]
    [InlineData("example.com/ledger+A9C4DD91+{key}", 19)]
    [InlineData("example.com/ledger+a9c4dd9+{key}", 19)]
    [InlineData("example.com/ledger+0a9c4dd91+{key}", 19)]
    [InlineData("example.com/ledger++{key}", 19)]
    [InlineData("example.com/ledger+00000000+{key}", 19)]
    [InlineData("example.com/ledger+a9c4dd91+", 28)]
    [InlineData("example.com/ledger+a9c4dd91+{key}=", 28)]
    [InlineData("example.com/ledger+a9c4dd91+{key}\n", 28)]
    [InlineData("example.com/ledger+a9c4dd91+ {key}", 28)]
    [InlineData("example.com/ledger+a9c4dd91+Ag==", 0)]
    [InlineData("example.com/ledger+a9c4dd91+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f", 28)]
    [InlineData("+a9c4dd91+{key}", 0)]
    [InlineData("a b+a9c4dd91+{key}", 0)]
    [InlineData("a\u00a0b+a9c4dd91+{key}", 0)]
    [InlineData("a\nb+a9c4dd91+{key}", 0)]
    [InlineData("a\u0001b+a9c4dd91+{key}", 0)]
    [InlineData("é+a9c4dd9+{key}", 3)]
    public void What_is_no_verifier_key_is_refused_with_the_place(string text, int offset)
    {
        text = text.Replace("{key}", OpensslNote.VerifierKey.Split('+', 3)[2], StringComparison.Ordinal);
        Assert.Equal(offset, Assert.Throws<LedgerFormatException>(() => NoteKey.Parse(text)).Offset);
        Assert.False(NoteKey.TryParse(text, out _));
    }

    [Fact]
    public void Half_a_surrogate_pair_names_no_key()
    {
        Assert.Throws<LedgerFormatException>(() => NoteKey.FromPem("a\ud800", OpensslNote.Pem));
        Assert.Throws<LedgerFormatException>(() => NoteKey.FromPem("\udc00a", OpensslNote.Pem));
        Assert.Equal("😀", NoteKey.FromPem("😀", OpensslNote.Pem).Name);
    }

    [Theory]
    [InlineData(P384)]
    [InlineData("")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----")]
    [InlineData("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMFkw\n-----END CERTIFICATE-----")]
    public void Other_PEM_is_refused(string pem) => Assert.Throws<LedgerFormatException>(() => NoteKey.FromPem("a", pem));

    [Fact]
    public void A_point_that_is_not_on_the_curve_is_no_key()
    {
        var spki = NoteKey.Parse(OpensslNote.VerifierKey).Spki.ToArray();
        spki[^1] ^= 1;
        Assert.Equal(27, Assert.Throws<LedgerFormatException>(() => NoteKey.FromSpki("a", spki)).Offset);
    }

    [Fact]
    public void A_signature_by_openssl_verifies_and_no_other_text_or_signature_does()
    {
        var key = NoteKey.Parse(OpensslNote.VerifierKey);
        var text = Encoding.UTF8.GetBytes(OpensslNote.Text);
        var signature = SignedNote.Parse(Encoding.UTF8.GetBytes(OpensslNote.Note)).Signatures.Single().Signature;
        Assert.True(key.Verify(text, signature));
        Assert.False(key.Verify(text.AsSpan(1), signature));
        Assert.False(key.Verify(text, signature.AsSpan(1)));
        Assert.False(Fresh().Verify(text, signature));
        Gen.Select(Gen.Int[0, signature.Length - 1], Gen.Byte[1, 255])
            .Sample(
                (at, change) =>
                {
                    var changed = signature.ToArray();
                    changed[at] ^= change;
                    Assert.False(key.Verify(text, changed));
                }
            );
        Gen.Byte.Array[0, 100].Sample(any => Assert.False(key.Verify(text, any)));
    }

    [Fact]
    public void Any_text_is_a_verifier_key_in_its_one_spelling_or_none() =>
        Gen.Select(Gen.Int[0, OpensslNote.VerifierKey.Length - 1], Gen.OneOf(Gen.Char, Gen.Char["+=aZ09/ \n"]), Gen.String)
            .Sample(
                (at, c, any) =>
                {
                    var key = OpensslNote.VerifierKey;
                    foreach (
                        var text in new[]
                        {
                            any,
                            key.Remove(at, 1),
                            key.Insert(at, c.ToString()),
                            key[..at] + c + key[(at + 1)..],
                            key[..at],
                        }
                    )
                        Assert.True(!NoteKey.TryParse(text, out var parsed) || parsed.Format() == text);
                }
            );

    [Fact]
    public void Any_bytes_are_no_key_or_the_key_they_are() =>
        Gen.Select(Gen.Byte.Array[0, 100], Gen.Byte.Array[64])
            .Sample(
                (any, point) =>
                {
                    var start = NoteKey.Parse(OpensslNote.VerifierKey).Spki[..27].ToArray();
                    foreach (var spki in new byte[][] { any, [.. start, .. point] })
                        Assert.Throws<LedgerFormatException>(() => NoteKey.FromSpki("a", spki));
                }
            );

    private static NoteKey Fresh()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return NoteKey.FromSpki("a", key.ExportSubjectPublicKeyInfo());
    }
}
