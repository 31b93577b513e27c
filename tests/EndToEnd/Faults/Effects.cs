using SandboxTenant.Http;

namespace EndToEnd.Faults;

/// <summary>What was done to the tenant: how often each write was carried out.</summary>
internal sealed class Effects
{
    private readonly Dictionary<string, int> _writes;

    public Effects(IEnumerable<RequestLogEntry> requests) =>
        _writes = requests
            .Where(r =>
                r.Method is not ("GET" or "HEAD")
                && r.Host != "login"
                && r.Status is >= 200 and < 300
                && IsWrite(r.Path)
                && !FoundNothing(r)
            )
            .GroupBy(r => $"{r.Method} {r.Path}", StringComparer.OrdinalIgnoreCase)
            .ToDictionary(g => g.Key, g => g.Count(), StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Fails where a write has an effect each time, and was carried out more or less often than where nothing happened; or where a write
    /// was carried out that was not due.
    /// </summary>
    public void AssertLike(Effects expected)
    {
        Assert.Equal(
            expected._writes.Keys.Order(StringComparer.OrdinalIgnoreCase),
            _writes.Keys.Order(StringComparer.OrdinalIgnoreCase),
            StringComparer.OrdinalIgnoreCase
        );
        Assert.All(
            _writes.Where(w => !IsIdempotent(w.Key)),
            write => Assert.True(expected._writes[write.Key] == write.Value, $"{write.Key} was carried out {write.Value} times")
        );
    }

    /// <summary>How many writes were carried out more often than where nothing happened.</summary>
    public int Repeated(Effects expected) => _writes.Sum(w => Math.Max(0, w.Value - expected._writes.GetValueOrDefault(w.Key)));

    // Done again it changes nothing: what is set is what was set, sessions that were revoked and devices that were retired are.
    private static bool IsIdempotent(string write) =>
        write.StartsWith("PATCH ", StringComparison.Ordinal)
        || write.StartsWith("PUT ", StringComparison.Ordinal)
        || write.EndsWith("/revokeSignInSessions", StringComparison.OrdinalIgnoreCase)
        || write.EndsWith("/retire", StringComparison.OrdinalIgnoreCase);

    // Resource Manager answers so where there was nothing left to delete.
    private static bool FoundNothing(RequestLogEntry request) => request is { Method: "DELETE", Host: "arm", Status: 204 };

    // A batch is logged request by request beside itself; a query is sent with POST.
    private static bool IsWrite(string path) =>
        !path.Contains("$batch", StringComparison.OrdinalIgnoreCase)
        && !path.Contains("Microsoft.ResourceGraph", StringComparison.OrdinalIgnoreCase);
}
