using System.Security.Cryptography;
using Compliance.Ledger.Format;
using CsCheck;
using Testing;

namespace Compliance.Tests.Ledger.Format;

public sealed class KeyFileSignerTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_new_key_signs_its_public_key_verifies()
    {
        using var signer = KeyFileSigner.FromPem("example.com/ledger", KeyFileSigner.NewPem());
        var signature = await signer.SignAsync("text\n"u8.ToArray(), Stop);
        Assert.True(signer.Key.Verify("text\n"u8, signature));
        Assert.False(signer.Key.Verify("Text\n"u8, signature));
        Assert.Equal((signer.Key.Name, signer.Key.Id), (signer.Name, signer.KeyId));
    }

    [Fact]
    public async Task Many_may_sign_at_once()
    {
        using var signer = KeyFileSigner.FromPem("a", KeyFileSigner.NewPem());
        var texts = Enumerable.Range(0, 64).Select(i => new[] { (byte)i, (byte)'\n' }).ToArray();
        var signatures = await Task.WhenAll(texts.Select(t => Task.Run(() => signer.SignAsync(t, Stop), Stop)));
        Assert.All(texts.Zip(signatures), s => Assert.True(signer.Key.Verify(s.First, s.Second)));
    }

    [Fact]
    public void A_key_that_cannot_sign_notes_is_refused_without_telling_it()
    {
        using var rsa = RSA.Create(2048);
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var cut = PemEncoding.WriteString("PRIVATE KEY", p256.ExportPkcs8PrivateKey().AsSpan(..^1));
        var longer = PemEncoding.WriteString("PRIVATE KEY", [.. p256.ExportPkcs8PrivateKey(), 0]);
        var unknownCurve = p256.ExportPkcs8PrivateKey();
        unknownCurve[25] ^= 0x40;
        string[] refused =
        [
            PemEncoding.WriteString("PRIVATE KEY", unknownCurve),
            rsa.ExportPkcs8PrivateKeyPem(),
            p384.ExportPkcs8PrivateKeyPem(),
            p256.ExportECPrivateKeyPem(),
            p256.ExportSubjectPublicKeyInfoPem(),
            cut,
            longer,
            p256.ExportEncryptedPkcs8PrivateKeyPem("password", new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1)),
            "",
            "no key",
        ];
        Assert.All(
            refused,
            pem =>
            {
                var message = Assert.Throws<LedgerFormatException>(() => KeyFileSigner.FromPem("a", pem)).ToString();
                Assert.DoesNotContain(
                    pem.Split('\n').Skip(1),
                    line => line.Length > 8 && !line.StartsWith('-') && message.Contains(line, StringComparison.Ordinal)
                );
            }
        );
    }

    [Fact]
    public void A_key_in_the_wrong_form_is_refused_with_the_command_that_helps()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Contains(
            "openssl pkcs8 -topk8 -nocrypt",
            Assert.Throws<LedgerFormatException>(() => KeyFileSigner.FromPem("a", key.ExportECPrivateKeyPem())).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "openssl pkey -pubout",
            Assert.Throws<LedgerFormatException>(() => NoteKey.FromPem("a", key.ExportPkcs8PrivateKeyPem())).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_key_cannot_be_called_what_no_note_can_say() =>
        Assert.Throws<LedgerFormatException>(() => KeyFileSigner.FromPem("two words", KeyFileSigner.NewPem()));

    [Fact]
    public async Task Nothing_is_signed_after_the_stop()
    {
        using var signer = KeyFileSigner.FromPem("a", KeyFileSigner.NewPem());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => signer.SignAsync([1], new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Any_changed_key_file_is_a_key_or_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pkcs8 = key.ExportPkcs8PrivateKey();
        Gen.Select(Gen.Int[0, pkcs8.Length - 1], Gen.Byte, Gen.String)
            .Sample(
                (at, b, any) =>
                {
                    var changed = pkcs8.ToArray();
                    changed[at] = b;
                    Try(PemEncoding.WriteString("PRIVATE KEY", changed));
                    Try(any);
                },
                iter: TestSize.Times(400)
            );

        static void Try(string pem)
        {
            try
            {
                using var signer = KeyFileSigner.FromPem("a", pem);
                Assert.Equal("a", signer.Name);
            }
            catch (LedgerFormatException e)
            {
                Assert.True(e.Offset >= 0);
            }
        }
    }
}
