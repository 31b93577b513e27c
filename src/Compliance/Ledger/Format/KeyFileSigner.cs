using System.Security.Cryptography;

namespace Compliance.Ledger.Format;

/// <summary>Signs with a key that is kept as PEM, as on a laptop: ECDSA P-256 in PKCS#8. Safe for use by several threads.</summary>
internal sealed class KeyFileSigner : INoteSigner, IDisposable
{
    private const string Label = "PRIVATE KEY";

    private readonly ECDsa _key;
    private readonly Lock _oneAtATime = new();

    private KeyFileSigner(ECDsa key, NoteKey publicKey) => (_key, Key) = (key, publicKey);

    /// <summary>The public key, for those who verify.</summary>
    public NoteKey Key { get; }

    /// <inheritdoc/>
    public string Name => Key.Name;

    /// <inheritdoc/>
    public uint KeyId => Key.Id;

    /// <summary>Takes the key from the text of its file.</summary>
    /// <param name="name">What the key is called: not empty, without spaces and plus signs.</param>
    /// <param name="pem">The text with a block <c>PRIVATE KEY</c> (PKCS#8, not encrypted).</param>
    /// <exception cref="LedgerFormatException">It holds no such key. Nothing of the text is in the message.</exception>
    public static KeyFileSigner FromPem(string name, ReadOnlySpan<char> pem)
    {
        var pkcs8 = Pem.Read(pem, Label);
        var key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out var read);
            if (read != pkcs8.Length)
                throw new LedgerFormatException("the private key continues after its end", read);
            return new(key, NoteKey.FromSpki(name, key.ExportSubjectPublicKeyInfo()));
        }
        // The second is what .NET says of a curve that the platform has not heard of.
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException)
        {
            key.Dispose();
            throw new LedgerFormatException("the private key is not an ECDSA key in PKCS#8", 0, e);
        }
        catch
        {
            key.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
        }
    }

    /// <summary>A new key of the kind that <see cref="FromPem"/> takes, as PEM. Whoever holds it can sign checkpoints.</summary>
    public static string NewPem()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem();
    }

    /// <inheritdoc/>
    public Task<byte[]> SignAsync(byte[] text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_oneAtATime)
            return Task.FromResult(_key.SignData(text, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();
}
