using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ComplianceFunctions;

/// <summary>The body of a request in JSON.</summary>
internal static class JsonBody
{
    /// <summary>A body may be so long, in bytes.</summary>
    public const int MaxBytes = 16 * 1024;

    /// <summary>
    /// The body; null when it is no such JSON. Whose token was not looked at yet sends no more than an answer needs.
    /// </summary>
    public static async Task<T?> ReadAsync<T>(HttpRequest request, CancellationToken cancellationToken)
        where T : class
    {
        var body = new byte[MaxBytes + 1];
        var length = await request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellationToken);
        if (length > MaxBytes)
            return null;
        try
        {
            return JsonSerializer.Deserialize<T>(body.AsSpan(0, length), JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
