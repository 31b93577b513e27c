using System.Text;

namespace Compliance.Ledger.Format;

/// <summary>The rules of C2SP signed-note that texts, names and keys have in common.</summary>
internal static class NoteSyntax
{
    // Without a byte order mark, and no character is replaced by another.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Checks what a key is called: not empty, no plus, no space of any kind that Unicode knows, and nothing that could not stand in a
    /// note.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <param name="offset">Where it stands in what is read or written.</param>
    /// <exception cref="LedgerFormatException">No key can be called so.</exception>
    public static void CheckName(string name, long offset)
    {
        if (name.Length == 0 || name.Any(c => c is '+' or < ' ' || char.IsWhiteSpace(c)) || !IsWellFormed(name))
            throw new LedgerFormatException("a key's name is not empty and has no spaces, plus signs or control characters", offset);
    }

    /// <summary>The UTF-8 of a note's text, checked for what may not stand in a note.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="LedgerFormatException">A control character other than newline, or half a surrogate pair.</exception>
    public static byte[] Bytes(string text)
    {
        byte[] bytes;
        try
        {
            bytes = Utf8.GetBytes(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new LedgerFormatException(
                "a note's text has half a surrogate pair, which UTF-8 cannot express",
                Offset(text, e.Index),
                e
            );
        }
        CheckCharacters(bytes);
        return bytes;
    }

    /// <summary>Checks that bytes are UTF-8 without control characters other than newline.</summary>
    /// <param name="bytes">The note's bytes.</param>
    /// <exception cref="LedgerFormatException">They are not; the offset is that of the first such byte.</exception>
    public static void CheckCharacters(ReadOnlySpan<byte> bytes)
    {
        for (var offset = 0; offset < bytes.Length;)
        {
            if (Rune.DecodeFromUtf8(bytes[offset..], out var character, out var length) != System.Buffers.OperationStatus.Done)
                throw new LedgerFormatException("a note is UTF-8, this is not", offset);
            if (character.Value < ' ' && character.Value != '\n')
                throw new LedgerFormatException($"a note has no control characters but newline, here is U+{character.Value:X4}", offset);
            offset += length;
        }
    }

    /// <summary>The text of bytes that were checked.</summary>
    /// <param name="bytes">UTF-8, see <see cref="CheckCharacters"/>.</param>
    public static string Text(ReadOnlySpan<byte> bytes) => Utf8.GetString(bytes);

    /// <summary>
    /// Decodes standard base64 (RFC 4648 section 4) in its one spelling: padded, no spaces or newlines, no bits left over.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="bytes">What it says.</param>
    public static bool TryBase64(string text, out byte[] bytes)
    {
        bytes = [];
        var buffer = new byte[text.Length / 4 * 3];
        if (!Convert.TryFromBase64String(text, buffer, out var length))
            return false;
        bytes = buffer[..length];
        return Convert.ToBase64String(bytes) == text;
    }

    /// <summary>The byte offset, in UTF-8, of a character in a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="character">The character's place.</param>
    public static long Offset(string text, int character) => Encoding.UTF8.GetByteCount(text.AsSpan(0, character));

    private static bool IsWellFormed(string name)
    {
        for (var i = 0; i < name.Length; i++)
        {
            if (char.IsSurrogate(name[i]) && !(i + 1 < name.Length && char.IsSurrogatePair(name[i], name[++i])))
                return false;
        }
        return true;
    }
}
