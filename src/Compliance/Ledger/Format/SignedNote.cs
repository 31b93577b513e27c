using System.Buffers.Binary;
using System.Text;

namespace Compliance.Ledger.Format;

/// <summary>What became of the verification of a note.</summary>
internal enum NoteTrust
{
    /// <summary>No known key has signed it, so nothing is proven: its text must not be used.</summary>
    Unknown,

    /// <summary>A signature that claims to be a known key's is not: the text or the signature was changed, or forged.</summary>
    Refused,

    /// <summary>At least one known key has signed the text, and no known key's signature is wrong.</summary>
    Trusted,
}

/// <summary>The verification of a note.</summary>
/// <param name="Trust">Whether its text may be used.</param>
/// <param name="SignedBy">The known keys that signed it, each once; none unless trusted.</param>
/// <param name="Reason">Why it is not trusted, for people; empty when it is.</param>
internal sealed record NoteVerdict(NoteTrust Trust, IReadOnlyList<NoteKey> SignedBy, string Reason)
{
    /// <summary>Whether the note's text may be used.</summary>
    public bool Trusted => Trust == NoteTrust.Trusted;
}

/// <summary>One signature line of a note, not verified by itself.</summary>
/// <param name="Name">The name that the note gives the key.</param>
/// <param name="KeyId">The id that the note gives it, see <see cref="NoteKey.Id"/>.</param>
/// <param name="Signature">The signature without the id, at least one byte.</param>
internal sealed record NoteSignature(string Name, uint KeyId, byte[] Signature);

/// <summary>
/// A text with signatures below it, C2SP signed-note: the text's lines, an empty line, and a line for each signature, which is an em dash,
/// the key's name, and base64 of the key's id and the signature:
/// <code>
/// example.com/ledger
/// 42
/// XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=
///
/// — example.com/ledger Gis8TTBFAiEA...
/// </code>
/// Not to be believed before <see cref="Verify"/> says so.
/// </summary>
/// <param name="Text">The text with its last newline, without the empty line. It may have empty lines of its own.</param>
/// <param name="Signatures">The signatures in their order; 1 to <see cref="MaxSignatures"/>.</param>
internal sealed record SignedNote(string Text, IReadOnlyList<NoteSignature> Signatures)
{
    /// <summary>The most bytes a note may have. C2SP asks verifiers to set a limit and to accept 16 signatures of 5 kB.</summary>
    public const int MaxBytes = 1_000_000;

    /// <summary>The most signatures a note may have.</summary>
    public const int MaxSignatures = 100;

    private const int IdSize = sizeof(uint);

    private static ReadOnlySpan<byte> EmptyLine => "\n\n"u8;

    private static ReadOnlySpan<byte> Dash => "— "u8;

    /// <summary>Reads a note. No signature is verified.</summary>
    /// <param name="note">Its bytes; anything may stand here.</param>
    /// <exception cref="LedgerFormatException">It is no note, or a larger one than <see cref="MaxBytes"/> and <see cref="MaxSignatures"/>
    /// allow.</exception>
    public static SignedNote Parse(ReadOnlySpan<byte> note)
    {
        if (note.Length > MaxBytes)
            throw new LedgerFormatException($"a note has {MaxBytes} bytes at most, this one has {note.Length}", MaxBytes);
        NoteSyntax.CheckCharacters(note);
        // The text may have empty lines too: the last one ends it.
        var split = note.LastIndexOf(EmptyLine);
        if (split < 0)
            throw new LedgerFormatException("a note has an empty line between its text and its signatures", note.Length);
        var start = split + EmptyLine.Length;
        if (start == note.Length)
            throw new LedgerFormatException("the note has no signature", start);
        var signatures = new List<NoteSignature>();
        while (start < note.Length)
        {
            var length = note[start..].IndexOf((byte)'\n');
            if (length < 0)
                throw new LedgerFormatException("the note ends within a line", note.Length);
            if (signatures.Count == MaxSignatures)
                throw new LedgerFormatException($"a note has {MaxSignatures} signatures at most", start);
            signatures.Add(ParseSignature(note.Slice(start, length), start));
            start += length + 1;
        }
        return new(NoteSyntax.Text(note[..(split + 1)]), signatures);
    }

