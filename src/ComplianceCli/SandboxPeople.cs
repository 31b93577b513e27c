using System.Text.Json;
using Compliance.Changes.Approvals;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace ComplianceCli;

/// <summary>
/// People of the sandbox tenant, for the demo: who may approve, and their tokens. In a real tenant approvers sign in by themselves.
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

    /// <summary>Who holds the app's approver role.</summary>
    public async Task<IReadOnlyList<(string Id, string PrincipalName)>> ApproversAsync(CancellationToken cancellationToken)
    {
        var app = await _tenant
            .Graph.ServicePrincipalsWithAppId(_connection.ApproverAudience)
            .GetAsync(cancellationToken: cancellationToken);
        var assigned = await _tenant.Graph.ServicePrincipals[app?.Id].AppRoleAssignedTo.GetAsync(cancellationToken: cancellationToken);
        var role = app?.AppRoles?.Find(r => r.Value == ApproverTokenValidator.Role)?.Id;
        var people = new List<(string, string)>();
        foreach (var assignment in (assigned?.Value ?? []).Where(a => a.AppRoleId == role))
            if (
                await _tenant.Graph.Users[assignment.PrincipalId.ToString()].GetAsync(cancellationToken: cancellationToken) is
                { Id: { } id, UserPrincipalName: { } name }
            )
                people.Add((id, name));
        return people;
    }

    /// <summary>The token of an approver.</summary>
    /// <param name="principalName">Whose; null for the first one.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <exception cref="CliException">There is no such approver.</exception>
    public async Task<string> ApproverTokenAsync(string? principalName, CancellationToken cancellationToken)
    {
        var names = (await ApproversAsync(cancellationToken)).Select(a => a.PrincipalName).Order(StringComparer.OrdinalIgnoreCase).ToList();
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
}
