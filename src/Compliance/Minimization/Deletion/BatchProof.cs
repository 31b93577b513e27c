namespace Compliance.Minimization.Deletion;

/// <summary>
/// What each sub-request shows to be let in: the service authorizes each of them on its own, the outer request's header counts for
/// none.
/// </summary>
internal sealed record BatchProof
{
    /// <summary>Most characters of one. A token of a few kilobytes fits.</summary>
    public const int MaxLength = 8_192;

    private BatchProof(string? authorization, string? query) => (Authorization, Query) = (authorization, query);

    /// <summary>Value of the header Authorization; null for none.</summary>
    public string? Authorization { get; }

    /// <summary>Shared access signature without its question mark; null for none.</summary>
    public string? Query { get; }

    /// <summary>A token of Entra.</summary>
    /// <exception cref="ArgumentException">It has characters that a header cannot have, or is too long.</exception>
    public static BatchProof FromToken(string token) => new($"Bearer {Checked(token)}", null);

    /// <summary>A shared access signature.</summary>
    /// <exception cref="ArgumentException">It has characters that a URL cannot have, or is too long.</exception>
    public static BatchProof FromSignature(string query) => new(null, Checked(query.TrimStart('?')));

    // The value is a secret and is in no message.
    private static string Checked(string value) =>
        value.Length is > 0 and <= MaxLength - 16 && value.All(c => c is > ' ' and <= '~' and not '#')
            ? value
            : throw new ArgumentException("The proof is empty, too long or has characters that a request cannot have.", nameof(value));

    // So that no log of a request has the token.
    private bool PrintMembers(System.Text.StringBuilder builder)
    {
        builder.Append(Authorization is null ? "signature" : "token");
        return true;
    }
}
