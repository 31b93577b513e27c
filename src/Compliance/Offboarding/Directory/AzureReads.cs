using System.Collections.Concurrent;
using System.Text.Json;
using Azure;
using Azure.Core;
using Compliance.Findings;
using Compliance.Tenants;

namespace Compliance.Offboarding.Directory;

/// <summary>What Resource Manager shows of one person.</summary>
/// <param name="Accesses">Roles, eligible roles, vault policies, owned resources, shared secrets.</param>
/// <param name="Sources">How each read went.</param>
/// <param name="Subscriptions">The subscriptions that are shown to this app.</param>
internal sealed record AzureReading(
    IReadOnlyList<Access> Accesses,
    IReadOnlyList<SourceOutcome> Sources,
    IReadOnlyList<string> Subscriptions
);

/// <summary>The Azure roles of some groups and service principals that let their holders give access.</summary>
/// <param name="Roles">Names of roles by object id; a principal that is not listed has none.</param>
/// <param name="Source">How the read went: while it is not complete, a principal that is not listed may have any.</param>
internal sealed record PowerReading(ILookup<string, string> Roles, SourceOutcome Source);

/// <summary>
/// Reads a person's access in Azure: the roles of every subscription side by side, and meanwhile one Resource Graph query over all of them.
/// Definitions of roles are kept.
/// </summary>
internal sealed class AzureReads(TenantConnection tenant, ResourceManagerReader reader)
{
    /// <summary>What Graph and Resource Manager answer where Privileged Identity Management is not licensed.</summary>
    internal const string NoLicence = "AadPremiumLicenseRequired";

    private const string Authorization = "providers/Microsoft.Authorization";
    private const int SideBySide = 16;
    private const int PrincipalsPerQuery = 200;

    private static readonly ILookup<string, string> NoRoles = Array.Empty<string>().ToLookup(r => r);

    private static readonly Subject PowerSubject = new(
        SubjectTypes.Source,
        LeaverSources.PowerOfOthers,
        "Azure roles of the leaver's groups and applications"
    );

    private readonly ConcurrentDictionary<string, AzureRole> _builtIn = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads everything; what could not be read is reported by its source.</summary>
    public async Task<AzureReading> ReadAsync(
        string userId,
        string principalName,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var sources = new ConcurrentQueue<SourceOutcome>();
        if (await SubscriptionsAsync(sources, cancellationToken) is not { Count: > 0 } subscriptions)
            return new([], [.. sources], []);

        var assignments = new ConcurrentDictionary<string, Found>(StringComparer.OrdinalIgnoreCase);
        var eligibilities = new ConcurrentDictionary<string, Found>(StringComparer.OrdinalIgnoreCase);
        var resources = ResourcesAsync(userId, principalName, policy, subscriptions, sources, cancellationToken);
        await Parallel.ForEachAsync(
            subscriptions.SelectMany(id => RoleReads(id, userId, assignments, eligibilities)),
            new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = cancellationToken },
            async (read, token) => sources.Enqueue(await ListAsync(read, token))
        );

        var roles = await RolesAsync(
            assignments.Values.Concat(eligibilities.Values).Select(f => f.RoleId).OfType<string>(),
            sources,
            cancellationToken
        );
        var azure = new AzureAccess(userId, principalName, policy, await resources);
        var held = assignments
            .Values.Select(f => (Access: azure.Assignment(f.Item, RoleOf(f), f.SeenIn), Role: RoleOf(f), f.SeenIn))
            .Where(h => h.Access is not null)
            .Select(h => (Access: h.Access!, h.Role, SeenIn: (IReadOnlyCollection<string>)h.SeenIn))
            .ToList();
        return new(
            [
                .. held.Select(h => h.Access),
                .. Eligible(eligibilities.Values.Select(f => azure.Eligibility(f.Item, RoleOf(f), f.SeenIn)).OfType<Access>()),
                .. azure.VaultPolicies(),
                .. azure.OwnedResources(),
                .. azure.SharedSecrets(held),
            ],
            [.. sources],
            subscriptions
        );

