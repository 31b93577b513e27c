using Azure.Core;
using Azure.Identity;
using Compliance.Tenants;

namespace ComplianceCli;

/// <summary>
/// Gives the tokens that the app is called with: the one of COMPLIANCE_TOKEN, else that of a person of the sandbox tenant, else that of the
/// Azure CLI's sign-in.
/// </summary>
/// <param name="connection">The app.</param>
/// <param name="asPerson">Person of the sandbox tenant who calls; null for the first who holds the role.</param>
/// <param name="given">Value of <see cref="Variable"/>; null when it is not set.</param>
/// <param name="credential">Gives the sign-in to a real tenant.</param>
internal sealed class AppSignIn(Connection connection, string? asPerson, string? given, Func<TokenCredential> credential) : IDisposable
{
    /// <summary>Environment variable with a token.</summary>
    public const string Variable = "COMPLIANCE_TOKEN";

    private readonly Dictionary<string, string> _tokens = new(StringComparer.Ordinal);
    private SandboxPeople? _people;

    /// <summary>The caller's token.</summary>
    /// <param name="roles">Roles of which the caller needs one, the one to take first in front.</param>
    /// <param name="cancellationToken">Stops the sign-in.</param>
    /// <exception cref="CliException">There is none.</exception>
    public async Task<string> TokenAsync(IReadOnlyList<AppRole> roles, CancellationToken cancellationToken)
    {
        if (asPerson is null && !string.IsNullOrEmpty(given))
            return Connection.Sendable(given, Variable);
        if (connection.TenantSettings.Count == 0)
            return asPerson is null
                ? await OwnAsync(cancellationToken)
                : throw new CliException(
                    "--as takes a person of the sandbox tenant of ./scripts/run: to a real tenant you sign in yourself"
                )
                {
                    IsUsage = true,
                };
        var asked = string.Join(' ', roles.Select(r => r.Value));
        if (!_tokens.TryGetValue(asked, out var token))
        {
            _people ??= new SandboxPeople(connection);
            var name = await _people.NameAsync(asPerson, roles, cancellationToken);
            _tokens[asked] = token = await _people.TokenAsync(name, cancellationToken);
        }
        return token;
    }

    public void Dispose() => _people?.Dispose();

    private async Task<string> OwnAsync(CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(connection.ApproverAudience, out var id) || id == Guid.Empty)
            throw new CliException(
                $"--client-id is missing: the client id of the app's registration, for which az login gives a token; or set {Variable}"
            )
            {
                IsUsage = true,
            };
        if (_tokens.TryGetValue("", out var known))
            return known;
        try
        {
            var token = await credential().GetTokenAsync(new TokenRequestContext([$"api://{id:D}/.default"]), cancellationToken);
            return _tokens[""] = token.Token;
        }
        catch (AuthenticationFailedException e)
        {
            throw new CliException($"the Azure CLI gives no token for api://{id:D}: az login to the app's tenant ({e.Message})", e);
        }
    }
}
