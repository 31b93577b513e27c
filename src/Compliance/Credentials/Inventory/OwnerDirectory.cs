using System.Globalization;
using System.Text.Json;
using Compliance.Findings;
using Compliance.Tenants;

namespace Compliance.Credentials.Inventory;

/// <summary>Owners and people, twenty at a time in Graph's <c>$batch</c>.</summary>
internal sealed class OwnerDirectory(TenantConnection tenant, GraphBatch batch) : IOwnerDirectory
{
    private const string Fields = "$select=id,displayName,userPrincipalName,mail,accountEnabled";

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, OwnerAnswer>> OwnersAsync(
        IReadOnlyCollection<Subject> subjects,
        CancellationToken cancellationToken
    )
    {
        var asked = subjects.Where(s => s.Type is SubjectTypes.Application or SubjectTypes.ServicePrincipal).DistinctBy(s => s.Id).ToList();
        var answers = await BatchAsync(
            asked.Select(s =>
                (
                    s.Id,
                    $"/{(s.Type == SubjectTypes.Application ? "applications" : "servicePrincipals")}/{Uri.EscapeDataString(s.Id)}/"
                        + $"owners?{Fields}"
                )
            ),
            cancellationToken
        );
        var owners = answers.ToDictionary(
            a => a.Key,
            a =>
                a.Value.Status switch
                {
                    200 => Owners(a.Value),
                    // The object went away between its page and this question: it has no owners.
                    404 => new OwnerAnswer([], null),
                    _ => Unread(a.Value, DeclaredCall.ApplicationOwners),
                },
            StringComparer.OrdinalIgnoreCase
        );

        // An owner whose account is not given may be deleted: the user is asked for by id.
        var doubtful = owners
            .Values.SelectMany(a => a.Owners)
            .Where(o => o is { IsUser: true, Enabled: null })
            .Select(o => o.Id)
            .Distinct()
            .ToList();
        if (doubtful.Count == 0)
            return owners;
        var people = await BatchAsync(doubtful.Select(id => (id, $"/users/{Uri.EscapeDataString(id)}?{Fields}")), cancellationToken);
        return owners.ToDictionary(
            o => o.Key,
            o => Judged(o.Value, people),
            StringComparer.OrdinalIgnoreCase
        );
    }

    // An owner of whom it is not known whether the account can sign in is not read, unless another one is known to live.
    private OwnerAnswer Judged(OwnerAnswer answer, IReadOnlyDictionary<string, BatchAnswer> people)
    {
        var owners = answer.Owners.Select(o => people.GetValueOrDefault(o.Id) is { } person ? Checked(o, person) : o).ToList();
        var doubtful = owners.Find(o => o is { IsUser: true, Enabled: null });
        if (answer.Unread is not null || doubtful is null || owners.Exists(o => o.IsLiving))
            return answer with { Owners = owners };
        var failed = people.GetValueOrDefault(doubtful.Id) is { Status: not 200 } refused
            ? Unread(refused, DeclaredCall.User)
            : new OwnerAnswer(
                [],
                "the directory does not give accountEnabled",
                DeclaredCall.User.Permission,
                DeclaredCall.User.Grant(null, tenant.Options.ClientId)
            );
        return failed with { Owners = owners, Unread = $"whether {doubtful.Name} can sign in: {failed.Unread}" };
    }