        AzureRole RoleOf(Found found) => Known(found.RoleId, roles);
    }

    private static RoleRead[] RoleReads(
        string subscription,
        string userId,
        ConcurrentDictionary<string, Found> assignments,
        ConcurrentDictionary<string, Found> eligibilities
    )
    {
        var filter = $"$filter=principalId%20eq%20'{Uri.EscapeDataString(userId)}'";
        return
        [
            new(
                subscription,
                assignments,
                LeaverSources.AzureRoles(subscription),
                DeclaredCall.AzureRoles,
                $"roleAssignments?api-version=2022-04-01&{filter}"
            ),
            new(
                subscription,
                eligibilities,
                LeaverSources.EligibleAzureRoles(subscription),
                DeclaredCall.EligibleAzureRoles,
                $"roleEligibilityScheduleInstances?api-version=2020-10-01&{filter}"
            ),
        ];
    }

    /// <summary>
    /// Reads which of some groups and service principals hold Azure roles that can give access: what is assigned at and above each
    /// subscription from Resource Manager, what is assigned below from Resource Graph. Roles that a group may activate (PIM) are not among
    /// them.
    /// </summary>
    /// <param name="principals">Their object ids.</param>
    /// <param name="subscriptions">The subscriptions that are shown to this app.</param>
    /// <param name="cancellationToken">Stops between reads.</param>
    public async Task<PowerReading> PowerOfAsync(
        IReadOnlySet<string> principals,
        IReadOnlyList<string> subscriptions,
        CancellationToken cancellationToken
    )
    {
        if (principals.Count == 0)
            return new(NoRoles, Whole(LeaverSources.PowerOfOthers, 0));
        if (subscriptions.Count == 0)
            return new(NoRoles, NoSubscription(LeaverSources.PowerOfOthers, PowerSubject));
        var found = new ConcurrentDictionary<string, Found>(StringComparer.OrdinalIgnoreCase);
        var sources = new ConcurrentQueue<SourceOutcome>();
        var below = BelowAsync(principals, subscriptions, cancellationToken);
        await Parallel.ForEachAsync(
            subscriptions,
            new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = cancellationToken },
            async (subscription, token) =>
                sources.Enqueue(
                    await ListAsync(
                        new(
                            subscription,
                            found,
                            LeaverSources.PowerOfOthers,
                            DeclaredCall.AzureRoles,
                            "roleAssignments?api-version=2022-04-01&$filter=atScope()"
                        ),
                        token
                    )
                )
        );
        var (rows, read) = await below;
        sources.Enqueue(read);
        var held = found
            .Values.Select(f => (PrincipalId: f.Item.At("properties")?.Text("principalId"), f.RoleId))
            .Concat(rows)
            .Where(h => h.PrincipalId is { } id && principals.Contains(id))
            .ToList();
        var roles = await RolesAsync(held.Select(h => h.RoleId).OfType<string>(), sources, cancellationToken);
        var giving = held.Select(h => (Id: h.PrincipalId!, Role: Known(h.RoleId, roles))).Where(h => h.Role.GivesAccess != false);
        var failed = sources.Where(s => !s.Complete).OrderBy(s => s.Reason, StringComparer.Ordinal).FirstOrDefault();
        return new(
            giving.ToLookup(h => h.Id, h => h.Role.Name, StringComparer.OrdinalIgnoreCase),
            failed is null
                ? Whole(LeaverSources.PowerOfOthers, held.Count)
                : failed with
                {
                    Source = LeaverSources.PowerOfOthers,
                    Objects = held.Count,
                    Subject = PowerSubject,
                }
        );
    }

    // What is assigned to them within the subscriptions; a role assigned above is found by Resource Manager.
    private async Task<(List<(string? PrincipalId, string? RoleId)> Rows, SourceOutcome Source)> BelowAsync(
        IReadOnlySet<string> principals,
        IReadOnlyList<string> subscriptions,
        CancellationToken cancellationToken
    )
    {
        var rows = new List<(string?, string?)>();
        try
        {
            foreach (var some in principals.Order(StringComparer.OrdinalIgnoreCase).Chunk(PrincipalsPerQuery))
                await foreach (var row in reader.QueryAsync(AzureAccess.AssignmentsQuery(some), subscriptions, cancellationToken))
                    if (row.Type.Equals(AzureAccess.AssignmentType, StringComparison.OrdinalIgnoreCase))
                        rows.Add((row.Properties.Text("principalId"), row.Properties.Text("roleDefinitionId")));
            return (rows, Whole(LeaverSources.PowerOfOthers, rows.Count));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return (rows, Failed(e, LeaverSources.PowerOfOthers, DeclaredCall.ResourceGraph, PowerSubject.Name, rows.Count, null));
        }
    }

    private static AzureRole Known(string? roleId, IReadOnlyDictionary<string, AzureRole> roles) =>
        roleId is not null && roles.TryGetValue(RoleKey(roleId), out var role) ? role : AzureAccess.Role(roleId ?? "", default);

    // What is inherited is listed in every subscription below, each time under an id of its own.
    private static IEnumerable<Access> Eligible(IEnumerable<Access> found) =>
        found
            .OrderBy(a => a.Id, StringComparer.OrdinalIgnoreCase)
            .DistinctBy(a =>
                (
                    a.Scope.ToUpperInvariant(),
                    a.Details.GetValueOrDefault("roleDefinitionId")?.Split('/')[^1].ToUpperInvariant(),
                    a.Details.GetValueOrDefault("roleEligibilityScheduleId")?.Split('/')[^1].ToUpperInvariant()
                )
            );

    private SourceOutcome NoSubscription(string source, Subject subject) =>
        new(
            source,
            Complete: false,
            0,
            subject,
            "no subscription is shown to this app's identity",
            DeclaredCall.Subscriptions.Permission,
            DeclaredCall.Subscriptions.Grant(null, tenant.Options.ClientId)
        );

    private static SourceOutcome Whole(string source, long objects) => new(source, Complete: true, objects);

    private SourceOutcome Failed(Exception e, string source, DeclaredCall call, string what, long objects, string? scope) =>
        ReadFailure
            .From(e, call, scope, tenant.Options.ClientId)
            .Outcome(source, objects, new Subject(SubjectTypes.Source, source, what), scope);

    private async Task<List<string>?> SubscriptionsAsync(ConcurrentQueue<SourceOutcome> sources, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        try
        {
            await foreach (var (id, _) in reader.SubscriptionsAsync(cancellationToken))
                if (!found.Contains(id, StringComparer.OrdinalIgnoreCase))
                    found.Add(id);
            // No role anywhere looks like no subscriptions at all.
            sources.Enqueue(
                found.Count > 0
                    ? Whole(Sources.Subscriptions, found.Count)
                    : NoSubscription(Sources.Subscriptions, new Subject(SubjectTypes.Source, Sources.Subscriptions, "subscriptions"))
            );
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            sources.Enqueue(Failed(e, Sources.Subscriptions, DeclaredCall.Subscriptions, "subscriptions", found.Count, null));
        }
        return found;
    }

    private async Task<IReadOnlyList<ResourceRow>> ResourcesAsync(
        string userId,
        string principalName,
        OffboardingPolicy policy,
        List<string> subscriptions,
        ConcurrentQueue<SourceOutcome> sources,
        CancellationToken cancellationToken
    )
    {
        var rows = new List<ResourceRow>();
        try
        {
            await foreach (var row in reader.QueryAsync(AzureAccess.Query(userId, principalName, policy), subscriptions, cancellationToken))
                rows.Add(row);
            sources.Enqueue(Whole(LeaverSources.Resources, rows.Count));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            sources.Enqueue(
                Failed(
                    e,
                    LeaverSources.Resources,
                    DeclaredCall.ResourceGraph,
                    "resources with tags, vaults and storage accounts",
                    rows.Count,
                    null
                )
            );
        }
        return rows;
    }

    private static Uri? NextPage(string? link)
    {
        if (link is null)
            return null;
        return Uri.TryCreate(link, UriKind.Absolute, out var uri) ? uri : throw ForeignHostException.From(link);
    }

    // {"value":[{"id":"…","properties":{…}}],"nextLink":"https://management.azure.com/subscriptions/…"}
    private async Task<SourceOutcome> ListAsync(RoleRead read, CancellationToken cancellationToken)
    {
        var (subscription, into, source, call, path) = read;
        var (count, scope) = (0L, $"/subscriptions/{subscription}");
        try
        {
            var trail = new PageTrail();
            var next = new Uri($"{tenant.ResourceManagerAddress}{scope}/{Authorization}/{path}");
            while (next is not null)
            {
                var (status, page) = await GetAsync(next, cancellationToken);
                // A tenant without the licence has no eligible roles at all.
                if (status == 400 && page.At("error")?.Text("code") == NoLicence)
                    return new(source, Complete: true, 0, Reason: "the tenant has no Privileged Identity Management");
                if (page.At("value") is not { ValueKind: JsonValueKind.Array } items)
                    throw new IncompleteReadException("the answer has no 'value'");
                foreach (var item in items.EnumerateArray())
                    if (item.Text("id") is { } id)
                    {
                        count++;
                        into.GetOrAdd(id, _ => new Found(item.Clone(), [])).SeenIn.Enqueue(subscription);
                    }
                var link = page.Text("nextLink");
                trail.Next(link);
                next = NextPage(link);
            }
            return Whole(source, count);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(e, source, call, $"{path.Split('?')[0]} in subscription {subscription}", count, scope);
        }
    }

    // By the last part of their ids: a built-in role has the same one everywhere, and each subscription names it by a path of its own.
    private async Task<IReadOnlyDictionary<string, AzureRole>> RolesAsync(
        IEnumerable<string> ids,
        ConcurrentQueue<SourceOutcome> sources,
        CancellationToken cancellationToken
    )
    {
        var roles = new ConcurrentDictionary<string, AzureRole>(StringComparer.OrdinalIgnoreCase);
        var failures = new ConcurrentQueue<SourceOutcome>();
        var asked = ids.DistinctBy(RoleKey, StringComparer.OrdinalIgnoreCase).ToList();
        await Parallel.ForEachAsync(
            asked,
            new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = cancellationToken },
            async (id, token) =>
            {
                if (_builtIn.TryGetValue(RoleKey(id), out var known))
                {
                    roles[RoleKey(id)] = known;
                    return;
                }
                try
                {
                    var (status, definition) = await GetAsync(
                        new Uri($"{tenant.ResourceManagerAddress}{id}?api-version=2022-04-01"),
                        token
                    );
                    var role = roles[RoleKey(id)] = AzureAccess.Role(id, definition);
                    // A custom role may be changed at any time.
                    if (status == 200 && definition.At("properties")?.Text("type") == "BuiltInRole")
                        _builtIn[RoleKey(id)] = role;
                }
                catch (Exception e) when (!token.IsCancellationRequested)
                {
                    failures.Enqueue(
                        Failed(
                            e,
                            LeaverSources.AzureRoleDefinitions,
                            DeclaredCall.AzureRoleDefinition,
                            "definitions of Azure roles",
                            roles.Count,
                            id.Split('/') is ["", "subscriptions", var subscription, ..] ? $"/subscriptions/{subscription}" : null
                        )
                    );
                }
            }
        );
        if (asked.Count > 0)
            sources.Enqueue(
                failures.OrderBy(f => f.Reason, StringComparer.Ordinal).FirstOrDefault()
                    ?? Whole(LeaverSources.AzureRoleDefinitions, asked.Count)
            );
        return roles;
    }

    private static string RoleKey(string id) => id[(id.LastIndexOf('/') + 1)..];

    private async Task<(int Status, JsonElement Body)> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        using var message = tenant.ResourceManagerPipeline.CreateMessage();
        message.Request.Method = RequestMethod.Get;
        message.Request.Uri.Reset(address);
        await tenant.ResourceManagerPipeline.SendAsync(message, cancellationToken);
        if (message.Response.IsError && message.Response.Status is not (400 or 404))
            throw new RequestFailedException(message.Response);
        using var body = JsonDocument.Parse(message.Response.Content);
        var root = body.RootElement.Clone();
        return message.Response.IsError && root.At("error")?.Text("code") is not (NoLicence or "RoleDefinitionDoesNotExist")
            ? throw new RequestFailedException(message.Response)
            : (message.Response.Status, root);
    }

    /// <summary>One list of roles to read.</summary>
    /// <param name="Subscription">The subscription.</param>
    /// <param name="Into">Where what is found is kept, by id.</param>
    /// <param name="Source">The source that it is reported under.</param>
    /// <param name="Call">The call.</param>
    /// <param name="Path">Path of the list, after the provider.</param>
    private sealed record RoleRead(
        string Subscription,
        ConcurrentDictionary<string, Found> Into,
        string Source,
        DeclaredCall Call,
        string Path
    );

    private sealed record Found(JsonElement Item, ConcurrentQueue<string> SeenIn)
    {
        public string? RoleId => Item.At("properties")?.Text("roleDefinitionId");
    }
}
