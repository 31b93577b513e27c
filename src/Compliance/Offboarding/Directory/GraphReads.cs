using System.Text.Json;
using Compliance.Tenants;

namespace Compliance.Offboarding.Directory;

/// <summary>One list or object to be read inside a batch.</summary>
/// <param name="Key">The caller's own name for it, unique in one call.</param>
/// <param name="Path">Path and query below the version, escaped.</param>
/// <param name="Call">The declared call it is one of, for its permission.</param>
/// <param name="Single">True for one object or a bare value, false for a list in pages.</param>
/// <param name="Eventual">True to send <c>ConsistencyLevel: eventual</c>, which counts need.</param>
internal sealed record GraphRead(string Key, string Path, DeclaredCall Call, bool Single = false, bool Eventual = false);

/// <summary>What came of it.</summary>
/// <param name="Status">HTTP status of the last answer; 0 when there was none.</param>
/// <param name="Items">The items of all pages read, for a list.</param>
/// <param name="Body">The answer, for a single object; undefined otherwise.</param>
/// <param name="Failure">Why it was not read to its end; null when it was.</param>
internal sealed record GraphReading(int Status, IReadOnlyList<JsonElement> Items, JsonElement Body, ReadFailure? Failure)
{
    /// <summary>True when the service says that there is no such thing.</summary>
    public bool Missing => Status == 404;
}

/// <summary>
/// Reads many lists and objects in as few round trips as there can be: all first pages together, twenty a batch, then all second pages, and
/// so on.
/// </summary>
internal sealed class GraphReads(TenantConnection tenant, GraphBatch batch)
{
    /// <summary>Every read has a result; one that failed keeps the items read before it did.</summary>
    public async Task<IReadOnlyDictionary<string, GraphReading>> ReadAsync(
        IReadOnlyCollection<GraphRead> reads,
        CancellationToken cancellationToken
    )
    {
        var done = new Dictionary<string, GraphReading>(StringComparer.Ordinal);
        var items = reads.ToDictionary(r => r.Key, _ => new List<JsonElement>(), StringComparer.Ordinal);
        var trails = reads.ToDictionary(r => r.Key, _ => new PageTrail(), StringComparer.Ordinal);
        var open = reads.ToList();
        while (open.Count > 0)
        {
            var answers = await batch.SendAsync(
                open.Select(r => new BatchRequest(r.Key, "GET", r.Path, Eventual: r.Eventual)),
                cancellationToken
            );
            var further = new List<GraphRead>();
            foreach (var read in open)
            {
                var answer = answers[read.Key];
                if (answer.Status != 200)
                    done[read.Key] = new(
                        answer.Status,
                        items[read.Key],
                        default,
                        ReadFailure.From(answer, read.Call, tenant.Options.ClientId)
                    );
                else if (read.Single)
                    done[read.Key] = new(200, [], answer.Body, null);
                else if (Page(read, answer.Body, items[read.Key], trails[read.Key]) is var (next, failure) && next is not null)
                    further.Add(read with { Path = next });
                else
                    done[read.Key] = new(200, items[read.Key], default, failure);
            }
            open = further;
        }
        return done;
    }

    // {"value":[…],"@odata.nextLink":"https://graph.microsoft.com/v1.0/users/…/memberOf?$skiptoken=…"}
    private (string? Next, ReadFailure? Failure) Page(GraphRead read, JsonElement body, List<JsonElement> items, PageTrail trail)
    {
        try
        {
            if (body.At("value") is not { ValueKind: JsonValueKind.Array } value)
                throw new IncompleteReadException("the answer has no 'value'");
            items.AddRange(value.EnumerateArray());
            if (body.Text("@odata.nextLink") is not { } link)
                return (null, null);
            trail.Next(link);
            return (Below(link), null);
        }
        catch (Exception e) when (e is IncompleteReadException or ForeignHostException)
        {
            return (null, ReadFailure.From(e, read.Call, null, tenant.Options.ClientId));
        }
    }

    // A batch takes paths below the version only; a link that leads elsewhere is not followed.
    private string Below(string link)
    {
        if (!tenant.IsGraph(link))
            throw ForeignHostException.From(link);
        return link.StartsWith(tenant.GraphAddress + "/", StringComparison.OrdinalIgnoreCase)
            ? link[tenant.GraphAddress.Length..]
            : throw new IncompleteReadException("the next page lies outside the version of Graph that was asked");
    }
}
