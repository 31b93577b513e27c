using Azure.Core;
using ComplianceCli;
using ComplianceCli.Azure;

namespace Compliance.Tests.Cli;

/// <summary>What signs the command line in, in place of the Azure CLI.</summary>
internal static class SignedIn
{
    /// <summary>Client id of the app's registration.</summary>
    public const string ClientId = "44444444-4444-4444-4444-444444444444";

    /// <summary>The outside with a sign-in of its own.</summary>
    /// <param name="given">Value of COMPLIANCE_TOKEN; null when it is not set.</param>
    /// <param name="credential">The sign-in; null for one that gives token <c>own</c>.</param>
    public static AzureOutside Outside(string? given = null, TokenCredential? credential = null) =>
        AzureOutside.Default with
        {
            Variable = name => name == "COMPLIANCE_TOKEN" ? given : null,
            Credential = () => credential ?? new Own(),
        };

    /// <summary>Types a command to an app, as somebody who is signed in.</summary>
    public static async Task<(int Code, string Output, string Errors)> TypeAsync(OneAnswer app, params string[] typed)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = await OneLine.RunAsync(
            () =>
                Commands.InvokeAsync(
                    [.. typed, "--app", app.Address, "--client-id", ClientId],
                    output,
                    errors,
                    TestContext.Current.CancellationToken,
                    azure: Outside()
                ),
            errors,
            TestContext.Current.CancellationToken
        );
        return (code, output.ToString(), errors.ToString());
    }

    /// <summary>A sign-in that keeps what it was asked for.</summary>
    internal sealed class Own : TokenCredential
    {
        public List<string> Scopes { get; } = [];

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            Scopes.AddRange(requestContext.Scopes);
            return new(new AccessToken("own", DateTimeOffset.MaxValue));
        }
    }
}
