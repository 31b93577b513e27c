using System.Collections.Concurrent;

namespace Compliance.Offboarding.Cases;

/// <summary>
/// Cases of this process that are on the way to being blocked: discovery and removal of others give way to them, since a leaver who can
/// still sign in matters more than one who cannot. It only delays, and never for long: what is forgotten by a crash delays nothing.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class BlockingFirst(TimeProvider time)
{
    /// <summary>A case that takes longer waits for something else: nobody gives way to it any more.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _begun = new(StringComparer.Ordinal);

    /// <summary>Whether some case is on the way now.</summary>
    public bool Any
    {
        get
        {
            var before = time.GetUtcNow() - Longest;
            foreach (var (caseId, at) in _begun)
                if (at > before)
                    return true;
                else
                    _begun.TryRemove(KeyValuePair.Create(caseId, at));
            return false;
        }
    }

    /// <summary>The case's time has come.</summary>
    public void Begin(string caseId) => _begun[caseId] = time.GetUtcNow();

    /// <summary>The case is blocked, or waits for people or services.</summary>
    public void End(string caseId) => _begun.TryRemove(caseId, out _);
}
