using Compliance.Findings;
using Compliance.Tenants;
using Microsoft.Extensions.Logging;
using Microsoft.Graph.Models;

namespace Compliance.Offboarding.Intake;

/// <summary>Users from Graph: one request a page of 999. User-LifeCycleInfo.Read.All (for the leave date) and User.Read.All.</summary>
internal sealed partial class GraphLeavingUsers(TenantConnection tenant, ILogger<GraphLeavingUsers> log) : ILeavingUsers
{
    private const int PageSize = 999;

    private static readonly string[] Fields =
    [
        "id",
        "userPrincipalName",
        "userType",
        "accountEnabled",
        "employeeId",
        "employeeLeaveDateTime",
    ];

    /// <inheritdoc/>
    public async Task<LeavingUsers> ReadAsync(CancellationToken cancellationToken)
    {
        var users = new Dictionary<string, LeavingUser>(StringComparer.OrdinalIgnoreCase);
        var trail = new PageTrail();
        long read = 0;
        try
        {
            string? next = null;
            do
            {
                var page = next is null
                    ? await tenant.Graph.Users.GetAsync(
                        r => (r.QueryParameters.Select, r.QueryParameters.Top) = (Fields, PageSize),
                        cancellationToken
                    )
                    : await tenant.Graph.Users.WithUrl(next).GetAsync(cancellationToken: cancellationToken);
                foreach (var user in page?.Value ?? throw new IncompleteReadException("the answer has no 'value'"))
                {
                    read++;
                    Observe(users, user);
                }
                if (page.OdataNextLink is { } link && !tenant.IsGraph(link))
                    throw ForeignHostException.From(link);
                trail.Next(page.OdataNextLink);
                next = page.OdataNextLink;
            } while (next is not null);
            return new([.. users.Values], new SourceOutcome(IntakeSources.UsersSource, Complete: true, read));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var failure = ReadFailure.From(e, DeclaredCall.EmployedUsers, null, tenant.Options.ClientId);
            NotRead(log, failure.Reason);
            return new(
                [.. users.Values],
                failure.Outcome(
                    IntakeSources.UsersSource,
                    read,
                    new Subject(SubjectTypes.Source, IntakeSources.UsersSource, "users"),
                    null
                )
            );
        }
    }

    private static void Observe(Dictionary<string, LeavingUser> users, User user)
    {
        if (user.Id is not { Length: > 0 } id)
            throw new IncompleteReadException("a user without an id was read");
        // Whether the account can sign in has to be given: silence is not 'disabled'.
        if (user.AccountEnabled is not { } enabled)
            throw new IncompleteReadException($"user {id} came without accountEnabled");
        if (
            enabled
            && !string.Equals(user.UserType, "Guest", StringComparison.OrdinalIgnoreCase)
            && (user.EmployeeId is { Length: > 0 } || user.EmployeeLeaveDateTime is not null)
        )
            users[id] = new(
                id,
                user.UserPrincipalName ?? id,
                user.EmployeeId is { Length: > 0 } employee ? employee : null,
                user.EmployeeLeaveDateTime
            );
    }

    [LoggerMessage(5320, LogLevel.Warning, "The users could not be read to their end: {Reason}")]
    private static partial void NotRead(ILogger logger, string reason);
}
