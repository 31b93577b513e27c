using System.Security.Cryptography;
using System.Text;
using EmbeddedHost.Configuration;
using Microsoft.AspNetCore.Http;

namespace EmbeddedHost.Http;

/// <summary>
/// Checks the key of a request: header <c>x-functions-key</c>, else <c>?code=</c>. The master key opens everything; a key that is not set opens nothing.
/// </summary>
internal sealed class HttpKeys(HostSettings settings)
{
    private readonly byte[]? _master = Hash(settings.MasterKey);
    private readonly byte[]? _default = Hash(settings.DefaultKey);
    private readonly byte[]? _eventGrid = Hash(settings.EventGridKey);

    public bool Allows(HttpRequest request, AuthorizationLevel level) => level switch
    {
        AuthorizationLevel.Anonymous => true,
        AuthorizationLevel.Function => Shows(request, _master, _default),
        _ => Shows(request, _master, null),
    };

    /// <summary>Answers with 401 unless the request shows the master key.</summary>
    public async Task ForMasterAsync(HttpContext context, Func<Task> answer)
    {
        if (Allows(context.Request, AuthorizationLevel.Admin))
            await answer();
        else
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
    }

    public bool AllowsEventGrid(HttpRequest request) => Shows(request, _master, _eventGrid);

    private static bool Shows(HttpRequest request, byte[]? first, byte[]? second)
    {
        var shown = Hash(request.Headers.TryGetValue("x-functions-key", out var header) ? header[0] : request.Query["code"].FirstOrDefault());
        return shown is not null && (Same(shown, first) | Same(shown, second));
    }

    // Both sides are hashes of one length, so that neither the length nor the first difference shows in the time it takes.
    private static bool Same(byte[] shown, byte[]? key) => key is not null && CryptographicOperations.FixedTimeEquals(shown, key);

    private static byte[]? Hash(string? key) => string.IsNullOrEmpty(key) ? null : SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
