using System.Text.Json;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using AppRoleAssignment = Microsoft.Graph.Models.AppRoleAssignment;
using Role = Microsoft.Graph.Models.AppRole;

namespace ComplianceCli;

/// <summary>
/// People of the sandbox tenant: who holds the app's roles, and their tokens. In a real tenant people sign in by themselves.
/// </summary>
internal sealed class SandboxPeople : IDisposable
{
    private readonly Connection _connection;
    private readonly TenantConnection _tenant;

    /// <exception cref="CliException">The app is not on a sandbox tenant.</exception>
    public SandboxPeople(Connection connection)
    {
        if (connection.TenantSettings.Count == 0)
            throw new CliException("only the sandbox tenant of ./scripts/run gives tokens: sign in with az login, see "
                + "docs/operations/approvals.md");
        _connection = connection;
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection(connection.TenantSettings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)))
            .Build();
        _tenant = new TenantConnection(TenantOptions.Read(settings), TimeProvider.System, NullLogger<TenantConnection>.Instance);
    }

    /// <summary>Who holds a role of the app, in the order of their assignment.</summary>
    public async Task<IReadOnlyList<(string Id, string PrincipalName)>> HoldersAsync(AppRole wanted, CancellationToken cancellationToken)
    {
        var (roles, assigned) = await AssignedAsync(cancellationToken);
        var role = roles.Find(r => r.Value == wanted.Value)?.Id;
        var people = new List<(string, string)>();
        foreach (var assignment in assigned.Where(a => a.AppRoleId == role && a.PrincipalType == "User"))
            if (
                await _tenant.Graph.Users[assignment.PrincipalId.ToString()].GetAsync(cancellationToken: cancellationToken) is
                { Id: { } id, UserPrincipalName: { } name }
            )
                people.Add((id, name));
        return people;
    }

    /// <summary>Principal name of the person who calls the app.</summary>
    /// <param name="asked">Principal name, or the part of it before the @; null for the first who holds one of the roles.</param>
    /// <param name="roles">The roles, the one to take first in front.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <exception cref="CliException">There is no such person.</exception>
    public async Task<string> NameAsync(string? asked, IReadOnlyList<AppRole> roles, CancellationToken cancellationToken)
    {
        var known = new List<string>();
        foreach (var role in asked is null ? roles : AppRole.All.Where(r => r.IsForPeople))
        {
            var names = (await HoldersAsync(role, cancellationToken)).Select(h => h.PrincipalName).Order(StringComparer.OrdinalIgnoreCase);
            foreach (var name in names)
            {
                if (asked is null || Is(name, asked))
                    return name;
                known.Add($"{name} ({role.Value})");
            }
        }
        throw new CliException(
            asked is null
                ? $"the sandbox tenant has no one with the app role {string.Join(" or ", roles.Select(r => r.Value))}"
                : $"{asked} holds no app role in the sandbox; these do: {string.Join(", ", known)}"
        );
    }

    private static bool Is(string principalName, string asked) =>
        string.Equals(principalName, asked, StringComparison.OrdinalIgnoreCase)
        || string.Equals(principalName.Split('@')[0], asked, StringComparison.OrdinalIgnoreCase);

    /// <summary>The token of an approver.</summary>
    /// <param name="principalName">Whose; null for the first one.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <exception cref="CliException">There is no such approver.</exception>
    public async Task<string> ApproverTokenAsync(string? principalName, CancellationToken cancellationToken)
    {
        var names = (await HoldersAsync(AppRole.Approver, cancellationToken))
            .Select(a => a.PrincipalName)
            .Order(StringComparer.OrdinalIgnoreCase)
            .ToList();
        var known = names.Find(n => principalName is null || string.Equals(n, principalName, StringComparison.OrdinalIgnoreCase));
        if (known is null)
            throw new CliException(
                names.Count == 0
                    ? "the sandbox tenant has no approver"
                    : $"{principalName} is no approver of the sandbox; these are: {string.Join(", ", names)}"
            );
        return await TokenAsync(known, cancellationToken);
    }

    /// <summary>A person's token for the app, with the roles they hold.</summary>
    /// <exception cref="CliException">The sandbox gives none.</exception>
    public async Task<string> TokenAsync(string principalName, CancellationToken cancellationToken)
    {
        using var form = new FormUrlEncodedContent(
            new Dictionary<string, string>
            {
                ["grant_type"] = "password",
                ["client_id"] = _tenant.Options.ClientId!,
                ["username"] = principalName,
                ["password"] = _tenant.Options.ClientSecret!,
                ["scope"] = $"api://{_connection.ApproverAudience}/.default",
            }
        );
        using var response = await _tenant.SignIn.PostAsync(
            new Uri($"{_tenant.Options.Authority.ToString().TrimEnd('/')}/{_tenant.Options.Id}/oauth2/v2.0/token"),
            form,
            cancellationToken
        );
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        return answer.RootElement.TryGetProperty("access_token", out var token)
            ? token.GetString()!
            : throw new CliException(
                $"{principalName} cannot sign in to the sandbox: "
                    + (
                        answer.RootElement.TryGetProperty("error_description", out var why)
                            ? why.GetString()
                            : response.StatusCode.ToString()
                    )
            );
    }

    public void Dispose() => _tenant.Dispose();

    private async Task<(List<Role> Roles, List<AppRoleAssignment> Assigned)> AssignedAsync(CancellationToken cancellationToken)
    {
        var app = await _tenant
            .Graph.ServicePrincipalsWithAppId(_connection.ApproverAudience)
            .GetAsync(cancellationToken: cancellationToken);
        var assigned = await _tenant.Graph.ServicePrincipals[app?.Id].AppRoleAssignedTo.GetAsync(cancellationToken: cancellationToken);
        return (app?.AppRoles ?? [], assigned?.Value ?? []);
    }
}
