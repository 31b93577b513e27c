using System.Globalization;
using System.Security.Cryptography;

namespace Compliance.Runs;

/// <summary>Asks for one run of a control. Its id travels with the message, so that a redelivered message is the same run.</summary>
/// <param name="RunId">The run's id: prefix, time and eight random hex digits.</param>
/// <param name="Trigger">What set it off: <c>timer</c>, <c>manual</c> or <c>event</c>.</param>
/// <param name="CorrelationId">Joins trigger, logs, traces and evidence.</param>
public sealed record RunRequest(string RunId, string Trigger, string CorrelationId)
{
    /// <summary>A new request; the one place where run ids are made.</summary>
    /// <param name="prefix">Short name of the control, for example <c>cred</c>.</param>
    /// <param name="trigger">What set it off.</param>
    /// <param name="now">The clock's time.</param>
    public static RunRequest New(string prefix, string trigger, DateTimeOffset now)
    {
        var id = string.Create(
            CultureInfo.InvariantCulture,
            $"{prefix}-{now.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}"
        );
        return new(id, trigger, Observability.CorrelationId.Current(id));
    }

    /// <summary>True for text that could be a run id: letters, digits and hyphens, at most 64 characters.</summary>
    public static bool IsRunId(string? text) =>
        text is { Length: > 0 and <= 64 } && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
