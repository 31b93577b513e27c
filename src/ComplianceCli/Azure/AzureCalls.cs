using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure;
using Azure.Core;
using Compliance.Observability;
using Compliance.Tenants;
using Microsoft.Graph.Models.ODataErrors;
using Microsoft.Kiota.Abstractions;

namespace ComplianceCli.Azure;

/// <summary>A request to Graph or Resource Manager.</summary>
/// <param name="Service"><see cref="Graph"/> or <see cref="ResourceManager"/>.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path and query below the service's address, escaped; or a whole address that the service gave.</param>
/// <param name="What">What it is for, as a line that names a failure begins.</param>
/// <param name="Body">JSON body; null for none.</param>
internal sealed record AzureRequest(string Service, string Method, string Path, string What, JsonNode? Body = null)
{
    /// <summary>Microsoft Graph.</summary>
    public const string Graph = "graph";

    /// <summary>Azure Resource Manager.</summary>
    public const string ResourceManager = "arm";

    /// <summary>The ETag that has to be current; null for any.</summary>
    public string? IfMatch { get; init; }

    /// <summary>True to ask Graph with <c>ConsistencyLevel: eventual</c>, which its advanced filters need.</summary>
    public bool IsEventual { get; init; }

    /// <summary>True to make what is not there: Graph's <c>Prefer: create-if-missing</c>.</summary>
    public bool CreatesIfMissing { get; init; }

    /// <summary>True when it is an answer too that there is no such thing.</summary>
    public bool MayBeMissing { get; init; }

    /// <summary>True when what it names may have been made moments ago: that it is not found yet is waited for.</summary>
    public bool IsFresh { get; init; }

    /// <summary>Who may do this, for a line that names a refusal.</summary>
    public string? Needs { get; init; }

    /// <summary>Whether it changes something.</summary>
    public bool IsWrite => Method != "GET";
}

/// <summary>What came of a request.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">The answer; undefined when it had none.</param>
/// <param name="ETag">The thing's ETag; null when none was given.</param>
/// <param name="RetryAfter">How long it asked to wait.</param>
internal sealed record AzureAnswer(int Status, JsonElement Body, string? ETag = null, TimeSpan? RetryAfter = null)
{
    /// <summary>Whether it was done.</summary>
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>Whether there is no such thing.</summary>
    public bool IsMissing => Status == 404;

    /// <summary>A property of the answer; undefined when it has none such.</summary>
    public JsonElement this[string name] => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty(name, out var v) ? v : default;

    /// <summary>Code and message of an error, on one line without secrets.</summary>
    public string Reason
    {
        get
        {
            var error = this["error"];
            var isObject = error.ValueKind == JsonValueKind.Object;
            string? Text(string name) =>
                isObject && error.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.String ? v.GetString() : null;
            return SecretScrubber.FirstLine($"{Status} {Text("code")} {Text("message")}".TrimEnd());
        }
    }
}

/// <summary>
/// Asks Graph and Resource Manager as the Azure CLI's user. A role that was given moments ago is refused for a while, everywhere in Azure:
/// writes that are refused are sent again a few times, and no longer.
/// </summary>
/// <param name="tenant">The connection; it tries reads again by itself.</param>
/// <param name="time">Drives the waits.</param>
/// <param name="progress">Gets a line for each wait.</param>
internal sealed class AzureCalls(TenantConnection tenant, TimeProvider time, TextWriter progress)
{
    private const int MaxPages = 1000;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    /// <summary>The waits before a request is sent again: four and a half minutes in all.</summary>
    public static IReadOnlyList<TimeSpan> Waits { get; } =
        [.. new[] { 5, 10, 15, 30, 30, 60, 60, 60 }.Select(seconds => TimeSpan.FromSeconds(seconds))];

