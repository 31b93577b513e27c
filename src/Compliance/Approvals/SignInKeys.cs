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
    private volatile Kept? _kept;

    /// <inheritdoc/>
    public async Task<OpenIdConnectConfiguration> CurrentAsync(string? unknownKey, CancellationToken stop)
    {
        // Before the lock: who has a known key does not wait while an unknown one is looked for.
        if (Known(unknownKey) is { } known)
            return known;
        await _oneAtATime.WaitAsync(stop);
        try
        {
            if (Known(unknownKey) is { } meanwhile)
                return meanwhile;
            var now = time.GetUtcNow();
            var before = _kept;
            if (before is { FailedAt: { } failed } && now - failed < ReadAgainAfter && now - before.ReadAt < BelievedFor)
                throw new HttpRequestException("the sign-in service's metadata could not be read a moment ago");
            try
            {
                var read = await ReadAsync(stop);
                _kept = new(read, now, null);
                return read;
            }
            catch (HttpRequestException)
            {
                _kept = before is null ? null : before with { FailedAt = now };
                throw;
            }
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _oneAtATime.Dispose();

    private OpenIdConnectConfiguration? Known(string? key)
    {
        var now = time.GetUtcNow();
        return _kept is { } kept && now - kept.ReadAt < BelievedFor && (key is null || now - kept.ReadAt < ReadAgainAfter || kept.Configuration.SigningKeys.Any(k => k.KeyId == key))
            ? kept.Configuration
            : null;
    }

    private async Task<OpenIdConnectConfiguration> ReadAsync(CancellationToken stop)
    {
        var address = $"{connection.Options.Authority.ToString().TrimEnd('/')}/{connection.Options.Id}/v2.0/.well-known/openid-configuration";
        using var limit = new CancellationTokenSource(AnswerWithin, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, limit.Token);
        try
        {
            return await OpenIdConnectConfigurationRetriever.GetAsync(address, new Documents(connection.SignIn), either.Token);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            // The library wraps each failure in another kind of exception; to whom asks they are all one.
            throw new HttpRequestException($"the sign-in service's metadata could not be read: {e.GetBaseException().GetType().Name}", e);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new OperationCanceledException("the sign-in service's metadata was asked for no more", e, stop);
        }
    }

    /// <summary>What was read last, and when a later read failed.</summary>
    private sealed record Kept(OpenIdConnectConfiguration Configuration, DateTimeOffset ReadAt, DateTimeOffset? FailedAt);

    /// <summary>The library's own retriever does not stop when it is told to.</summary>
    private sealed class Documents(HttpClient client) : IDocumentRetriever
    {
        private const int MostCharacters = 1_000_000;

        public async Task<string> GetDocumentAsync(string address, CancellationToken cancel)
        {
            if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps)
                throw new HttpRequestException("the address of the metadata or the keys is not https");
            using var answer = await client.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, cancel);
            answer.EnsureSuccessStatusCode();
            using var text = new StreamReader(await answer.Content.ReadAsStreamAsync(cancel));
            var whole = new System.Text.StringBuilder();
            var buffer = new char[16 * 1024];
            for (int read; (read = await text.ReadAsync(buffer, cancel)) > 0;)
                if (whole.Append(buffer, 0, read).Length > MostCharacters)
                    throw new HttpRequestException("the metadata or the keys are longer than they can be");
            return whole.ToString();
        }
    }
}
