using Compliance.Tenants;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Compliance.Approvals;

/// <summary>Gives the sign-in service's own description and keys.</summary>
internal interface ISignInKeys
{
    /// <summary>The description, kept for a day.</summary>
    /// <param name="unknownKey">Id of a key that the kept description lacks: it is read again, but not more often than once in <see cref="SignInKeys.ReadAgainAfter"/>.</param>
    /// <param name="stop">Stops the read.</param>
    /// <exception cref="HttpRequestException">It could not be read.</exception>
    Task<OpenIdConnectConfiguration> CurrentAsync(string? unknownKey, CancellationToken stop);
}

/// <summary>Reads them from the tenant's OpenID metadata, over the connection that goes to the sign-in host alone.</summary>
/// <remarks>The library's own cache refreshes in the background and by the machine's clock; here a refresh ends before the token is judged, by the app's clock.</remarks>
internal sealed class SignInKeys(TenantConnection connection, TimeProvider time) : ISignInKeys, IDisposable
{
    /// <summary>How long the description is believed.</summary>
    public static readonly TimeSpan BelievedFor = TimeSpan.FromHours(24);

    /// <summary>A token with an invented key id makes the metadata be read again, at most this often.</summary>
    public static readonly TimeSpan ReadAgainAfter = TimeSpan.FromMinutes(1);

    // Somebody waits for the answer.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _oneAtATime = new(1);
    private (OpenIdConnectConfiguration Configuration, DateTimeOffset ReadAt)? _kept;

    /// <inheritdoc/>
    public async Task<OpenIdConnectConfiguration> CurrentAsync(string? unknownKey, CancellationToken stop)
    {
        await _oneAtATime.WaitAsync(stop);
        try
        {
            var now = time.GetUtcNow();
            if (_kept is { } kept && now - kept.ReadAt < BelievedFor
                && (unknownKey is null || now - kept.ReadAt < ReadAgainAfter || kept.Configuration.SigningKeys.Any(k => k.KeyId == unknownKey)))
                return kept.Configuration;
            var read = await ReadAsync(stop);
            _kept = (read, now);
            return read;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _oneAtATime.Dispose();

    private async Task<OpenIdConnectConfiguration> ReadAsync(CancellationToken stop)
    {
        var address = $"{connection.Options.Authority.ToString().TrimEnd('/')}/{connection.Options.Id}/v2.0/.well-known/openid-configuration";
        using var limit = new CancellationTokenSource(AnswerWithin, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, limit.Token);
        try
        {
            return await OpenIdConnectConfigurationRetriever.GetAsync(address, new HttpDocumentRetriever(connection.SignIn) { RequireHttps = true }, either.Token);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            // The library wraps each failure in another kind of exception; to whom asks they are all one.
            throw new HttpRequestException($"the sign-in service's metadata could not be read: {e.GetBaseException().GetType().Name}", e);
        }
    }
}
