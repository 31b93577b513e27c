using System.Text.Json.Nodes;
using SandboxTenant.Data;
using SandboxTenant.Demo;

namespace SandboxTenant.Tests;

/// <summary>
/// What Graph asks before a sign-in method goes: the permission of its kind, and that it is not the default beside others.
/// </summary>
public sealed class SignInMethodTests
{
    private const string Methods = "/v1.0/users/" + DemoLeaver.LeaverId + "/authentication/";

    private static Task<Sandbox> StartAsync(params string[] without) =>
        Sandbox.StartAsync(
            new SandboxOptions { Now = DemoFixture.Now, WithoutPermissions = without },
            TimeProvider.System,
            TestContext.Current.CancellationToken
        );

    private static string Method(Sandbox sandbox, string type) =>
        sandbox
            .Tenant.SignInMethods.Of(DemoLeaver.LeaverId)
            .All()
            .Single(m => Json.Text(m.Json, "@odata.type") == $"#microsoft.graph.{type}AuthenticationMethod")
            .Id;

    [Theory]
    [InlineData("emailMethods", "email", "UserAuthMethod-Email.ReadWrite.All")]
    [InlineData("fido2Methods", "fido2", "UserAuthMethod-Passkey.ReadWrite.All")]
    [InlineData("microsoftAuthenticatorMethods", "microsoftAuthenticator", "UserAuthMethod-MicrosoftAuthApp.ReadWrite.All")]
    [InlineData("phoneMethods", "phone", "UserAuthMethod-Phone.ReadWrite.All")]
    [InlineData("platformCredentialMethods", "platformCredential", "UserAuthMethod-PlatformCred.ReadWrite.All")]
    [InlineData("softwareOathMethods", "softwareOath", "UserAuthMethod-SoftwareOATH.ReadWrite.All")]
    [InlineData("temporaryAccessPassMethods", "temporaryAccessPass", "UserAuthMethod-TAP.ReadWrite.All")]
    [InlineData("windowsHelloForBusinessMethods", "windowsHelloForBusiness", "UserAuthMethod-WindowsHello.ReadWrite.All")]
    public async Task Each_kind_of_method_has_a_permission_of_its_own(string collection, string type, string permission)
    {
        await using var sandbox = await StartAsync(permission);
        using var clients = new PinnedClients(sandbox);
        sandbox.Tenant.Add(
            $"users/{DemoLeaver.LeaverId}/methods",
            new JsonObject { ["@odata.type"] = $"#microsoft.graph.{type}AuthenticationMethod", ["id"] = "one-more" }
        );
        var refused = await clients.SendAsync("DELETE", Methods + collection + "/one-more");
        var (other, otherType) = collection == "fido2Methods" ? ("phoneMethods", "phone") : ("fido2Methods", "fido2");
        var allowed = await clients.SendAsync("DELETE", $"{Methods}{other}/{Method(sandbox, otherType)}");
        sandbox.Tenant.Denied.Clear();

        Assert.Equal((403, "Authorization_RequestDenied", 204), (refused.Status, (string?)refused.Body!["error"]!["code"], allowed.Status));
        Assert.Equal(204, (await clients.SendAsync("DELETE", Methods + collection + "/one-more")).Status);
    }

    [Fact]
    public async Task The_default_method_goes_last()
    {
        await using var sandbox = await StartAsync();
        using var clients = new PinnedClients(sandbox);
        sandbox.Tenant.Add(
            "userRegistrationDetails",
            new JsonObject { ["id"] = DemoLeaver.LeaverId, ["defaultMfaMethod"] = "microsoftAuthenticatorPush" }
        );
        async Task<(int, string?)> Delete(string collection, string type)
        {
            var (status, body, _) = await clients.SendAsync("DELETE", $"{Methods}{collection}/{Method(sandbox, type)}");
            return (status, (string?)body?["error"]?["message"]);
        }

        async Task<string?> Default() =>
            (string?)
                (
                    await clients.SendAsync("GET", "/v1.0/reports/authenticationMethods/userRegistrationDetails/" + DemoLeaver.LeaverId)
                ).Body!["defaultMfaMethod"];
        Assert.Equal(
            (400, "Cannot delete default method with other methods configured. Please change default method before deletion."),
            await Delete("microsoftAuthenticatorMethods", "microsoftAuthenticator")
        );
        Assert.Equal(
            ((204, null), (204, null), "microsoftAuthenticatorPush"),
            (await Delete("phoneMethods", "phone"), await Delete("fido2Methods", "fido2"), await Default())
        );
        Assert.Equal(((204, null), "none"), (await Delete("microsoftAuthenticatorMethods", "microsoftAuthenticator"), await Default()));
    }
}
