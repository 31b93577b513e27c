using Compliance.Tenants;
using Microsoft.Extensions.Configuration;

namespace Compliance.Tests.Tenants;

public sealed class TenantOptionsTests
{
    private const string Id = "2ffa84ca-7d2d-433e-baa8-4dc18bdba4ea";

    [Fact]
    public void The_public_cloud_is_the_default()
    {
        var options = Read(("Id", Id));

        Assert.Equal(
            ("https://graph.microsoft.com/v1.0", "https://management.azure.com/", "https://login.microsoftonline.com/"),
            (options.Graph.ToString(), options.ResourceManager.ToString(), options.Authority.ToString())
        );
    }

    [Theory]
    [InlineData("GraphEndpoint")]
    [InlineData("ResourceManagerEndpoint")]
    [InlineData("AuthorityHost")]
    public void A_pinned_certificate_is_for_loopback_only_in_every_endpoint(string foreign)
    {
        var settings = new List<(string, string)> { ("Id", Id), ("PinnedThumbprint", new string('A', 64)) };
        foreach (var key in new[] { "GraphEndpoint", "ResourceManagerEndpoint", "AuthorityHost" })
            settings.Add((key, key == foreign ? "https://graph.microsoft.com" : "https://localhost:7072"));

        var refused = Assert.Throws<TenantSettingException>(() => Read([.. settings]));

        Assert.Contains($"Tenant:{foreign}", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Id", "contoso", "Tenant:Id")]
    [InlineData("GraphEndpoint", "http://graph.microsoft.com/v1.0", "Tenant:GraphEndpoint")]
    [InlineData("MaxRetryWaitSeconds", "0", "Tenant:MaxRetryWaitSeconds")]
    [InlineData("MaxRetryWaitSeconds", "3601", "Tenant:MaxRetryWaitSeconds")]
    [InlineData("GraphWriteLimit", "299", "Tenant:GraphWriteLimit")]
    [InlineData("GraphWriteLimit", "1000001", "Tenant:GraphWriteLimit")]
    [InlineData("GraphWriteLimit", "many", "Tenant:GraphWriteLimit")]
    [InlineData("GraphEndpoint", "https://graph.microsoft.com/v1.0?x=1", "Tenant:GraphEndpoint")]
    [InlineData("AuthorityHost", "login.microsoftonline.com", "Tenant:AuthorityHost")]
    [InlineData("ClientSecret", "s3cr3t-value", "Tenant:ClientId")]
    public void A_setting_that_cannot_be_used_is_named_and_a_secret_is_never_repeated(string key, string value, string named)
    {
        var refused = Assert.Throws<TenantSettingException>(() => Read(("Id", Id), (key, value)));

        Assert.Equal(named, refused.Key);
        Assert.DoesNotContain("s3cr3t-value", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_options_as_text_leave_the_secret_out() =>
        Assert.DoesNotContain(
            "s3cr3t-value",
            Read(("Id", Id), ("ClientId", Id), ("ClientSecret", "s3cr3t-value")).ToString(),
            StringComparison.Ordinal
        );

    [Fact]
    public void Limits_may_be_at_their_ends()
    {
        var least = Read(("Id", Id), ("MaxRetryWaitSeconds", "1"), ("GraphWriteLimit", "300"));
        var most = Read(("Id", Id), ("MaxRetryWaitSeconds", "3600"), ("GraphWriteLimit", "1000000"));
        var none = Read(("Id", Id));

        Assert.Equal((1, 300), (least.MaxRetryWait.TotalSeconds, least.GraphWriteLimit));
        Assert.Equal((3600, 1_000_000), (most.MaxRetryWait.TotalSeconds, most.GraphWriteLimit));
        Assert.Equal((300, 3_000), (none.MaxRetryWait.TotalSeconds, none.GraphWriteLimit));
    }

    [Theory]
    [InlineData("AAAA")]
    [InlineData("ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ")]
    public void A_thumbprint_is_64_hex_digits(string pin) =>
        Assert.Equal("Tenant:PinnedThumbprint", Assert.Throws<TenantSettingException>(() => Local(pin)).Key);

    [Fact]
    public void A_thumbprint_may_have_colons() =>
        Assert.Equal(new string('A', 64), Local(string.Join(':', Enumerable.Repeat("aa", 32))).PinnedThumbprint);

    [Theory]
    [InlineData("https://localhost:1", true)]
    [InlineData("https://kv.vault.localhost:1", true)]
    [InlineData("https://127.0.0.9", true)]
    [InlineData("https://[::1]", true)]
    [InlineData("https://localhost.example.com", false)]
    [InlineData("https://notlocalhost", false)]
    [InlineData("https://128.0.0.1", false)]
    public void Loopback_is_this_machine_alone(string address, bool loopback) =>
        Assert.Equal(loopback, TenantOptions.IsLoopback(new Uri(address)));

    private static TenantOptions Local(string pin) =>
        Read(
            ("Id", Id),
            ("PinnedThumbprint", pin),
            ("GraphEndpoint", "https://localhost:1"),
            ("ResourceManagerEndpoint", "https://localhost:1"),
            ("AuthorityHost", "https://localhost:1")
        );

    private static TenantOptions Read(params (string Key, string Value)[] settings)
    {
        var values = new Dictionary<string, string?>();
        foreach (var (key, value) in settings)
            values[$"Tenant:{key}"] = value;
        return TenantOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
    }
}
