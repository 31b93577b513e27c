using Compliance.Ledger.Format;

namespace Compliance.AuditPack;

/// <summary>The files that auditors bring their keys in: verifier keys, one a line, or PEM; several after a rotation.</summary>
internal static class PublicKeys
{
    private const string Begin = "-----BEGIN PUBLIC KEY-----";

    /// <summary>Reads a file's keys.</summary>
    /// <param name="text">The file's text. Empty lines and lines that begin with <c>#</c> are skipped among verifier keys.</param>
    /// <param name="name">What keys in PEM, which has no name, are called: the name of the log; null when it is not known.</param>
    /// <exception cref="LedgerFormatException">There is none, or one of them is none.</exception>
    public static IReadOnlyList<NoteKey> Read(string text, string? name)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Contains(Begin, StringComparison.Ordinal))
        {
            return name is null
                ? throw new LedgerFormatException(
                    "a key in PEM has no name, and the log has no checkpoint that names it: give the verifier key "
                        + "(name+id+base64)",
                    0
                )
                : [.. text.Split(Begin)[1..].Select(block => NoteKey.FromPem(name, Begin + block))];
        }
        var lines = text.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#').ToList();
        return lines.Count == 0 ? throw new LedgerFormatException("there is no key in it", 0) : [.. lines.Select(NoteKey.Parse)];
    }
}
