using System.Text.RegularExpressions;

namespace SandboxTenant.Faults;

/// <summary>One rule of a fault spec; docs/architecture/sandbox-tenant.md describes the language.</summary>
internal sealed class FaultRule(string text, string? method, Regex pattern)
{
    private int _matches;

    /// <summary>The rule as it was given.</summary>
    public string Text => text;

    /// <summary>The status answered instead of the service's; null leaves it.</summary>
    public int? Status { get; init; }

    /// <summary>The error code of that answer; null for the service's own.</summary>
    public string? Code { get; init; }

    /// <summary><c>Retry-After</c> as given: seconds, <c>date</c> or <c>none</c>; null for the default of the status.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>The share of matching requests it acts on, 0 to 1.</summary>
    public double Rate { get; init; } = 1;

    /// <summary>It acts on this many matching requests, then no more.</summary>
    public int Times { get; init; } = int.MaxValue;

    /// <summary>It lets this many matching requests pass first.</summary>
    public int After { get; init; }

    /// <summary>Waits this long before anything else.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Resets the connection.</summary>
    public bool Drop { get; init; }

    /// <summary>Resets the connection when the request has been carried out: its sender cannot know.</summary>
    public bool DropAfter { get; init; }

    /// <summary>Graph's reads do not see changes younger than this; null leaves them as they are.</summary>
    public TimeSpan? Consistency { get; init; }

    /// <summary>Whether any request ever fitted.</summary>
    public bool Matched => Volatile.Read(ref _matches) > 0;

    /// <summary>Ends the body after this many bytes.</summary>
    public int? Cut { get; init; }

    /// <summary>Breaks the body's JSON.</summary>
    public bool Malformed { get; init; }

    /// <summary><c>repeat</c>, <c>duplicate-page</c> or a foreign link; null leaves links alone.</summary>
    public string? Paging { get; init; }

    /// <summary>Sign-in answers that the client secret has expired.</summary>
    public bool ExpiredSignIn { get; init; }

    /// <summary>Whether the rule acts on this request; counts the match.</summary>
    public bool Acts(string requestMethod, string target, ulong seed)
    {
        if (method is not null && method != requestMethod || !pattern.IsMatch(target))
            return false;
        var n = Interlocked.Increment(ref _matches);
        if (n <= After || (long)n > (long)After + Times)
            return false;
        return Rate >= 1 || SplitMix.Share(seed ^ SplitMix.Hash(text), (ulong)n) < Rate;
    }
}
