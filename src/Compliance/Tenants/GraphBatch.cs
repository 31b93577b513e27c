using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Kiota.Abstractions;

namespace Compliance.Tenants;

/// <summary>One request inside a batch.</summary>
/// <param name="Key">The caller's own name for it, unique in one call.</param>
/// <param name="Method">HTTP method. A method that changes something must be idempotent: a batch whose answer is lost is sent
/// again.</param>
/// <param name="Path">Path and query below the version, beginning with <c>/</c>, escaped.</param>
/// <param name="Body">JSON body; null for none.</param>
/// <param name="Eventual">True to send <c>ConsistencyLevel: eventual</c>, which counts need.</param>
internal sealed record BatchRequest(string Key, string Method, string Path, JsonNode? Body = null, bool Eventual = false);

/// <summary>What came of one request inside a batch.</summary>
/// <param name="Status">HTTP status; 0 when there was no answer.</param>
/// <param name="Body">The answer; undefined when it had none.</param>
/// <param name="RetryAfter">How long it asked to wait.</param>
/// <param name="Reason">Why there was no answer; null when there was one.</param>
internal sealed record BatchAnswer(int Status, JsonElement Body, TimeSpan? RetryAfter, string? Reason)
{
    /// <summary>Graph's error code; null when the answer is no error.</summary>
    public string? Code => Error("code");

    /// <summary>Graph's error message; null when the answer is no error.</summary>
    public string? Message => Error("message");

    private string? Error(string name) =>
        Body.ValueKind == JsonValueKind.Object
        && Body.TryGetProperty("error", out var error)
        && error.ValueKind == JsonValueKind.Object
        && error.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}

/// <summary>
/// Graph's <c>$batch</c>: twenty requests in one round trip, several batches side by side. The outer 200 says nothing about the inner
/// answers: each has its own status and its own Retry-After, and a throttled one is asked again here.
/// </summary>
internal sealed class GraphBatch(TenantConnection tenant, TimeProvider time)
{
    /// <summary>Requests in one batch at most: Graph's limit.</summary>
    public const int Size = 20;

    private const int BatchesSideBySide = 8;

    /// <summary>
    /// Sends all of them. Every request that was sent has an answer in the result; a batch that failed as a whole answers for each of its
    /// requests with status 0 and the reason.
    /// </summary>
    /// <param name="requests">In any number.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    /// <param name="attempts">How often a request is sent at most; 1 where what comes next cannot wait.</param>
    /// <param name="isHeldAsync">
    /// Asked before each batch: the requests of one that is held are not sent and have no answer. Null sends all.
    /// </param>
    public async Task<IReadOnlyDictionary<string, BatchAnswer>> SendAsync(
        IEnumerable<BatchRequest> requests,
        CancellationToken cancellationToken,
        int attempts = ThrottleAwareRetryHandler.MaxAttempts,
        Func<Task<bool>>? isHeldAsync = null
    )
    {
        var done = new ConcurrentDictionary<string, BatchAnswer>(StringComparer.OrdinalIgnoreCase);
        var open = requests.ToList();
        for (var attempt = 1; open.Count > 0; attempt++)
        {
            var again = new ConcurrentBag<(BatchRequest Request, TimeSpan Wait)>();
            await Parallel.ForEachAsync(
                open.Chunk(Size),
                new ParallelOptions { MaxDegreeOfParallelism = BatchesSideBySide, CancellationToken = cancellationToken },
                async (some, token) =>
                {
                    if (isHeldAsync is not null && await isHeldAsync())
                        return;
                    var answers = await PostAsync(some, token);
                    for (var i = 0; i < some.Length; i++)
                    {
                        var wait = answers[i].RetryAfter ?? TimeSpan.FromSeconds(Math.Min(Math.Pow(2, attempt - 1), 30));
                        if (
                            answers[i].Status is 424 or 429 or 500 or 502 or 503 or 504
                            && attempt < attempts
                            && wait <= tenant.Options.MaxRetryWait
                        )
                            again.Add((some[i], wait));
                        else
                            done[some[i].Key] = answers[i];
                    }
                }
            );
            // Those that were throttled are gathered and asked again together, after the longest Retry-After among them:
            // waiting batch by batch would take as many waits as there are batches.
            open = [.. again.Select(a => a.Request).OrderBy(r => r.Key, StringComparer.Ordinal)];
            if (open.Count > 0)
                await Task.Delay(again.Max(a => a.Wait), time, cancellationToken);
        }
        return done;
    }

