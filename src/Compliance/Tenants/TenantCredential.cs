using System.Collections.Concurrent;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;

namespace Compliance.Tenants;

/// <summary>
/// Signs in once for each service and remembers the token until five minutes before its end. A failed sign-in is remembered for half a
/// minute, so that a hundred vaults do not each ask again.
/// </summary>
/// <param name="inner">Asks the sign-in service.</param>
/// <param name="time">Null for the real clock: tokens end by it, whatever clock the app was given.</param>
internal sealed class TenantCredential(TokenCredential inner, TimeProvider? time = null) : TokenCredential
{
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan FailureHolds = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>
    /// The way to sign in that the settings ask for: client secret, else managed identity where Azure offers one, else the Azure CLI's
    /// user.
    /// </summary>
    public static TenantCredential Create(TenantOptions options, HttpPipelineTransport transport, bool managedIdentityOffered)
    {
        if (options.ClientSecret is { } secret)
            return new TenantCredential(OfClient(options, secret, transport));
        if (!managedIdentityOffered)
            return new TenantCredential(new AzureCliCredential(new AzureCliCredentialOptions { TenantId = options.Id }));
        return new TenantCredential(
            new ManagedIdentityCredential(
                options.ClientId is { } id ? ManagedIdentityId.FromUserAssignedClientId(id) : ManagedIdentityId.SystemAssigned
            )
        );
    }

    private static ClientSecretCredential OfClient(TenantOptions options, string secret, HttpPipelineTransport transport) =>
        new(
            options.Id,
            options.ClientId,
            secret,
            new ClientSecretCredentialOptions
            {
                AuthorityHost = options.Authority,
                Transport = transport,
                Retry = { MaxRetries = 0, NetworkTimeout = Timeout.InfiniteTimeSpan },
                // Instance discovery asks the public cloud about an authority it does not know; a sandbox is not known there.
                DisableInstanceDiscovery = options.PinnedThumbprint is not null,
            }
        );

    /// <inheritdoc/>
    public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
        inner.GetToken(requestContext, cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken)
    {
        var entry = _entries.GetOrAdd(
            string.Join(
                '\n',
                [requestContext.TenantId, requestContext.Claims, requestContext.IsCaeEnabled ? "cae" : "", .. requestContext.Scopes]
            ),
            _ => new Entry()
        );
        if (entry.Token is { } held && IsFresh(held))
            return held.Token;
        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            if (entry.Token is { } again && IsFresh(again))
                return again.Token;
            // Given again, it is no failure of now: who asks often would never be let through.
            if (entry.Failure is { } failure && _time.GetElapsedTime(entry.FailedAt) < FailureHolds)
                throw failure;
            var token = await AskAsync(entry, requestContext, cancellationToken);
            entry.Token = new Held(token);
            entry.Failure = null;
            return token;
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    private async Task<AccessToken> AskAsync(Entry entry, TokenRequestContext requestContext, CancellationToken cancellationToken)
    {
        try
        {
            return await inner.GetTokenAsync(requestContext, cancellationToken);
        }
        catch (AuthenticationFailedException e)
        {
            entry.Failure = e;
            entry.FailedAt = _time.GetTimestamp();
            throw;
        }
    }

    private bool IsFresh(Held held) => held.Token.ExpiresOn - _time.GetUtcNow() > Margin;

    private sealed record Held(AccessToken Token);

    private sealed class Entry
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public Held? Token { get; set; }

        public AuthenticationFailedException? Failure { get; set; }

        public long FailedAt { get; set; }
    }
}
