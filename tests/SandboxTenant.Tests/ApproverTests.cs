using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using SandboxTenant.Data;
using SandboxTenant.Demo;

namespace SandboxTenant.Tests;

/// <summary>People and applications sign in to the compliance app.</summary>
public sealed class ApproverTests(DemoFixture demo)
{
    private static Task<(int Status, JsonNode? Body, HttpResponseMessage)> SignIn(
        Sandbox sandbox,
        PinnedClients clients,
        string username,
        string? password = null,
        string? scope = null
    ) =>
        clients.SendAsync(
            "POST",
            $"/{sandbox.TenantId}/oauth2/v2.0/token",
            new FormUrlEncodedContent(
                new Dictionary<string, string>
                {
                    ["grant_type"] = "password",
                    ["client_id"] = sandbox.ClientId,
                    ["username"] = username,
                    ["password"] = password ?? sandbox.ClientSecret,
                    ["scope"] = scope ?? $"api://{DemoLeaver.ComplianceAppId}/.default",
                }
            ),
            token: ""
        );

    private static List<Entity> Approvers(Sandbox sandbox) =>
        [
            .. sandbox
                .Tenant.AppRoleAssignments.By("resourceId", sandbox.Tenant.ServicePrincipals.Find(DemoLeaver.ComplianceAppId)!.Id)
                .Where(a => Json.Text(a.Json, "appRoleId") == DemoLeaver.ApproverRole)
                .Select(a => sandbox.Tenant.Users.Find(Json.Text(a.Json, "principalId")!)!),
        ];

    [Fact]
    public async Task An_approver_gets_a_token_that_the_published_keys_verify()
    {
        var (sandbox, clients) = (demo.Sandbox, demo.Clients);
        var approver = Approvers(sandbox)[0];
        var (status, body, _) = await SignIn(sandbox, clients, Json.Text(approver.Json, "userPrincipalName")!);
        var parts = ((string)body!["access_token"]!).Split('.');
        var claims = JsonNode.Parse(Base64Url.DecodeFromChars(parts[1]))!;
        var configuration = (await clients.SendAsync("GET", $"/{sandbox.TenantId}/v2.0/.well-known/openid-configuration", token: "")).Body!;
        var key = (await clients.SendAsync("GET", (string)configuration["jwks_uri"]!, token: "")).Body!["keys"]![0]!;
        using var rsa = RSA.Create(
            new RSAParameters
            {
                Modulus = Base64Url.DecodeFromChars((string)key["n"]!),
                Exponent = Base64Url.DecodeFromChars((string)key["e"]!),
            }
        );

        Assert.Equal(200, status);
        Assert.True(
            rsa.VerifyData(
                Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"),
                Base64Url.DecodeFromChars(parts[2]),
                HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1
            )
        );
        Assert.Equal(
            (DemoLeaver.ComplianceAppId, approver.Id, sandbox.TenantId, "2.0", (string)configuration["issuer"]!, "Compliance.Approver"),
            (
                (string)claims["aud"]!,
                (string)claims["oid"]!,
                (string)claims["tid"]!,
                (string)claims["ver"]!,
                (string)claims["iss"]!,
                (string)claims["roles"]!.AsArray().Single()!
            )
        );
        // The tenant's clock, not the machine's.
        Assert.InRange((long)claims["nbf"]!, DemoFixture.Now.ToUnixTimeSeconds(), DemoFixture.Now.AddHours(1).ToUnixTimeSeconds());
    }

