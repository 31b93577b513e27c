using System.Text.Json;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace ComplianceCli;

/// <summary>People of the sandbox tenant, for the demo: who may approve, and their tokens. In a real tenant approvers sign in by themselves.</summary>
internal sealed class SandboxPeople : IDisposable
{
    private readonly Connection _connection;
    private readonly TenantConnection _tenant;

    public SandboxPeople(Connection connection)
    {
        _connection = connection;
        var settings = new ConfigurationBuilder().AddInMemoryCollection(connection.TenantSettings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value))).Build();
        _tenant = new TenantConnection(TenantOptions.Read(settings), TimeProvider.System, NullLogger<TenantConnection>.Instance);
    }

    /// <summary>Who holds the app's approver role.</summary>
    public async Task<IReadOnlyList<(string Id, string PrincipalName)>> ApproversAsync(CancellationToken stop)
    {
        var app = await _tenant.Graph.ServicePrincipalsWithAppId(_connection.ApproverAudience).GetAsync(cancellationToken: stop);
        var assigned = await _tenant.Graph.ServicePrincipals[app?.Id].AppRoleAssignedTo.GetAsync(cancellationToken: stop);
        var people = new List<(string, string)>();
        foreach (var assignment in assigned?.Value ?? [])
            if (await _tenant.Graph.Users[assignment.PrincipalId.ToString()].GetAsync(cancellationToken: stop) is { Id: { } id, UserPrincipalName: { } name })
                people.Add((id, name));
        return people;
    }

    /// <summary>A person's token for the app, with the roles they hold.</summary>
    /// <exception cref="CliException">The sandbox gives none.</exception>
    public async Task<string> TokenAsync(string principalName, CancellationToken stop)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "password",
            ["client_id"] = _tenant.Options.ClientId!,
            ["username"] = principalName,
            ["password"] = _tenant.Options.ClientSecret!,
            ["scope"] = $"api://{_connection.ApproverAudience}/.default",
        });
        using var response = await _tenant.SignIn.PostAsync(new Uri($"{_tenant.Options.Authority.ToString().TrimEnd('/')}/{_tenant.Options.Id}/oauth2/v2.0/token"), form, stop);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(stop));
        return answer.RootElement.TryGetProperty("access_token", out var token)
            ? token.GetString()!
            : throw new CliException($"{principalName} cannot sign in to the sandbox: {(answer.RootElement.TryGetProperty("error_description", out var why) ? why.GetString() : response.StatusCode.ToString())}");
    }

    public void Dispose() => _tenant.Dispose();
}