    /// <summary>Sends a request.</summary>
    /// <exception cref="CliException">It was not done; the message is one line.</exception>
    public async Task<AzureAnswer> SendAsync(AzureRequest request, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            var answer = await SendOnceAsync(request, cancellationToken);
            if (answer.IsSuccess || (answer.IsMissing && request is { MayBeMissing: true, IsFresh: false }))
                return answer;
            if (!MayPass(request, answer) || attempt == Waits.Count)
                throw Refused(request, answer, attempt);
            var wait = answer.RetryAfter is { } asked ? Min(asked, LongestWait) : Waits[attempt];
            await progress.WriteLineAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{request.What}: {answer.Status}. What was just made or given takes a while to count: trying again in "
                        + $"{wait.TotalSeconds:0} s ({attempt + 1} of {Waits.Count})"
                )
            );
            await Task.Delay(wait, time, cancellationToken);
        }
    }

    /// <summary>The items of a list, all pages of it.</summary>
    /// <exception cref="CliException">It could not be read to its end.</exception>
    public async Task<IReadOnlyList<JsonElement>> ListAsync(AzureRequest request, CancellationToken cancellationToken)
    {
        var items = new List<JsonElement>();
        for (var page = 0; page < MaxPages; page++)
        {
            var answer = await SendAsync(request, cancellationToken);
            if (answer["value"] is { ValueKind: JsonValueKind.Array } value)
                items.AddRange(value.EnumerateArray());
            var link = answer[request.Service == AzureRequest.Graph ? "@odata.nextLink" : "nextLink"];
            if (link.ValueKind != JsonValueKind.String || link.GetString() is not { Length: > 0 } next)
                return items;
            request = request with { Path = next };
        }
        throw new CliException($"{request.What}: the list has more than {MaxPages} pages");
    }

    private static bool MayPass(AzureRequest request, AzureAnswer answer) =>
        answer.Status switch
        {
            403 => request.IsWrite,
            404 => request.IsFresh,
            429 => true,
            // What Graph answers about a registration that was made moments ago.
            400 => request.IsFresh && answer.Reason.Contains("does not reference a valid application", StringComparison.OrdinalIgnoreCase),
            _ => false,
        };

    private static CliException Refused(AzureRequest request, AzureAnswer answer, int waited)
    {
        var after = waited == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {waited + 1} times");
        var needs = answer.Status is 401 or 403 && request.Needs is { } role ? $". It takes {role}" : "";
        return new CliException($"{request.What}: refused{after}: {answer.Reason}{needs}");
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private async Task<AzureAnswer> SendOnceAsync(AzureRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return request.Service == AzureRequest.Graph
                ? await AskGraphAsync(request, cancellationToken)
                : await AskResourceManagerAsync(request, cancellationToken);
        }
        catch (Exception e) when (e is not CliException && !cancellationToken.IsCancellationRequested)
        {
            var call = new DeclaredCall(request.Service, request.Method, request.Path, request.Needs ?? "", request.What);
            throw new CliException($"{request.What}: {ReadFailure.From(e, call, null, null).Reason}", e);
        }
    }

    private async Task<AzureAnswer> AskGraphAsync(AzureRequest request, CancellationToken cancellationToken)
    {
        var isLink = request.Path.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
        if (isLink && !tenant.IsGraph(request.Path))
            throw ForeignHostException.From(request.Path);
        var information = new RequestInformation
        {
            HttpMethod = Enum.Parse<Method>(request.Method),
            URI = new Uri(isLink ? request.Path : tenant.GraphAddress + request.Path),
        };
        information.Headers.Add("Accept", "application/json");
        if (request.IsEventual)
            information.Headers.Add("ConsistencyLevel", "eventual");
        if (request.CreatesIfMissing)
            information.Headers.Add("Prefer", "create-if-missing");
        if (request.Body is { } body)
            information.SetStreamContent(new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(body)), "application/json");
        try
        {
            await using var stream = await tenant.Graph.RequestAdapter.SendPrimitiveAsync<Stream>(
                information,
                new() { ["XXX"] = ODataError.CreateFromDiscriminatorValue },
                cancellationToken
            );
            if (stream is null)
                return new(204, default);
            using var json = await JsonDocument.ParseAsync(stream, cancellationToken: cancellationToken);
            return new(200, json.RootElement.Clone());
        }
        catch (ApiException e) when (e.ResponseStatusCode >= 300)
        {
            var error = (e as ODataError)?.Error;
            var text = new JsonObject
            {
                ["error"] = new JsonObject { ["code"] = error?.Code, ["message"] = error?.Message ?? e.Message },
            };
            var retry = e.ResponseHeaders?.FirstOrDefault(h => h.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value;
            return new(e.ResponseStatusCode, JsonSerializer.SerializeToElement(text), RetryAfter: Seconds(retry?.FirstOrDefault()));
        }
    }

    private async Task<AzureAnswer> AskResourceManagerAsync(AzureRequest request, CancellationToken cancellationToken)
    {
        using var message = tenant.ResourceManagerPipeline.CreateMessage();
        message.Request.Method = RequestMethod.Parse(request.Method);
        var isLink = request.Path.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
        message.Request.Uri.Reset(new Uri(isLink ? request.Path : tenant.ResourceManagerAddress + request.Path));
        message.Request.Headers.Add("Accept", "application/json");
        if (request.IfMatch is { } etag)
            message.Request.Headers.Add("If-Match", etag);
        if (request.Body is { } body)
        {
            message.Request.Headers.Add("Content-Type", "application/json");
            message.Request.Content = RequestContent.Create(JsonSerializer.SerializeToUtf8Bytes(body));
        }
        await tenant.ResourceManagerPipeline.SendAsync(message, cancellationToken);
        var response = message.Response;
        response.Headers.TryGetValue("ETag", out var found);
        response.Headers.TryGetValue("Retry-After", out var retry);
        return new(response.Status, Parse(response), found, Seconds(retry));
    }

    private static JsonElement Parse(Response response)
    {
        if (response.Content is not { } content || content.ToMemory().IsEmpty)
            return default;
        try
        {
            using var json = JsonDocument.Parse(content.ToMemory());
            return json.RootElement.Clone();
        }
        catch (JsonException) when (response.Status >= 300)
        {
            // An error need not be JSON: a gateway's page is none.
            return default;
        }
    }

    private static TimeSpan? Seconds(string? retryAfter) =>
        int.TryParse(retryAfter, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : null;
}
