using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Compliance.Observability;

/// <summary>The id that joins trigger, logs, traces and evidence: 32 lower-case hex digits, the W3C trace id where there is one.</summary>
internal static class CorrelationId
{
    /// <summary>The trace id of the current activity, else one derived from the given text.</summary>
    /// <param name="otherwise">What distinguishes this act from others, for example control and start; the same text gives the same
    /// id.</param>
    public static string Current(string otherwise) =>
        Activity.Current is { TraceId: var trace } && trace != default
            ? trace.ToHexString()
            : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(otherwise)).AsSpan(0, 16));
}
