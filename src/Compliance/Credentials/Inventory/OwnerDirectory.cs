using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Compliance.Findings;
using Compliance.Tenants;
using Microsoft.Kiota.Abstractions;

namespace Compliance.Credentials.Inventory;

/// <summary>Owners and people, twenty at a time in Graph's <c>$batch</c>.</summary>
internal sealed class OwnerDirectory(TenantConnection tenant, TimeProvider time) : IOwnerDirectory
{
    private const int BatchSize = 20;
    private const int BatchesSideBySide = 8;
    private const string Fields = "$select=id,displayName,userPrincipalName,mail,accountEnabled";

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, OwnerAnswer>> OwnersAsync(IReadOnlyCollection<Subject> subjects, CancellationToken stop)
    {
        var asked = subjects.Where(s => s.Type is SubjectTypes.Application or SubjectTypes.ServicePrincipal).DistinctBy(s => s.Id).ToList();
        var answers = await BatchAsync(
            asked.Select(s => (s.Id, $"/{(s.Type == SubjectTypes.Application ? "applications" : "servicePrincipals")}/{Uri.EscapeDataString(s.Id)}/owners?{Fields}")), stop);
        var owners = answers.ToDictionary(
            a => a.Key,
            a => a.Value.Status switch
            {
                200 => Owners(a.Value),
                // The object went away between its page and this question: it has no owners.
                404 => new OwnerAnswer([], null),
                _ => new OwnerAnswer([], Why(a.Value, DeclaredCall.ApplicationOwners)),
            },
            StringComparer.OrdinalIgnoreCase);

        // An owner whose account is not told of may be deleted: the user is asked for by id.
        var doubtful = owners.Values.SelectMany(a => a.Owners).Where(o => o is { IsUser: true, Enabled: null }).Select(o => o.Id).Distinct().ToList();
        if (doubtful.Count == 0)
            return owners;
        var people = await BatchAsync(doubtful.Select(id => (id, $"/users/{Uri.EscapeDataString(id)}?{Fields}")), stop);
        return owners.ToDictionary(
            o => o.Key,
            o => o.Value with { Owners = [.. o.Value.Owners.Select(owner => people.GetValueOrDefault(owner.Id) is { } person ? Checked(owner, person) : owner)] },
            StringComparer.OrdinalIgnoreCase);
    }

