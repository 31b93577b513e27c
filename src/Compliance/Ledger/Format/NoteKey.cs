using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace Compliance.Ledger.Format;

/// <summary>
/// A public key that notes are verified with: C2SP signed-note type 0x02, ECDSA over SHA-256 of the note's text, here on P-256 alone. Its
/// id is the first four bytes of SHA-256 over the key as DER SubjectPublicKeyInfo (other than the id of other types, which takes in the
/// name). As text, a "verifier key": <c>example.com/ledger+1a2b3c4d+AjBZMBMGByqGSM49...</c>, that is the name, the id in hex, and base64 of
/// 0x02 and the DER. Safe for use by several threads.
/// </summary>
internal sealed class NoteKey
{
    private const byte EcdsaType = 0x02;
    private const int IdDigits = 8;

    // SubjectPublicKeyInfo of a P-256 key up to its point: SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING { 0x04
    // (uncompressed), x, y } }.
    private static readonly byte[] SpkiStart = Convert.FromHexString("3059301306072a8648ce3d020106082a8648ce3d03010703420004");

    private const int SpkiLength = 91;

    private readonly byte[] _spki;

    private NoteKey(string name, byte[] spki) =>
        (Name, _spki, Id) = (name, spki, BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(spki)));

    /// <summary>What the key is called in the notes that it signed.</summary>
    public string Name { get; }

    /// <summary>The key's id: the first four bytes of SHA-256 of its DER, the first byte highest.</summary>
    public uint Id { get; }

    /// <summary>The key as DER SubjectPublicKeyInfo.</summary>
    public ReadOnlySpan<byte> Spki => _spki;

    /// <summary>Takes a key from its DER.</summary>
    /// <param name="name">What it is called: not empty, without spaces and plus signs.</param>
    /// <param name="spki">SubjectPublicKeyInfo of a P-256 key, the point uncompressed.</param>
    /// <exception cref="LedgerFormatException">It is no such key, or cannot be called so.</exception>
    public static NoteKey FromSpki(string name, ReadOnlySpan<byte> spki)
    {
        ArgumentNullException.ThrowIfNull(name);
        NoteSyntax.CheckName(name, 0);
        // One spelling alone, since the id is a hash of it.
        if (spki.Length != SpkiLength || !spki.StartsWith(SpkiStart))
            throw new LedgerFormatException("the public key is not an uncompressed ECDSA P-256 key", 0);
        var key = new NoteKey(name, spki.ToArray());
        try
        {
            key.Import().Dispose();
        }
        catch (CryptographicException e)
        {
            throw new LedgerFormatException("the public key is no point of the curve P-256", SpkiStart.Length, e);
        }
        return key;
    }

    /// <summary>Takes a key from PEM, as <c>openssl pkey -pubout</c> writes it: the first block in the text.</summary>
    /// <param name="name">What it is called: not empty, without spaces and plus signs.</param>
    /// <param name="pem">The text with a block <c>PUBLIC KEY</c>.</param>
    /// <exception cref="LedgerFormatException">There is no such block, or it holds another kind of key.</exception>
    public static NoteKey FromPem(string name, string pem)
    {
        ArgumentNullException.ThrowIfNull(pem);
        return FromSpki(name, Pem.Read(pem, "PUBLIC KEY"));
    }

    /// <summary>Reads a verifier key.</summary>
    /// <param name="text">The verifier key, without spaces or newline around it.</param>
    /// <exception cref="LedgerFormatException">It is none, is of a type other than 0x02, or its id is not that of its key.</exception>
    public static NoteKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        // Base64 has plus signs of its own, so only the first two separate.
        var (first, second) = (text.IndexOf('+', StringComparison.Ordinal), -1);
        if (first >= 0)
            second = text.IndexOf('+', first + 1);
        if (second < 0)
            throw new LedgerFormatException("a verifier key has the form <name>+<8 hex digits>+<base64>", 0);
        var (name, id, base64) = (text[..first], text[(first + 1)..second], text[(second + 1)..]);
        if (id.Length != IdDigits || !id.All(char.IsAsciiHexDigitLower))
            throw new LedgerFormatException("the id of a verifier key is 8 hex digits in lower case", NoteSyntax.Offset(text, first + 1));
        if (!NoteSyntax.TryBase64(base64, out var bytes) || bytes.Length == 0)
            throw new LedgerFormatException("the key of a verifier key is not base64", NoteSyntax.Offset(text, second + 1));
        if (bytes[0] != EcdsaType)
            throw new LedgerFormatException(
                $"the key is of type 0x{bytes[0]:x2}; only 0x02, ECDSA, is known here",
                NoteSyntax.Offset(text, second + 1)
            );
        var key = FromSpki(name, bytes.AsSpan(1));
        if (key.IdText() != id)
            throw new LedgerFormatException(
                $"the verifier key states id {id}, its key has {key.IdText()}",
                NoteSyntax.Offset(text, first + 1)
            );
        return key;
    }

    /// <summary>Reads a verifier key where it may be none.</summary>
    /// <param name="text">Anything.</param>
    /// <param name="key">The key.</param>
    /// <returns>Whether it is one; <see cref="Parse"/> says why not.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out NoteKey? key)
    {
        key = null;
        try
        {
            key = text is null ? null : Parse(text);
        }
        catch (LedgerFormatException)
        {
            // The answer is no.
        }
        return key is not null;
    }

    /// <summary>The verifier key: what <see cref="Parse"/> reads.</summary>
    public string Format() => $"{Name}+{IdText()}+{Convert.ToBase64String([EcdsaType, .. _spki])}";

    /// <summary>The key as PEM, for openssl and the like.</summary>
    public string ToPem() => PemEncoding.WriteString("PUBLIC KEY", _spki);

    /// <summary>Whether a signature is this key's over a note's text.</summary>
    /// <param name="text">The note's text in UTF-8, with its last newline.</param>
    /// <param name="signature">ASN.1 DER; anything else is no signature.</param>
    public bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature)
    {
        using var key = Import();
        try
        {
            return key.VerifyData(text, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}+{IdText()}";

    private string IdText() => Id.ToString("x8", CultureInfo.InvariantCulture);

    // Made again for each use, since an ECDsa is for one thread and has to be disposed.
    private ECDsa Import()
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(_spki, out _);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }
}
