using System.Text.Json;

namespace Local;

/// <summary>The one line the sandbox tenant prints when it is ready.</summary>
/// <param name="Port">Its loopback port.</param>
/// <param name="Url">Its address, <c>https://localhost:PORT</c>.</param>
/// <param name="Thumbprint">SHA-256 thumbprint of its certificate, hex.</param>
/// <param name="TenantId">Id of the tenant it serves.</param>
/// <param name="ClientId">The app's identity in it.</param>
/// <param name="ClientSecret">The secret of that identity; made at each start.</param>
internal sealed record SandboxReady(int Port, string Url, string Thumbprint, string TenantId, string ClientId, string ClientSecret)
{
    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    /// <summary>
    /// Reads a line such as
    /// <c>{"port":7072,"url":"https://localhost:7072","thumbprint":"AB..","tenantId":"..","clientId":"..","clientSecret":".."}</c>.
    /// </summary>
    /// <exception cref="LaunchException">It is something else.</exception>
    public static SandboxReady Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<SandboxReady>(line, Strict) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            // The line itself is not repeated: it may hold the secret.
            throw new LaunchException(
                $"the sandbox's first line is not what the launcher expects ({e.Path ?? "not JSON"}): build again, both come from one "
                    + "checkout",
                e
            );
        }
    }
}
