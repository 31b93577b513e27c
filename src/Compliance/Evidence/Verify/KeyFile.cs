using System.Security.Cryptography;
using Compliance.Evidence.Ledger;

namespace Compliance.Evidence.Verify;

/// <summary>
/// Public keys as auditors keep them: verifier keys one a line (empty lines and those that begin with <c>#</c> are left out), or PEM blocks as <c>openssl pkey -pubout</c> writes them.
/// </summary>
internal static class KeyFile
{
    /// <summary>The most bytes a file may have.</summary>
    public const int MostBytes = 1_000_000;

    private const string Begin = "-----BEGIN ";

    /// <summary>Reads a file.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="name">What keys in PEM are called, which does not tell by itself: the name of the log.</param>
    /// <exception cref="LedgerFormatException">It holds no key, or something else.</exception>
    public static IReadOnlyList<NoteKey> Parse(string text, string name)
    {
        ArgumentNullException.ThrowIfNull(text);
        var keys = new List<NoteKey>();
        if (text.Contains(Begin, StringComparison.Ordinal))
        {
            var rest = text;
            while (PemEncoding.TryFind(rest, out var block))
            {
                keys.Add(NoteKey.FromPem(name, rest));
                rest = rest[block.Location.End.GetOffset(rest.Length)..];
            }
        }
        else
        {
            keys.AddRange(text.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#').Select(NoteKey.Parse));
        }
        return keys.Count > 0 ? keys : throw new LedgerFormatException("there is no key in it", 0);
    }

    /// <summary>The name of a log, as its latest checkpoint says it; for keys in PEM.</summary>
    /// <param name="source">The log.</param>
    /// <param name="stop">Stops the reading.</param>
    /// <returns>Null when no checkpoint can be read.</returns>
    /// <remarks>Not verified: whoever wrote another name there makes signatures of that name necessary, which only the key can give.</remarks>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static async Task<string?> OriginAsync(ILedgerSource source, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(source);
        string[] paths = [LedgerLayout.Head, .. (await source.CheckpointsAsync(stop)).Reverse().Take(10).Select(LedgerLayout.Checkpoint)];
        foreach (var path in paths)
        {
            try
            {
                if (await source.FindAsync(path, SignedNote.MaxBytes, stop) is { } bytes)
                    return Checkpoint.Parse(SignedNote.Parse(bytes).Text).Origin;
            }
            catch (LedgerFormatException)
            {
                // The next may do.
            }
        }
        return null;
    }
}