    [Fact]
    public async Task Others_get_no_role_and_a_wrong_password_a_wrong_app_or_a_disabled_account_no_token()
    {
        await using var sandbox = await Sandbox.StartAsync(
            new SandboxOptions { Now = DemoFixture.Now },
            TimeProvider.System,
            TestContext.Current.CancellationToken
        );
        using var clients = new PinnedClients(sandbox);
        var dana = Json.Text(sandbox.Tenant.Users.Find(DemoLeaver.LeaverId)!.Json, "userPrincipalName")!;
        var token = (string)(await SignIn(sandbox, clients, dana)).Body!["access_token"]!;
        var (password, app, nobody) = (
            await SignIn(sandbox, clients, dana, "guessed"),
            await SignIn(sandbox, clients, dana, scope: $"api://{Ids.Guid("none")}/.default"),
            await SignIn(sandbox, clients, "nobody@northwynd.example")
        );
        await clients.SendAsync("PATCH", "/v1.0/users/" + DemoLeaver.LeaverId, new { accountEnabled = false });
        var disabled = await SignIn(sandbox, clients, dana);

        Assert.Empty(JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]))!["roles"]!.AsArray());
        Assert.Equal(
            [(400, 50126), (400, 70011), (400, 50126), (400, 50057)],
            ((int Status, JsonNode? Body, HttpResponseMessage)[])[password, app, nobody, disabled] is var answers
                ? answers.Select(a => (a.Status, (int)a.Body!["error_codes"]![0]!))
                : []
        );
        // A person's token opens neither Graph nor Resource Manager.
        Assert.Equal(
            (401, 401),
            (
                (await clients.SendAsync("GET", "/v1.0/users", token: token)).Status,
                (await clients.SendAsync("GET", "/subscriptions?api-version=2022-12-01", token: token)).Status
            )
        );
    }

    [Fact]
    public async Task Each_role_for_people_is_held_and_is_in_its_holder_s_token()
    {
        var (sandbox, clients) = (demo.Sandbox, demo.Clients);
        var held = new List<string>();
        foreach (var role in (string[])[DemoLeaver.AdminRole, DemoLeaver.ApproverRole, DemoLeaver.AuditorRole, DemoLeaver.OwnerRole])
        {
            var assignment = sandbox.Tenant.AppRoleAssignments.All().First(a => Json.Text(a.Json, "appRoleId") == role);
            var holder = sandbox.Tenant.Users.Find(Json.Text(assignment.Json, "principalId")!)!;
            var (_, body, _) = await SignIn(sandbox, clients, Json.Text(holder.Json, "userPrincipalName")!);
            var claims = Claims((string)body!["access_token"]!);
            Assert.Equal((null, "access_as_user"), ((string?)claims["idtyp"], (string?)claims["scp"]));
            held.AddRange(claims["roles"]!.AsArray().Select(r => (string)r!));
        }

        Assert.Equal(["Compliance.Admin", "Compliance.Approver", "Compliance.Auditor", "Compliance.Owner"], held);
    }

    [Fact]
    public async Task The_HR_system_gets_an_application_s_token_with_its_role_and_another_application_one_without()
    {
        var (sandbox, clients) = (demo.Sandbox, demo.Clients);
        var hr = Principal(sandbox, DemoLeaver.HrSystem);

        var (status, body, _) = await SignInAsync(sandbox, clients, hr.AppId);
        var claims = Claims((string)body!["access_token"]!);
        var other = await SignInAsync(sandbox, clients, Principal(sandbox, "Feature Store Worker").AppId);

        Assert.Equal(
            (200, DemoLeaver.ComplianceAppId, hr.Id, "app", null, "Compliance.HrSystem"),
            (
                status,
                (string)claims["aud"]!,
                (string)claims["oid"]!,
                (string)claims["idtyp"]!,
                (string?)claims["scp"],
                (string)claims["roles"]!.AsArray().Single()!
            )
        );
        Assert.Equal(hr.AppId, (string)claims["azp"]!);
        Assert.Empty(Claims((string)other.Body!["access_token"]!)["roles"]!.AsArray());
        // Nor does it open the tenant itself.
        Assert.Equal(401, (await clients.SendAsync("GET", "/v1.0/users", token: (string)body["access_token"]!)).Status);
    }

    [Fact]
    public async Task A_wrong_secret_an_unknown_application_and_an_unknown_audience_give_no_application_a_token()
    {
        var (sandbox, clients) = (demo.Sandbox, demo.Clients);
        var hr = Principal(sandbox, DemoLeaver.HrSystem);
        var answers = new[]
        {
            await SignInAsync(sandbox, clients, hr.AppId, "guessed"),
            await SignInAsync(sandbox, clients, Ids.Guid("none")),
            // By its object id, which is no client id.
            await SignInAsync(sandbox, clients, hr.Id),
            await SignInAsync(sandbox, clients, hr.AppId, audience: Ids.Guid("none")),
        };

        Assert.Equal(
            [(401, 7000215), (400, 700016), (400, 700016), (400, 70011)],
            answers.Select(a => (a.Status, (int)a.Body!["error_codes"]![0]!))
        );
    }

    private static JsonNode Claims(string token) => JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]))!;

    private static (string Id, string AppId) Principal(Sandbox sandbox, string name)
    {
        var found = sandbox.Tenant.ServicePrincipals.All().First(p => Json.Text(p.Json, "displayName") == name);
        return (found.Id, Json.Text(found.Json, "appId")!);
    }

    private static Task<(int Status, JsonNode? Body, HttpResponseMessage)> SignInAsync(
        Sandbox sandbox,
        PinnedClients clients,
        string clientId,
        string? secret = null,
        string? audience = null
    ) =>
        clients.SendAsync(
            "POST",
            $"/{sandbox.TenantId}/oauth2/v2.0/token",
            new FormUrlEncodedContent(
                new Dictionary<string, string>
                {
                    ["grant_type"] = "client_credentials",
                    ["client_id"] = clientId,
                    ["client_secret"] = secret ?? sandbox.ClientSecret,
                    ["scope"] = $"api://{audience ?? DemoLeaver.ComplianceAppId}/.default",
                }
            ),
            token: ""
        );
}
