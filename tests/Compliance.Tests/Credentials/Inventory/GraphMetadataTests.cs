using Compliance.Credentials;
using Compliance.Tests.Tenants;
using SandboxTenant;
using SandboxTenant.Data;

namespace Compliance.Tests.Credentials.Inventory;

public sealed class GraphMetadataTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    // Entra shows the password of a certificate beside it, under one identifier; a secret may carry an identifier as well.
    [Fact]
    public async Task A_secret_with_an_identifier_is_a_credential()
    {
        var tenant = new TenantData()
            .Add("organization", """{"id":"11111111-aaaa-4bbb-8ccc-0000000000aa","displayName":"Case"}""")
            .Add(
                "applications",
                """
                {"id":"11111111-aaaa-4bbb-8ccc-000000000010","appId":"11111111-aaaa-4bbb-8ccc-000000000011","displayName":"billing",
                 "keyCredentials":[],"passwordCredentials":[{"keyId":"11111111-aaaa-4bbb-8ccc-000000000012",
                  "customKeyIdentifier":"aGFuZA==",
                 "startDateTime":"2024-01-01T00:00:00Z","endDateTime":"2027-01-01T00:00:00Z"}]}
                """
            );
        await using var reader = await Reader.StartAsync(options: new SandboxOptions { Now = Now, Tenant = tenant });

        var seen = await reader.ReadAsync();

        Assert.Equal(
            (CredentialKind.ClientSecret, "11111111-aaaa-4bbb-8ccc-000000000012"),
            Assert.Single(seen.All.Select(c => (c.Kind, c.Part)))
        );
    }

    // A certificate that signs tokens is listed for signing and for verifying, under one identifier or, without one, one key id.
    [Theory]
    [InlineData("\"preferredSingleSignOnMode\":\"saml\",", true)]
    [InlineData("\"preferredTokenSigningKeyThumbprint\":\"AB12\",", true)]
    [InlineData("\"preferredSingleSignOnMode\":\"oidc\",\"preferredTokenSigningKeyThumbprint\":\"\",", false)]
    public async Task A_certificate_signs_tokens_where_the_application_signs_in_by_it(string mode, bool signsIn)
    {
        var tenant = new TenantData()
            .Add("organization", """{"id":"11111111-aaaa-4bbb-8ccc-0000000000aa","displayName":"Case"}""")
            .Add(
                "servicePrincipals",
                $$$"""
                {"id":"11111111-aaaa-4bbb-8ccc-000000000020","appId":"11111111-aaaa-4bbb-8ccc-000000000021","displayName":"Payroll",
                 "servicePrincipalType":"Application",{{{mode}}}"passwordCredentials":[],
                 "keyCredentials":[
                  {{{Key("31", "Sign", "c2lnbnM=")}}},{{{Key("32", "Verify", "c2lnbnM=")}}},
                  {{{Key("33", "Sign", null)}}},{{{Key("34", "Verify", null)}}},{{{Key("35", "Verify", "b3RoZXI=")}}}]}
                """
            );
        await using var reader = await Reader.StartAsync(options: new SandboxOptions { Now = Now, Tenant = tenant });

        var seen = (await reader.ReadAsync()).All.ToDictionary(c => c.Part, c => c.Kind);

        Assert.Equal(4, seen.Count);
        var kind = signsIn ? CredentialKind.SamlCertificate : CredentialKind.ClientCertificate;
        Assert.Equal((kind, kind), (seen["7369676E73"], seen["11111111-aaaa-4bbb-8ccc-000000000033"]));
        Assert.Equal(CredentialKind.ClientCertificate, seen["11111111-aaaa-4bbb-8ccc-000000000034"]);
        Assert.Equal(CredentialKind.ClientCertificate, seen["6F74686572"]);

        static string Key(string id, string usage, string? identifier) =>
            $$$"""
                {"keyId":"11111111-aaaa-4bbb-8ccc-0000000000{{{id}}}","usage":"{{{usage}}}","type":"AsymmetricX509Cert",
                 "customKeyIdentifier":{{{(identifier is null ? "null" : $"\"{identifier}\"")}}},
                 "startDateTime":"2024-01-01T00:00:00Z","endDateTime":"2027-01-01T00:00:00Z"}
                """;
    }

    // Microsoft rotates its certificates; a secret on its application's service principal was added in this tenant.
    [Fact]
    public async Task A_secret_that_somebody_added_to_an_application_of_Microsoft_is_a_credential()
    {
        var tenant = new TenantData()
            .Add("organization", """{"id":"11111111-aaaa-4bbb-8ccc-0000000000aa","displayName":"Case"}""")
            .Add(
                "servicePrincipals",
                """
                {"id":"11111111-aaaa-4bbb-8ccc-000000000020","appId":"00000002-0000-0ff1-ce00-000000000000",
                 "displayName":"Office 365 Exchange Online","servicePrincipalType":"Application",
                 "appOwnerOrganizationId":"f8cdef31-a31e-4b4a-93e4-5f571e91255a",
                 "keyCredentials":[{"keyId":"11111111-aaaa-4bbb-8ccc-000000000022","usage":"Verify","type":"AsymmetricX509Cert",
                 "startDateTime":"2024-01-01T00:00:00Z","endDateTime":"2027-01-01T00:00:00Z"}],
                 "passwordCredentials":[{"keyId":"11111111-aaaa-4bbb-8ccc-000000000021",
                 "startDateTime":"2024-01-01T00:00:00Z","endDateTime":"2027-01-01T00:00:00Z"}]}
                """
            );
        await using var reader = await Reader.StartAsync(options: new SandboxOptions { Now = Now, Tenant = tenant });

        var seen = await reader.ReadAsync();

        Assert.Equal(
            (CredentialKind.ClientSecret, "11111111-aaaa-4bbb-8ccc-000000000021"),
            Assert.Single(seen.All.Select(c => (c.Kind, c.Part)))
        );
    }
}
