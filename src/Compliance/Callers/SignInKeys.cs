using Compliance.Tenants;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Compliance.Callers;

/// <summary>Gives the sign-in service's own description and keys.</summary>
internal interface ISignInKeys
{
    /// <summary>The description, kept for a day.</summary>
    /// <param name="unknownKey">Id of the key that is needed. When the kept description lacks it, it is read again, but not more often than
    /// once in <see cref="SignInKeys.ReadAgainAfter"/>.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <exception cref="HttpRequestException">It could not be read, now or less than <see cref="SignInKeys.ReadAgainAfter"/>
    /// ago.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was asked for.</exception>
    Task<OpenIdConnectConfiguration> CurrentAsync(string? unknownKey, CancellationToken cancellationToken);
}

/// <summary>Reads them from the tenant's OpenID metadata, over the connection that goes to the sign-in host alone.</summary>
/// <remarks>
/// The library's own cache refreshes in the background and by the machine's clock; here a refresh ends before the token is judged, by the
/// app's clock. All who need it share one read, which nobody who hangs up can break off for the others; who needs only what is known does
/// not wait for it.
/// </remarks>
internal sealed class SignInKeys(TenantConnection connection, TimeProvider time) : ISignInKeys, IDisposable
{
    /// <summary>How long the description is believed.</summary>
    public static readonly TimeSpan BelievedFor = TimeSpan.FromHours(24);

    /// <summary>
    /// A token with an invented key id makes the metadata be read again, at most this often, whether or not the read succeeds. Only where
    /// nothing was ever read is a failed read tried again at once: until then no token can be judged.
    /// </summary>
    public static readonly TimeSpan ReadAgainAfter = TimeSpan.FromMinutes(1);

    private readonly Lock _oneAtATime = new();
    private readonly CancellationTokenSource _ended = new();
    private volatile Kept? _kept;
    private Task<OpenIdConnectConfiguration>? _reading;
    private DateTimeOffset _readAt;

    /// <summary>How long a read may take, by the machine's clock: somebody waits for the answer.</summary>
    public TimeSpan AnswerWithin { get; init; } = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public Task<OpenIdConnectConfiguration> CurrentAsync(string? unknownKey, CancellationToken cancellationToken) =>
        Known(unknownKey) is { } known ? Task.FromResult(known) : ReadOnceAsync(unknownKey).WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended.Cancel();
        _ended.Dispose();
    }

    private OpenIdConnectConfiguration? Known(string? key) =>
        _kept is { } kept
        && Between(kept.ReadAt, time.GetUtcNow()) is var age
        && age < BelievedFor
        && (key is null || age < ReadAgainAfter || kept.Configuration.SigningKeys.Any(k => k.KeyId == key))
            ? kept.Configuration
            : null;

    // Either way: what a clock that was ahead has left is as far off as what is old.
    private static TimeSpan Between(DateTimeOffset one, DateTimeOffset other) => (other - one).Duration();

    private Task<OpenIdConnectConfiguration> ReadOnceAsync(string? key)
    {
        lock (_oneAtATime)
        {
            // Read by another since the first look.
            if (Known(key) is { } known)
                return Task.FromResult(known);
            if (_reading is { IsCompleted: false })
                return _reading;
            var now = time.GetUtcNow();
            if (_kept is not null && Between(_readAt, now) < ReadAgainAfter)
                return Task.FromException<OpenIdConnectConfiguration>(
                    new HttpRequestException("the sign-in service's metadata could not be read a moment ago")
                );
            _readAt = now;
            return _reading = Task.Run(() => ReadAsync(now), _ended.Token);
        }
    }

    private async Task<OpenIdConnectConfiguration> ReadAsync(DateTimeOffset now)
    {
        var address =
            $"{connection.Options.Authority.ToString().TrimEnd('/')}/{connection.Options.Id}/v2.0/.well-known/openid-configuration";
        using var limit = new CancellationTokenSource(AnswerWithin, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token, limit.Token);
        try
        {
            var read = await OpenIdConnectConfigurationRetriever.GetAsync(address, new Documents(connection.SignIn), either.Token);
            _kept = new(read, now);
            return read;
        }
        catch (Exception e)
        {
            // The library wraps each failure in another kind of exception; to whom asks they are all one.
            throw new HttpRequestException($"the sign-in service's metadata could not be read: {e.GetBaseException().GetType().Name}", e);
        }
    }

    private sealed record Kept(OpenIdConnectConfiguration Configuration, DateTimeOffset ReadAt);

    // The library's own reader does not pass the token on: it would wait as long as the service likes. That only HTTPS to the sign-in host
    // is spoken, the connection sees to.
    private sealed class Documents(HttpClient http) : IDocumentRetriever
    {
        public Task<string> GetDocumentAsync(string address, CancellationToken cancel) => http.GetStringAsync(new Uri(address), cancel);
    }
}
