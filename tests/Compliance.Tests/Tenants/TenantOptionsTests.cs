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
            (options.Graph.ToString(), options.ResourceManager.ToString(), options.Authority.ToString()));
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
    [InlineData("ClientSecret", "s3cr3t-value", "Tenant:ClientId")]
    public void A_setting_that_cannot_be_used_is_named_and_a_secret_is_never_repeated(string key, string value, string named)
    {
        var refused = Assert.Throws<TenantSettingException>(() => Read(("Id", Id), (key, value)));

        Assert.Equal(named, refused.Key);
        Assert.DoesNotContain("s3cr3t-value", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_options_as_text_leave_the_secret_out() =>
        Assert.DoesNotContain("s3cr3t-value", Read(("Id", Id), ("ClientId", Id), ("ClientSecret", "s3cr3t-value")).ToString(), StringComparison.Ordinal);

    private static TenantOptions Read(params (string Key, string Value)[] settings)
    {
        var values = new Dictionary<string, string?>();
        foreach (var (key, value) in settings)
            values[$"Tenant:{key}"] = value;
        return TenantOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
    }
}