    // A deleted user can act on nothing, as a disabled one.
    private static OwnerEntry Checked(OwnerEntry owner, BatchAnswer person) =>
        person.Status switch
        {
            200 => Entry(person.Body) with { IsUser = true },
            404 => owner with { Enabled = false },
            _ => owner,
        };

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, OwnerAnswer>> PeopleAsync(
        IReadOnlyCollection<string> addresses,
        CancellationToken cancellationToken
    )
    {
        var asked = addresses.Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var found = new Dictionary<string, OwnerAnswer>(StringComparer.OrdinalIgnoreCase);
        foreach (
            var (address, answer) in await BatchAsync(
                asked.Select(a => (a, $"/users/{Uri.EscapeDataString(a)}?{Fields}")),
                cancellationToken
            )
        )
            if (answer.Status == 200)
                found[address] = new OwnerAnswer([Entry(answer.Body)], null);
            else if (answer.Status is not (404 or 400))
                found[address] = Unread(answer, DeclaredCall.User);

        // Not a user principal name: perhaps a mail address.
        var others = asked.Where(a => !found.ContainsKey(a)).ToList();
        var byMail = others.Where(a => a.Contains('@', StringComparison.Ordinal));
        foreach (
            var (address, answer) in await BatchAsync(
                byMail.Select(a =>
                    (a, $"/users?$filter=mail eq '{Uri.EscapeDataString(a.Replace("'", "''", StringComparison.Ordinal))}'&{Fields}")
                ),
                cancellationToken
            )
        )
            found[address] = answer.Status == 200 ? Owners(answer) : Unread(answer, DeclaredCall.Users);
        foreach (var address in others)
            found.TryAdd(address, new OwnerAnswer([], null));
        return found;
    }

    /// <inheritdoc/>
    public async Task<OwnedAnswer> OwnedByAsync(string address, CancellationToken cancellationToken)
    {
        var owned = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var trail = new PageTrail();
        try
        {
            var objects = tenant.Graph.Users[address].OwnedObjects;
            var page = await objects.GetAsync(r => r.QueryParameters.Select = ["id"], cancellationToken);
            while (true)
            {
                foreach (var item in page?.Value ?? throw new IncompleteReadException("the answer has no 'value'"))
                    if (item.Id is { } id)
                        owned.Add(id);
                if (page.OdataNextLink is not { } next)
                    return new OwnedAnswer(owned, null);
                if (!tenant.IsGraph(next))
                    throw ForeignHostException.From(next);
                trail.Next(next);
                page = await objects.WithUrl(next).GetAsync(cancellationToken: cancellationToken);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return new OwnedAnswer(owned, ReadFailure.From(e, DeclaredCall.OwnedObjects, null, tenant.Options.ClientId).Reason);
        }
    }

    private static OwnerAnswer Owners(BatchAnswer answer)
    {
        if (!answer.Body.TryGetProperty("value", out var items) || items.ValueKind != JsonValueKind.Array)
            return new OwnerAnswer([], "the answer has no 'value'");
        // More owners than one page is no reason to doubt that there is one.
        return new OwnerAnswer([.. items.EnumerateArray().Select(Entry)], null);
    }

    // {"@odata.type":"#microsoft.graph.user","id":"…","displayName":"Ada","userPrincipalName":"ada@…","mail":null,
    // "accountEnabled":true}
    private static OwnerEntry Entry(JsonElement item)
    {
        string? Text(string name) =>
            item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        var address = Text("userPrincipalName") ?? Text("mail");
        var isUser = Text("@odata.type") is { } type ? type == "#microsoft.graph.user" : address is not null;
        bool? enabled =
            item.TryGetProperty("accountEnabled", out var on) && on.ValueKind is JsonValueKind.True or JsonValueKind.False
                ? on.GetBoolean()
                : null;
        return new OwnerEntry(Text("id") ?? "", isUser, Text("displayName") ?? address ?? "", isUser ? address : null, enabled);
    }

    private OwnerAnswer Unread(BatchAnswer answer, DeclaredCall call) =>
        answer.Status == 403
            ? new([], Why(answer, call), call.Permission, call.Grant(null, tenant.Options.ClientId))
            : new([], Why(answer, call), null, "run the check again; if it stays, report it to the service");

    private static string Why(BatchAnswer answer, DeclaredCall call)
    {
        var code =
            answer.Body.ValueKind == JsonValueKind.Object
            && answer.Body.TryGetProperty("error", out var error)
            && error.TryGetProperty("code", out var c)
                ? c.GetString()
                : null;
        return answer.Reason
            ?? (
                answer.Status == 403
                    ? $"403, refused ({code}): permission {call.Permission} is missing"
                    : string.Create(CultureInfo.InvariantCulture, $"{answer.Status} ({code})")
            );
    }

    private Task<IReadOnlyDictionary<string, BatchAnswer>> BatchAsync(
        IEnumerable<(string Key, string Path)> reads,
        CancellationToken cancellationToken
    ) => batch.SendAsync(reads.Select(r => new BatchRequest(r.Key, "GET", r.Path)), cancellationToken);
}
