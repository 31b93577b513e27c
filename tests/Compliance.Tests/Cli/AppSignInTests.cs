using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Core;
using Azure.Identity;
using ComplianceCli;
using SandboxTenant;
using SandboxTenant.Data;
using SandboxTenant.Demo;

namespace Compliance.Tests.Cli;

/// <summary>As whom the command line calls the app.</summary>
public sealed class AppSignInTests : IDisposable
{
    private const string NotPaused = """{"paused":false,"number":2}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("sign-in-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task With_a_client_id_the_Azure_CLI_s_token_for_that_app_is_sent_and_no_key()
    {
        await using var app = new OneAnswer(200, NotPaused);
        var credential = new SignedIn.Own();

        var (code, _, errors) = await TypeAsync(
            null,
            credential,
            ["pause", "show", "--app", app.Address, "--client-id", SignedIn.ClientId]
        );

        Assert.Equal((0, ""), (code, errors));
        Assert.Equal([$"api://{SignedIn.ClientId}/.default"], credential.Scopes);
        var request = await app.RequestAsync();
        Assert.Contains("Authorization: Bearer own\r\n", request, StringComparison.Ordinal);
        Assert.DoesNotContain("x-functions-key", request, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_token_in_the_environment_is_sent_as_it_is_and_nobody_signs_in()
    {
        await using var app = new OneAnswer(200, NotPaused);
        var credential = new SignedIn.Own();

        Assert.Equal(0, (await TypeAsync("given", credential, ["pause", "show", "--app", app.Address])).Code);

        Assert.Contains("Authorization: Bearer given\r\n", await app.RequestAsync(), StringComparison.Ordinal);
        Assert.Empty(credential.Scopes);
    }

    [Fact]
    public async Task Whoever_is_not_signed_in_reads_one_line_with_the_command_to_do_it()
    {
        var (code, output, errors) = await TypeAsync(
            null,
            new NotSignedIn(),
            ["pause", "show", "--app", "http://127.0.0.1:1", "--client-id", SignedIn.ClientId]
        );

        Assert.Equal((1, ""), (code, output));
        Texts.Cli.Expect("no sign-in of the Azure CLI", errors);
    }

    [Theory]
    [InlineData("a function key", "--key", "k")]
    [InlineData("a client id that is none", "--client-id", "compliance")]
    [InlineData("a sandbox's person at a real tenant", "--client-id", SignedIn.ClientId, "--as", "lena.dahl")]
    public async Task What_cannot_be_is_wrong_usage_and_says_what_to_give(string situation, params string[] options)
    {
        var (code, output, errors) = await TypeAsync(null, null, ["pause", "show", "--app", "http://127.0.0.1:1", .. options]);

        Assert.Equal((64, ""), (code, output));
        Texts.Cli.Expect(situation, errors);
    }

    [Fact]
    public async Task On_the_sandbox_tenant_a_person_who_holds_the_role_calls_or_the_one_who_is_named()
    {
        await using var sandbox = await Sandbox.StartAsync(new SandboxOptions(), TimeProvider.System, Stop);
        string Holder(string role) =>
            sandbox
                .Tenant.AppRoleAssignments.All()
                .Where(a => Json.Text(a.Json, "appRoleId") == role)
                .Select(a => Json.Text(sandbox.Tenant.Users.Find(Json.Text(a.Json, "principalId")!)!.Json, "userPrincipalName")!)
                .Order(StringComparer.OrdinalIgnoreCase)
                .First();
        var admin = Holder(DemoLeaver.AdminRole);

        var callers = new[]
        {
            await CallerAsync(sandbox, "pause", "show"),
            await CallerAsync(sandbox, "resume"),
            await CallerAsync(sandbox, "resume", "--as", admin),
            await CallerAsync(sandbox, "resume", "--as", admin.Split('@')[0].ToUpperInvariant()),
        };
        var unknown = await TypeAsync(null, null, ["resume", "--as", "nobody", "--connection", Connect(sandbox, "http://127.0.0.1:1")]);

        Assert.Equal([Holder(DemoLeaver.AuditorRole), Holder(DemoLeaver.ApproverRole), admin, admin], callers);
        Assert.Equal(1, unknown.Code);
        Assert.StartsWith("nobody holds no app role in the sandbox; these do: ", unknown.Errors, StringComparison.Ordinal);
        Assert.Contains($"{admin} (Compliance.Admin)", unknown.Errors, StringComparison.Ordinal);
    }

    // Principal name in the token that the app was called with.
    private async Task<string> CallerAsync(Sandbox sandbox, params string[] typed)
    {
        await using var app = new OneAnswer(200, NotPaused);
        var (code, _, errors) = await TypeAsync(null, null, [.. typed, "--connection", Connect(sandbox, app.Address)]);
        Assert.Equal((0, ""), (code, errors));
        var token = (await app.RequestAsync()).Split("Authorization: Bearer ")[1].Split('\r')[0];
        var claims = JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]))!;
        return claims["preferred_username"]!.GetValue<string>();
    }

    private string Connect(Sandbox sandbox, string app)
    {
        var root = $"https://localhost:{sandbox.Port}";
        var tenant = new Dictionary<string, string>
        {
            ["Tenant:Id"] = sandbox.TenantId,
            ["Tenant:GraphEndpoint"] = $"{root}/v1.0",
            ["Tenant:ResourceManagerEndpoint"] = root,
            ["Tenant:AuthorityHost"] = root,
            ["Tenant:ClientId"] = sandbox.ClientId,
            ["Tenant:ClientSecret"] = sandbox.ClientSecret,
            ["Tenant:PinnedThumbprint"] = sandbox.Thumbprint,
        };
        var file = Path.Combine(_folder, "connection.json");
        File.WriteAllText(
            file,
            JsonSerializer.Serialize(
                new Connection(app, null, null, DemoLeaver.ComplianceAppId, tenant),
                JsonSerializerOptions.Web
            )
        );
        return file;
    }

    private static async Task<(int Code, string Output, string Errors)> TypeAsync(
        string? given,
        TokenCredential? credential,
        string[] typed
    )
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = await OneLine.RunAsync(
            () => Commands.InvokeAsync(typed, output, errors, Stop, azure: SignedIn.Outside(given, credential)),
            errors,
            Stop
        );
        return (code, output.ToString(), errors.ToString());
    }

    private sealed class NotSignedIn : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            throw new CredentialUnavailableException("Please run 'az login' to set up account");
    }
}