    /// <summary>Signs a text.</summary>
    /// <param name="text">The text with its last newline.</param>
    /// <param name="signers">The keys, each once; their signatures stand in this order.</param>
    /// <param name="cancellationToken">Stops the signing.</param>
    /// <exception cref="LedgerFormatException">No note can have such a text, or so many signatures; nothing was signed.</exception>
    public static async Task<SignedNote> SignAsync(
        string text,
        IReadOnlyCollection<INoteSigner> signers,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(signers);
        // One byte stands for each signature, to find what is wrong before the keys are used.
        _ = new SignedNote(text, [.. signers.Select(s => new NoteSignature(s.Name, s.KeyId, [0]))]).Format();
        var bytes = NoteSyntax.Bytes(text);
        var signatures = new List<NoteSignature>();
        foreach (var signer in signers)
            signatures.Add(new(signer.Name, signer.KeyId, await signer.SignAsync(bytes, cancellationToken)));
        return new(text, signatures);
    }

    /// <summary>The note's bytes: what <see cref="Parse"/> reads as this note.</summary>
    /// <exception cref="LedgerFormatException">No note can have such a text or such signatures.</exception>
    public byte[] Format()
    {
        if (!Text.EndsWith('\n'))
            throw new LedgerFormatException("a note's text ends with a newline", NoteSyntax.Offset(Text, Text.Length));
        var note = new StringBuilder(Text).Append('\n');
        Span<byte> id = stackalloc byte[IdSize];
        foreach (var signature in Signatures)
        {
            NoteSyntax.CheckName(signature.Name, NoteSyntax.Offset(Text, Text.Length));
            BinaryPrimitives.WriteUInt32BigEndian(id, signature.KeyId);
            note.Append("— ")
                .Append(signature.Name)
                .Append(' ')
                .Append(Convert.ToBase64String([.. id, .. signature.Signature]))
                .Append('\n');
        }
        var bytes = NoteSyntax.Bytes(note.ToString());
        // One set of rules, for reading and for writing.
        _ = Parse(bytes);
        return bytes;
    }

    /// <summary>
    /// Verifies the signatures, as C2SP signed-note asks: a signature whose name and id are those of a known key must be that key's, or the
    /// note is refused, whoever else signed it; others are ignored; at least one must be of a known key.
    /// </summary>
    /// <param name="known">The keys that are trusted: also the ones that were rotated out, for notes of their time.</param>
    public NoteVerdict Verify(IReadOnlyCollection<NoteKey> known)
    {
        ArgumentNullException.ThrowIfNull(known);
        var text = NoteSyntax.Bytes(Text);
        var signedBy = new List<NoteKey>();
        foreach (var signature in Signatures)
        {
            var keys = known.Where(k => k.Name == signature.Name && k.Id == signature.KeyId).ToList();
            if (keys.Count == 0)
                continue;
            // Two keys with one name and id can only be distinguished by which of them verifies.
            if (keys.Find(k => k.Verify(text, signature.Signature)) is not { } key)
                return new(
                    NoteTrust.Refused,
                    [],
                    $"the signature of {keys[0]} does not match the text: one of them was changed, or the signature is forged"
                );
            if (!signedBy.Contains(key))
                signedBy.Add(key);
        }
        if (signedBy.Count > 0)
            return new(NoteTrust.Trusted, signedBy, "");
        const int MaxShown = 3;
        var names = string.Join(", ", Signatures.Take(MaxShown).Select(s => $"{Shown(s.Name)}+{s.KeyId:x8}"));
        return new(
            NoteTrust.Unknown,
            [],
            $"none of the known keys has signed it, only {names}{(Signatures.Count > MaxShown ? " and others" : "")}"
        );
    }

    // A stranger chose the name: it must neither fill the screen nor steer the terminal.
    private static string Shown(string name)
    {
        const int MaxCharacters = 80;
        return string.Concat(name.Take(MaxCharacters).Select(c => c is >= ' ' and <= '~' ? c : '?'));
    }

    private static NoteSignature ParseSignature(ReadOnlySpan<byte> line, int offset)
    {
        if (!line.StartsWith(Dash))
            throw new LedgerFormatException("a signature line begins with an em dash and a space", offset);
        var rest = NoteSyntax.Text(line[Dash.Length..]);
        var space = rest.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0)
            throw new LedgerFormatException("a signature line has a key's name, then a space", offset + Dash.Length);
        NoteSyntax.CheckName(rest[..space], offset + Dash.Length);
        if (!NoteSyntax.TryBase64(rest[(space + 1)..], out var bytes) || bytes.Length <= IdSize)
            throw new LedgerFormatException(
                "a signature is base64 of a key's id, four bytes, and at least one byte more",
                offset + Dash.Length + NoteSyntax.Offset(rest, space + 1)
            );
        return new(rest[..space], BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes[IdSize..]);
    }
}