    private async Task<List<BatchAnswer>> PostAsync(BatchRequest[] requests, CancellationToken cancellationToken)
    {
        try
        {
            return await SendOneAsync(requests, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var failed = new BatchAnswer(0, default, null, ReadFailure.From(e, DeclaredCall.Batch, null, tenant.Options.ClientId).Reason);
            return [.. requests.Select(_ => failed)];
        }
    }

    private async Task<List<BatchAnswer>> SendOneAsync(BatchRequest[] requests, CancellationToken cancellationToken)
    {
        // {"requests":[{"id":"0","method":"DELETE","url":"/groups/…/members/…/$ref"},{"id":"1","method":"PATCH","url":"/users/…",
        // "headers":{"Content-Type":"application/json"},"body":{…}}]}
        var items = new JsonArray([.. requests.Select((r, i) => (JsonNode)Item(r, i.ToString(CultureInfo.InvariantCulture)))]);
        var information = new RequestInformation(
            Method.POST,
            "{+baseurl}/$batch",
            new Dictionary<string, object> { ["baseurl"] = tenant.GraphAddress }
        );
        information.SetStreamContent(
            new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["requests"] = items })),
            "application/json"
        );
        await using var stream =
            await tenant.Graph.RequestAdapter.SendPrimitiveAsync<Stream>(information, cancellationToken: cancellationToken)
            ?? throw new IncompleteReadException("the batch has no answer");
        using var answer = await JsonDocument.ParseAsync(stream, cancellationToken: cancellationToken);
        if (!answer.RootElement.TryGetProperty("responses", out var responses) || responses.ValueKind != JsonValueKind.Array)
            throw new IncompleteReadException("the batch's answer has no 'responses'");
        var answers = Enumerable.Repeat(new BatchAnswer(503, default, null, "the batch left this request out"), requests.Length).ToList();
        foreach (var response in responses.EnumerateArray())
            if (
                int.TryParse(response.GetProperty("id").GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var i)
                && i < answers.Count
            )
                answers[i] = new BatchAnswer(
                    response.GetProperty("status").GetInt32(),
                    response.TryGetProperty("body", out var inner) ? inner.Clone() : default,
                    RetryAfter(response, time.GetUtcNow()),
                    null
                );
        return answers;
    }

    private static JsonObject Item(BatchRequest request, string id)
    {
        var item = new JsonObject
        {
            ["id"] = id,
            ["method"] = request.Method,
            ["url"] = request.Path,
        };
        var headers = new JsonObject();
        if (request.Body is not null)
        {
            headers["Content-Type"] = "application/json";
            item["body"] = request.Body.DeepClone();
        }
        if (request.Eventual)
            headers["ConsistencyLevel"] = "eventual";
        if (headers.Count > 0)
            item["headers"] = headers;
        return item;
    }

    // {"Retry-After":"10"} or {"Retry-After":"Mon, 23 Nov 2026 06:00:10 GMT","Date":"Mon, 23 Nov 2026 06:00:00 GMT"}
    private static TimeSpan? RetryAfter(JsonElement response, DateTimeOffset now)
    {
        if (Header(response, "Retry-After") is not { } asked)
            return null;
        if (int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            return TimeSpan.FromSeconds(seconds);
        if (Date(asked) is not { } until)
            return null;
        // By the service's own clock where it names the time, so that ours does not matter.
        var sent = Date(Header(response, "Date")) ?? now;
        return until > sent ? until - sent : TimeSpan.Zero;
    }

    private static string? Header(JsonElement response, string name) =>
        response.TryGetProperty("headers", out var headers) && headers.ValueKind == JsonValueKind.Object
            ? headers
                .EnumerateObject()
                .Where(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                .Select(h => h.Value.ToString())
                .FirstOrDefault()
            : null;

    private static DateTimeOffset? Date(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date : null;
}
