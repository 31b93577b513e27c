using Azure;

namespace Compliance.Ledger.Append;

/// <summary>
/// What is stored is not what was stored before: nothing is appended to it, for a log that goes on as if nothing had happened would hide
/// it.
/// </summary>
internal static class EvidenceReplaced
{
    /// <summary>The error code of such a failure.</summary>
    public const string Code = "EvidenceReplaced";

    /// <summary>The failure.</summary>
    /// <param name="what">Which blob and what is wrong with it.</param>
    /// <param name="inner">What the service said; null when it answered.</param>
    public static RequestFailedException Because(string what, Exception? inner = null) =>
        new(0, $"{what}: somebody replaced the evidence", Code, inner);
}
