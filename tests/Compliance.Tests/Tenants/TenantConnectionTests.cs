using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Azure;
using Azure.Core;
using Azure.Identity;
using Compliance.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Compliance.Tests.Tenants;

/// <summary>To which hosts a token may go, and how long a token and a refusal are remembered.</summary>
public sealed class TenantConnectionTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("https://kv.vault.azure.net", true)]
    [InlineData("https://KV.VAULT.AZURE.NET/", true)]
    [InlineData("https://kv.vault.azure.cn", true)]
    [InlineData("https://kv.vault.usgovcloudapi.net", true)]
    [InlineData("http://kv.vault.azure.net:443", false)]
    [InlineData("https://kv.vault.azure.net:8443", false)]
    [InlineData("https://kv.vault.azure.net.evil.example", false)]
    [InlineData("https://vault.azure.net", false)]
    [InlineData("https://kv.vault.localhost:7443", false)]
    public void In_the_cloud_a_vault_has_one_of_Azures_names_and_the_usual_port(string address, bool vault)
    {
        using var tenant = new PaperTenant(("Tenant:PinnedThumbprint", null), ("Tenant:ResourceManagerEndpoint", null));

        Assert.Equal(vault, IsVault(tenant, address));
    }

    [Theory]
    [InlineData("https://kv.vault.localhost:7443", true)]
    [InlineData("http://kv.vault.localhost:7443", false)]
    [InlineData("https://kv.vault.localhost:7444", false)]
    [InlineData("https://kv.vault.azure.net", false)]
    public void A_sandboxs_vault_is_on_its_own_port(string address, bool vault)
    {
        using var tenant = new PaperTenant();

        Assert.Equal(vault, IsVault(tenant, address));
    }

    [Theory]
    [InlineData("https://localhost:7443/v1.0/users?$skiptoken=x", true)]
    [InlineData("https://LOCALHOST:7443/beta", true)]
    [InlineData("http://localhost:7443/v1.0/users", false)]
    [InlineData("https://localhost:7444/v1.0/users", false)]
    [InlineData("https://localhost.evil.example:7443/v1.0/users", false)]
    [InlineData("/v1.0/users", false)]
    public void A_link_stays_with_Graph_only_on_its_host_port_and_scheme(string link, bool graph)
    {
        using var tenant = new PaperTenant();

        Assert.Equal(graph, tenant.Connection.IsGraph(link));
    }

    [Fact]
    public async Task A_vaults_client_speaks_to_that_vault_alone()
    {
        using var tenant = new PaperTenant();
        var vault = tenant.Connection.VaultAt(new Uri("https://kv.vault.localhost:7443"));
        using var message = vault.Pipeline.CreateMessage();
        message.Request.Method = RequestMethod.Get;
        message.Request.Uri.Reset(new Uri("https://other.vault.localhost:7443/secrets"));

        var refused = await Assert.ThrowsAsync<RequestFailedException>(async () => await vault.Pipeline.SendAsync(message, Stop));

        Assert.IsType<ForeignHostException>(refused.InnerException);
        Assert.Empty(tenant.Requests);
        Assert.Same(vault, tenant.Connection.KnownVault("KV.vault.localhost"));
        Assert.Null(tenant.Connection.KnownVault("other.vault.localhost"));
    }

    [Fact]
    public async Task A_token_is_asked_for_once_and_again_in_its_last_five_minutes()
    {
        var inner = new Counting(TimeSpan.FromMinutes(6));
        var credential = new TenantCredential(inner);
        await credential.GetTokenAsync(new(["a"]), Stop);
        await credential.GetTokenAsync(new(["a"]), Stop);
        Assert.Equal(1, inner.Asked);

        var ending = new Counting(TimeSpan.FromMinutes(4));
        credential = new TenantCredential(ending);
        await credential.GetTokenAsync(new(["a"]), Stop);
        await credential.GetTokenAsync(new(["a"]), Stop);
        Assert.Equal(2, ending.Asked);
    }

    [Fact]
    public async Task A_token_for_one_service_or_claim_is_none_for_another()
    {
        var inner = new Counting(TimeSpan.FromHours(1));
        var credential = new TenantCredential(inner);

        TokenRequestContext[] all =
        [
            new(["a"]),
            new(["b"]),
            new(["a"], claims: "c"),
            new(["a"], tenantId: "t"),
            new(["a"], isCaeEnabled: true),
            new(["a"]),
        ];

        foreach (var asked in all)
            await credential.GetTokenAsync(asked, Stop);

        Assert.Equal(5, inner.Asked);
    }

    [Fact]
    public async Task Many_who_need_a_token_at_once_ask_for_it_once_and_a_refusal_is_remembered_for_all()
    {
        var inner = new Counting(TimeSpan.FromHours(1)) { Slow = true };
        var credential = new TenantCredential(inner);
        var all = Enumerable.Range(0, 8).Select(_ => credential.GetTokenAsync(new(["a"]), Stop).AsTask()).ToList();
        inner.Go.SetResult();
        await Task.WhenAll(all);
        Assert.Equal(1, inner.Asked);

        var refused = new Counting(TimeSpan.FromHours(1)) { Refuses = true };
        credential = new TenantCredential(refused);
        for (var i = 0; i < 3; i++)
            await Assert.ThrowsAsync<AuthenticationFailedException>(async () => await credential.GetTokenAsync(new(["a"]), Stop));
        Assert.Equal(1, refused.Asked);
    }

    [Fact]
    public async Task A_refusal_is_forgotten_half_a_minute_after_it_came_however_often_it_is_given_meanwhile()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var inner = new Counting(TimeSpan.FromHours(1)) { Refuses = true };
        var credential = new TenantCredential(inner, clock);
        for (var second = 0; second < 30; second++)
        {
            await Assert.ThrowsAsync<AuthenticationFailedException>(async () => await credential.GetTokenAsync(new(["a"]), Stop));
            clock.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.Equal(1, inner.Asked);

        inner.Refuses = false;
        await credential.GetTokenAsync(new(["a"]), Stop);
        await credential.GetTokenAsync(new(["a"]), Stop);
        Assert.Equal(2, inner.Asked);
    }

    [Fact]
    public async Task A_refusal_for_one_service_is_none_for_another()
    {
        var inner = new Counting(TimeSpan.FromHours(1)) { Refuses = true };
        var credential = new TenantCredential(inner);
        await Assert.ThrowsAsync<AuthenticationFailedException>(async () => await credential.GetTokenAsync(new(["a"]), Stop));
        inner.Refuses = false;

        await credential.GetTokenAsync(new(["b"]), Stop);

        Assert.Equal(2, inner.Asked);
    }

    // A token goes where it is sent and nowhere else, whatever the answer or the certificate says.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Over_the_network_no_redirect_is_followed_and_no_other_certificate_is_trusted(bool pinned)
    {
        using var key = RSA.Create(2048);
        using var made = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(
            DateTimeOffset.UnixEpoch,
            DateTimeOffset.UnixEpoch.AddYears(200)
        );
        var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(certificate)));
        await using var server = builder.Build();
        var asked = new ConcurrentQueue<string>();
        server.Run(context =>
        {
            asked.Enqueue(context.Request.Path);
            context.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        });
        await server.StartAsync(Stop);
        var root = server
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.Single()
            .Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        using var connection = new TenantConnection(
            TenantOptions.Read(
                new ConfigurationBuilder()
                    .AddInMemoryCollection(
                        new Dictionary<string, string?>
                        {
                            ["Tenant:Id"] = "5f0e1d2c-3b4a-4958-8776-655443322110",
                            ["Tenant:GraphEndpoint"] = $"{root}/v1.0",
                            ["Tenant:ResourceManagerEndpoint"] = root,
                            ["Tenant:AuthorityHost"] = root,
                            ["Tenant:PinnedThumbprint"] = pinned
                                ? certificate.GetCertHashString(HashAlgorithmName.SHA256)
                                : new string('A', 64),
                        }
                    )
                    .Build()
            ),
            new NoWaiting(),
            NullLogger<TenantConnection>.Instance
        );

        var sending = connection.SignIn.GetAsync(new Uri($"{root}/keys"), Stop);

        if (pinned)
            Assert.Equal(302, (int)(await sending).StatusCode);
        else
            Assert.Equal(
                HttpRequestError.SecureConnectionError,
                (await Assert.ThrowsAsync<HttpRequestException>(() => sending)).HttpRequestError
            );
        Assert.Equal(pinned ? ["/keys"] : [], asked);
    }

    private static bool IsVault(PaperTenant tenant, string address)
    {
        try
        {
            return tenant.Connection.VaultAt(new Uri(address)) is not null;
        }
        catch (ForeignHostException)
        {
            return false;
        }
    }

    private sealed class Counting(TimeSpan lasts) : TokenCredential
    {
        public int Asked { get; private set; }

        public bool Slow { get; init; }

        public bool Refuses { get; set; }

        public TaskCompletionSource Go { get; } = new();

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public override async ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            Asked++;
            if (Slow)
                await Go.Task;
            return Refuses ? throw new AuthenticationFailedException("no") : new AccessToken("t", TimeProvider.System.GetUtcNow() + lasts);
        }
    }
}