    // A deleted user can act on nothing, as a disabled one; one that could not be asked for stays as the owners' list has it.
    private static OwnerEntry Checked(OwnerEntry owner, Answer person) => person.Status switch
    {
        200 => Entry(person.Body) with { IsUser = true },
        404 => owner with { Enabled = false },
        _ => owner,
    };

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, OwnerAnswer>> PeopleAsync(IReadOnlyCollection<string> addresses, CancellationToken stop)
    {
        var asked = addresses.Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var found = new Dictionary<string, OwnerAnswer>(StringComparer.OrdinalIgnoreCase);
        foreach (var (address, answer) in await BatchAsync(asked.Select(a => (a, $"/users/{Uri.EscapeDataString(a)}?{Fields}")), stop))
            if (answer.Status == 200)
                found[address] = new OwnerAnswer([Entry(answer.Body)], null);
            else if (answer.Status is not (404 or 400))
                found[address] = new OwnerAnswer([], Why(answer, DeclaredCall.User));

        // Not a user principal name: perhaps a mail address.
        var others = asked.Where(a => !found.ContainsKey(a)).ToList();
        var byMail = others.Where(a => a.Contains('@', StringComparison.Ordinal));
        foreach (var (address, answer) in await BatchAsync(
            byMail.Select(a => (a, $"/users?$filter=mail eq '{Uri.EscapeDataString(a.Replace("'", "''", StringComparison.Ordinal))}'&{Fields}")), stop))
            found[address] = answer.Status == 200 ? Owners(answer) : new OwnerAnswer([], Why(answer, DeclaredCall.Users));
        foreach (var address in others)
            found.TryAdd(address, new OwnerAnswer([], null));
        return found;
    }

    /// <inheritdoc/>
    public async Task<OwnedAnswer> OwnedByAsync(string address, CancellationToken stop)
    {
        var owned = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var trail = new PageTrail();
        try
        {
            var objects = tenant.Graph.Users[address].OwnedObjects;
            var page = await objects.GetAsync(r => r.QueryParameters.Select = ["id"], stop);
            while (true)
            {
                foreach (var item in page?.Value ?? throw new IncompleteReadException("the answer has no 'value'"))
                    if (item.Id is { } id)
                        owned.Add(id);
                if (page.OdataNextLink is not { } next)
                    return new OwnedAnswer(owned, null);
                if (!tenant.IsGraph(next))
                    throw ForeignHostException.Of(next);
                trail.Next(next);
                page = await objects.WithUrl(next).GetAsync(cancellationToken: stop);
            }
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            return new OwnedAnswer(owned, ReadFailure.Of(e, DeclaredCall.OwnedObjects, null, tenant.Options.ClientId).Reason);
        }
    }

    private static OwnerAnswer Owners(Answer answer)
    {
        if (!answer.Body.TryGetProperty("value", out var items) || items.ValueKind != JsonValueKind.Array)
            return new OwnerAnswer([], "the answer has no 'value'");
        // More owners than one page is no reason to doubt that there is one.
        return new OwnerAnswer([.. items.EnumerateArray().Select(Entry)], null);
    }

    // {"@odata.type":"#microsoft.graph.user","id":"…","displayName":"Ada","userPrincipalName":"ada@…","mail":null,"accountEnabled":true}
    private static OwnerEntry Entry(JsonElement item)
    {
        string? Text(string name) => item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        var address = Text("userPrincipalName") ?? Text("mail");
        var isUser = Text("@odata.type") is { } type ? type == "#microsoft.graph.user" : address is not null;
        bool? enabled = item.TryGetProperty("accountEnabled", out var on) && on.ValueKind is JsonValueKind.True or JsonValueKind.False ? on.GetBoolean() : null;
        return new OwnerEntry(Text("id") ?? "", isUser, Text("displayName") ?? address ?? "", isUser ? address : null, enabled);
    }

    private static string Why(Answer answer, DeclaredCall call)
    {
        var code = answer.Body.ValueKind == JsonValueKind.Object && answer.Body.TryGetProperty("error", out var error) && error.TryGetProperty("code", out var c) ? c.GetString() : null;
        return answer.Reason ?? (answer.Status == 403
            ? $"403, refused ({code}): permission {call.Permission} is missing"
            : string.Create(CultureInfo.InvariantCulture, $"{answer.Status} ({code})"));
    }

    // The outer 200 says nothing about the inner answers. Those that were throttled or failed for a moment are gathered and asked again together,
    // after the longest Retry-After among them: waiting batch by batch would take as many waits as there are batches.
    private async Task<IReadOnlyDictionary<string, Answer>> BatchAsync(IEnumerable<(string Key, string Path)> requests, CancellationToken stop)
    {
        var done = new ConcurrentDictionary<string, Answer>(StringComparer.OrdinalIgnoreCase);
        var open = requests.ToList();
        for (var attempt = 1; open.Count > 0; attempt++)
        {
            var again = new ConcurrentBag<((string Key, string Path) Request, TimeSpan Wait)>();
            await Parallel.ForEachAsync(
                open.Chunk(BatchSize), new ParallelOptions { MaxDegreeOfParallelism = BatchesSideBySide, CancellationToken = stop },
                async (some, token) =>
                {
                    var answers = await PostAsync(some, token);
                    for (var i = 0; i < some.Length; i++)
                    {
                        var wait = answers[i].RetryAfter ?? TimeSpan.FromSeconds(Math.Min(Math.Pow(2, attempt - 1), 30));
                        if (answers[i].Status is 424 or 429 or 500 or 502 or 503 or 504 && attempt < PoliteHandler.MaxAttempts && wait <= tenant.Options.MaxRetryWait)
                            again.Add((some[i], wait));
                        else
                            done[some[i].Key] = answers[i];
                    }
                });
            open = [.. again.Select(a => a.Request).OrderBy(r => r.Key, StringComparer.Ordinal)];
            if (open.Count > 0)
                await Task.Delay(again.Max(a => a.Wait), time, stop);
        }
        return done;
    }

    // A batch that fails as a whole answers for each of its requests.
    private async Task<List<Answer>> PostAsync((string Key, string Path)[] requests, CancellationToken stop)
    {
        try
        {
            return await SendAsync(requests, stop);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            var failed = new Answer(0, default, null, ReadFailure.Of(e, DeclaredCall.Batch, null, tenant.Options.ClientId).Reason);
            return [.. requests.Select(_ => failed)];
        }
    }

    private async Task<List<Answer>> SendAsync((string Key, string Path)[] requests, CancellationToken stop)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new
        {
            requests = requests.Select((r, i) => new { id = i.ToString(CultureInfo.InvariantCulture), method = "GET", url = r.Path }),
        });
        var information = new RequestInformation(Method.POST, "{+baseurl}/$batch", new Dictionary<string, object> { ["baseurl"] = tenant.GraphAddress });
        information.SetStreamContent(new MemoryStream(body), "application/json");
        await using var stream = await tenant.Graph.RequestAdapter.SendPrimitiveAsync<Stream>(information, cancellationToken: stop)
            ?? throw new IncompleteReadException("the batch has no answer");
        using var answer = await JsonDocument.ParseAsync(stream, cancellationToken: stop);
        if (!answer.RootElement.TryGetProperty("responses", out var responses) || responses.ValueKind != JsonValueKind.Array)
            throw new IncompleteReadException("the batch's answer has no 'responses'");
        var answers = Enumerable.Repeat(new Answer(503, default, null, "the batch left this request out"), requests.Length).ToList();
        foreach (var response in responses.EnumerateArray())
            if (int.TryParse(response.GetProperty("id").GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var i) && i < answers.Count)
                answers[i] = new Answer(
                    response.GetProperty("status").GetInt32(),
                    response.TryGetProperty("body", out var inner) ? inner.Clone() : default,
                    RetryAfter(response), null);
        return answers;
    }

    private static TimeSpan? RetryAfter(JsonElement response)
    {
        if (response.TryGetProperty("headers", out var headers) && headers.ValueKind == JsonValueKind.Object)
            foreach (var header in headers.EnumerateObject())
                if (!header.Name.Equals("Retry-After", StringComparison.OrdinalIgnoreCase))
                    continue;
                else if (int.TryParse(header.Value.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
                    return TimeSpan.FromSeconds(seconds);
                else if (DateTimeOffset.TryParse(header.Value.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
                    return date > TimeProvider.System.GetUtcNow() ? date - TimeProvider.System.GetUtcNow() : TimeSpan.Zero;
        return null;
    }

    private sealed record Answer(int Status, JsonElement Body, TimeSpan? RetryAfter, string? Reason);
}
