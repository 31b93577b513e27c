using System.Security.Cryptography;
using System.Text;
using LocalHost.Configuration;
using Microsoft.AspNetCore.Http;

namespace LocalHost.Http;

/// <summary>What a request's key opens.</summary>
internal enum KeyLevel
{
    /// <summary>No key, or a wrong one.</summary>
    None,

    /// <summary>The default key: functions of level <c>function</c>.</summary>
    Function,

    /// <summary>The master key: everything.</summary>
    Master,
}

/// <summary>Checks the key of a request: header <c>x-functions-key</c>, else <c>?code=</c>. A key that is not set opens nothing.</summary>
internal sealed class FunctionKeys(HostSettings settings)
{
    private readonly byte[]? _master = Hash(settings.MasterKey);
    private readonly byte[]? _default = Hash(settings.DefaultKey);

    /// <summary>What the request's key opens.</summary>
    public KeyLevel Level(HttpRequest request)
    {
        var isInHeader = request.Headers.TryGetValue("x-functions-key", out var header);
        var shown = Hash(isInHeader ? header[0] : request.Query["code"].FirstOrDefault());
        if (shown is null)
            return KeyLevel.None;
        // Both are always compared, so that the time does not show which key it is.
        var (isMaster, isDefault) = (Same(shown, _master), Same(shown, _default));
        if (isMaster)
            return KeyLevel.Master;
        return isDefault ? KeyLevel.Function : KeyLevel.None;
    }

    // Both sides are hashes of one length, so that neither the length nor the first difference shows in the time it takes.
    private static bool Same(byte[] shown, byte[]? key) => key is not null && CryptographicOperations.FixedTimeEquals(shown, key);

    private static byte[]? Hash(string? key) => string.IsNullOrEmpty(key) ? null : SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
