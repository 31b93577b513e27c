using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using SandboxTenant.Data;
using SandboxTenant.Faults;
using SandboxTenant.Graph;
using SandboxTenant.KeyVault;
using SandboxTenant.ResourceManager;
using SandboxTenant.SignIn;

namespace SandboxTenant.Http;

/// <summary>Takes each request to its service by host and path, lets fault rules act on it, and logs it.</summary>
internal sealed class Frontend : IDisposable
{
    private const string VaultSuffix = ".vault.localhost";
    private readonly TimeProvider _time;
    private readonly SignInService _signIn;
    private readonly GraphService _graph;
    private readonly TimeSpan _lag;
    private readonly Func<DateTimeOffset> _clock;
    private readonly Journal _journal;
    private readonly ConcurrentDictionary<TimeSpan, (Replica Replica, GraphService Graph)> _late = new();
    private readonly Lock _change = new();
    private readonly ResourceManagerService _resourceManager;
    private readonly KeyVaultService _keyVault;
    private readonly string _run;
    private long _requests;

    /// <summary>Puts the services over a tenant.</summary>
    public Frontend(
        TenantData tenant,
        Journal journal,
        RequestLog log,
        string clientId,
        string clientSecret,
        SandboxOptions options,
        DateTimeOffset now,
        TimeProvider time
    )
    {
        var started = time.GetUtcNow();
        (Log, Seed, _time, _journal, _lag, Quotas) = (log, options.Seed, time, journal, options.Lag, new Quotas(options.EnforceQuotas));
        _clock = options.Clock is { } clock ? clock.GetUtcNow : () => now + (time.GetUtcNow() - started);
        _signIn = new SignInService(tenant, clientId, clientSecret, time);
        _graph = new GraphService(tenant, journal, _signIn);
        _resourceManager = new ResourceManagerService(tenant, journal, _signIn);
        _keyVault = new KeyVaultService(tenant, journal, _signIn);
        _run = string.Create(CultureInfo.InvariantCulture, $"{started.UtcTicks}/{clientSecret}");
        if (_lag > TimeSpan.Zero)
            Late(_lag);
    }

    /// <summary>The fault rules in force.</summary>
    public FaultPlan Faults
    {
        get;
        set
        {
            field = value;
            // From now on: a copy that is made later would know of changes that it should not.
            foreach (var lag in value.Lags)
                Late(lag);
        }
    } = FaultPlan.None;

    /// <summary>How close requests came to the services' quotas.</summary>
    public Quotas Quotas { get; }

    /// <summary>What fault rates are drawn from.</summary>
    public ulong Seed { get; }

    /// <summary>What was asked.</summary>
    public RequestLog Log { get; }

    /// <summary>Answers one HTTP request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var started = _time.GetTimestamp();
        var request = context.Request;
        var body = await ReadAsync(request.Body, context.RequestAborted);
        using var json =
            request.ContentType?.Contains("json", StringComparison.OrdinalIgnoreCase) == true && body.Length > 0 ? TryParse(body) : null;
        var call = Describe(request, body, json?.RootElement ?? default);
        var faults = Faults.For(call.Method, call.Host + call.Path);
        var pause = TimeSpan.FromTicks(faults.Sum(f => f.Latency.Ticks));
        if (pause > TimeSpan.Zero)
            await Task.Delay(pause, _time, context.RequestAborted);
        var fault = Joined(faults);
        if (faults.Exists(f => f.Drop))
        {
            Log.Add(Entry(call, 0, fault, started, 0, null));
            context.Abort();
            return;
        }
        var answer =
            call is { Service: Service.Graph, Path: "/$batch", Method: "POST" } && !faults.Exists(f => f.Status is not null)
                ? await BatchAsync(call, context.RequestAborted)
                : Answer(call, faults);
        if (faults.Exists(f => f.DropAfter))
        {
            Log.Add(Entry(call, 0, fault, started, 0, null));
            context.Abort();
            return;
        }
        var bytes = Spoiled(answer.Body, faults);
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.Headers["request-id"] = call.RequestId;
        response.Headers[call.Service == Service.Graph ? "client-request-id" : "x-ms-request-id"] =
            (call.Service == Service.Graph ? call.Header("client-request-id") : null) ?? call.RequestId;
        if (answer.Body.Length > 0)
            response.ContentType =
                call.Service == Service.Graph
                    ? "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
                    : "application/json; charset=utf-8";
        foreach (var (name, value) in answer.Headers)
            response.Headers[name] = value;
        // Logged before the last byte leaves, so that a client that has its answer finds it in the log.
        Log.Add(Entry(call, answer.Status, fault, started, bytes.Length, null));
        if (answer.Status is not 204)
        {
            response.ContentLength = bytes.Length;
            await response.Body.WriteAsync(bytes, context.RequestAborted);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _signIn.Dispose();
        Log.Dispose();
    }

    private static string? Joined(List<FaultRule> faults) => faults.Count == 0 ? null : string.Join("; ", faults.Select(f => f.Text));

    private static ReadOnlyMemory<byte> Spoiled(ReadOnlyMemory<byte> body, List<FaultRule> faults)
    {
        if (faults.Exists(f => f.Malformed) && body.Length > 0)
            body = (byte[])[.. body.Span[..(body.Length / 2)], .. "\u0001<<<"u8, .. body.Span[(body.Length / 2)..]];
        return faults.FindLast(f => f.Cut is not null)?.Cut is { } cut && cut < body.Length ? body[..cut] : body;
    }

    private static async Task<byte[]> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        await body.CopyToAsync(buffer, cancellationToken);
        return buffer.ToArray();
    }

    private static JsonDocument? TryParse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private Answer Answer(Call call, List<FaultRule> faults)
    {
        call.PagingFault = faults.FindLast(f => f.Paging is not null)?.Paging;
        if (faults.FindLast(f => f.Status is not null) is { } rule)
            return Refusal(call, rule);
        if (Quotas.Take(call) is { } wait)
            return Refusal(call, 429, null, Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture));
        if (
            call.Method == "GET"
            || call.Service == Service.Login
            || call.Path.EndsWith("/Microsoft.ResourceGraph/resources", StringComparison.OrdinalIgnoreCase)
        )
            return Served(call, faults);
        // A change looks at what is there before it acts; two at the same time would each undo the other's.
        lock (_change)
            return Served(call, faults);
    }

    private Answer Served(Call call, List<FaultRule> faults) =>
        call.Service switch
        {
            Service.Graph => Graph(call, faults).Handle(call),
            Service.Vault => _keyVault.Handle(call),
            Service.Login => _signIn.Handle(call, faults.Exists(f => f.ExpiredSignIn)),
            _ => _resourceManager.Handle(call),
        };

    // A change acts on the directory as it is; a read may see an older one.
    private GraphService Graph(Call call, List<FaultRule> faults)
    {
        var lag = faults.FindLast(f => f.Consistency is not null)?.Consistency ?? _lag;
        if (call.Method != "GET" || lag <= TimeSpan.Zero)
            return _graph;
        var (replica, graph) = Late(lag);
        replica.CatchUp(call.Now);
        return graph;
    }

    private (Replica Replica, GraphService Graph) Late(TimeSpan lag)
    {
        lock (_late)
            return _late.GetOrAdd(
                lag,
                l =>
                {
                    var replica = _journal.Follow(l, _clock);
                    return (replica, new GraphService(replica.Tenant, _journal, _signIn));
                }
            );
    }

    // The refusal is worded as the service that was asked would word it.
    private Answer Refusal(Call call, FaultRule rule) => Refusal(call, rule.Status!.Value, rule.Code, rule.RetryAfter);

    private Answer Refusal(Call call, int status, string? code, string? retryAfter)
    {
        var answer = call.Service switch
        {
            Service.Graph => GraphAnswer.Error(
                call,
                status,
                code
                    ?? status switch
                    {
                        401 => "InvalidAuthenticationToken",
                        403 => "Authorization_RequestDenied",
                        404 => "Request_ResourceNotFound",
                        429 => "TooManyRequests",
                        503 => "ServiceUnavailable",
                        >= 500 => "InternalServerError",
                        _ => "BadRequest",
                    },
                status switch
                {
                    403 => "Insufficient privileges to complete the operation.",
                    429 => "Too many requests.",
                    _ => "The request could not be completed (a fault rule of the sandbox).",
                }
            ),
            Service.Vault when status == 403 => KeyVaultService.Error(
                403,
                "Forbidden",
                code == "ForbiddenByFirewall"
                    ? "Client address is not authorized and caller is not a trusted service."
                    : "Caller is not authorized to perform action on resource.",
                code ?? "ForbiddenByRbac"
            ),
            Service.Vault => KeyVaultService.Error(
                status,
                code
                    ?? (
                        status == 429 ? "Throttled"
                        : status >= 500 ? "ServiceUnavailable"
                        : "BadParameter"
                    ),
                "The request could not be completed."
            ),
            Service.Login => _signIn.Error(
                call,
                status,
                code ?? "temporarily_unavailable",
                90033,
                "A transient error has occurred. Please try again."
            ),
            _ => ResourceManagerService.Error(
                status,
                code
                    ?? status switch
                    {
                        403 => "AuthorizationFailed",
                        404 => "ResourceNotFound",
                        429 => "TooManyRequests",
                        503 => "ServerTimeout",
                        >= 500 => "InternalServerError",
                        _ => "BadRequest",
                    },
                status == 403
                    ? $"The client does not have authorization to perform action over scope '{call.Path}' or the scope is invalid."
                    : "The request could not be completed."
            ),
        };
        switch (retryAfter)
        {
            case "none" or null when retryAfter == "none" || status is not (429 or 503):
                break;
            case "date":
                answer.With("Retry-After", _time.GetUtcNow().AddSeconds(2).ToString("R", CultureInfo.InvariantCulture));
                break;
            case var seconds:
                answer.With("Retry-After", seconds ?? "1");
                break;
        }
        return answer;
    }

    // The outer 200 says nothing of the inner requests: each is a call of its own, to which fault rules and the log apply.
    private async Task<Answer> BatchAsync(Call outer, CancellationToken cancellationToken)
    {
        if (!_signIn.Accepts(outer.Header("Authorization"), "https://graph.microsoft.com"))
            return _graph.Handle(outer);
        if (
            outer.Body.ValueKind != JsonValueKind.Object
            || !outer.Body.TryGetProperty("requests", out var list)
            || list.ValueKind != JsonValueKind.Array
        )
            return GraphAnswer.Error(outer, 400, "BadRequest", "Invalid batch payload format.");
        if (list.GetArrayLength() > 20)
            return GraphAnswer.Error(outer, 400, "BadRequest", "Number of batch request steps exceeds the maximum value of 20.");
        var inner = list.EnumerateArray().Select(r => (Request: r, Id: Json.Text(r, "id"))).ToList();
        if (inner.Any(i => i.Id is null || Json.Text(i.Request, "method") is null || Json.Text(i.Request, "url") is not ['/', ..]))
            return GraphAnswer.Error(outer, 400, "BadRequest", "Each batch request needs an id, a method and a url that starts with /.");
        if (inner.Select(i => i.Id).Distinct(StringComparer.OrdinalIgnoreCase).Count() != inner.Count)
            return GraphAnswer.Error(outer, 400, "BadRequest", "Request Id has to be unique in a batch.");
        var answers = new Dictionary<string, Answer>(StringComparer.OrdinalIgnoreCase);
        if (inner.Exists(i => i.Request.TryGetProperty("dependsOn", out _)))
            foreach (var (request, id) in inner)
                answers[id!] = await InnerAsync(outer, request, id!, answers, cancellationToken);
        else
        {
            // Graph works on independent requests side by side: latency counts once a batch.
            var done = await Task.WhenAll(inner.Select(i => InnerAsync(outer, i.Request, i.Id!, answers, cancellationToken)));
            for (var i = 0; i < done.Length; i++)
                answers[inner[i].Id!] = done[i];
        }
        return Http.Answer.Create(
            200,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("responses");
                foreach (var (id, answer) in answers)
                {
                    writer.WriteStartObject();
                    writer.WriteString("id", id);
                    writer.WriteNumber("status", answer.Status);
                    writer.WriteStartObject("headers");
                    foreach (var (name, value) in answer.Headers)
                        writer.WriteString(name, value);
                    if (answer.Body.Length > 0 && !answer.Headers.Exists(h => h.Name == "Content-Type"))
                        writer.WriteString("Content-Type", "application/json");
                    writer.WriteEndObject();
                    if (answer.Body.Length > 0)
                    {
                        writer.WritePropertyName("body");
                        writer.WriteRawValue(answer.Body.Span, skipInputValidation: true);
                    }
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
                writer.WriteEndObject();
            },
            16 * 1024
        );
    }

    private async Task<Answer> InnerAsync(
        Call outer,
        JsonElement request,
        string id,
        Dictionary<string, Answer> done,
        CancellationToken cancellationToken
    )
    {
        var started = _time.GetTimestamp();
        var url = Json.Text(request, "url")!.Split('?', 2);
        var headers = request.TryGetProperty("headers", out var h) && h.ValueKind == JsonValueKind.Object ? h : default;
        var call = new Call
        {
            Service = Service.Graph,
            Host = outer.Host,
            Method = Json.Text(request, "method")!.ToUpperInvariant(),
            Path = Uri.UnescapeDataString(url[0]),
            RawQuery = url.Length == 2 ? url[1] : "",
            Root = outer.Root,
            Header = name => Inner(headers, name) ?? (name == "Authorization" ? outer.Header(name) : null),
            Body = request.TryGetProperty("body", out var body) ? body : default,
            Now = outer.Now,
            RequestId = Ids.Guid($"{outer.RequestId}/{id}"),
        };
        var faults = Faults.For(call.Method, call.Host + call.Path);
        var pause = TimeSpan.FromTicks(faults.Sum(f => f.Latency.Ticks));
        if (pause > TimeSpan.Zero)
            await Task.Delay(pause, _time, cancellationToken);
        var waitsFor =
            request.TryGetProperty("dependsOn", out var depends) && depends.ValueKind == JsonValueKind.Array
                ? depends.EnumerateArray().Select(d => d.ToString())
                : [];
        var answer = waitsFor.Any(d => !done.TryGetValue(d, out var before) || before.Status >= 400)
            ? GraphAnswer.Error(call, 424, "FailedDependency", "A request this one depends on has failed.")
            : Answer(call, faults);
        Log.Add(Entry(call, answer.Status, Joined(faults), started, answer.Body.Length, outer.RequestId));
        return answer;
    }

    private static string? Inner(JsonElement headers, string name)
    {
        if (headers.ValueKind == JsonValueKind.Object)
            foreach (var header in headers.EnumerateObject())
                if (header.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                    return header.Value.ToString();
        return null;
    }

    private Call Describe(HttpRequest request, byte[] body, JsonElement json)
    {
        var host = request.Host.Host;
        var path = request.Path.Value is { Length: > 0 } p ? p : "/";
        // Key Vault's SDK writes //keys now and then; the service does not mind.
        path = path.Replace("//", "/", StringComparison.Ordinal);
        var origin = $"https://{request.Host.Value}";
        var (service, label, root) = (Service.Arm, "arm", origin);
        if (host.EndsWith(VaultSuffix, StringComparison.OrdinalIgnoreCase))
            (service, label) = (Service.Vault, host[..^VaultSuffix.Length].ToLowerInvariant());
        else if (path.StartsWith("/v1.0/", StringComparison.OrdinalIgnoreCase))
            (service, label, root, path) = (Service.Graph, "graph", origin + "/v1.0", path["/v1.0".Length..]);
        else if (path.Split('/') is [_, _, "oauth2" or "discovery" or "v2.0", ..])
            (service, label) = (Service.Login, "login");
        return new Call
        {
            Service = service,
            Host = label,
            Method = request.Method.ToUpperInvariant(),
            Path = path,
            RawQuery = request.QueryString.Value?.TrimStart('?') ?? "",
            Root = root,
            Header = name => request.Headers.TryGetValue(name, out var values) ? values.ToString() : null,
            Body = json,
            Form =
                request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) == true
                    ? Call.Parse(Encoding.UTF8.GetString(body))
                    : new Dictionary<string, string>(),
            Now = _clock(),
            RequestId = Ids.Guid($"{_run}/{Interlocked.Increment(ref _requests)}"),
        };
    }

    private RequestLogEntry Entry(Call call, int status, string? fault, long started, long bytes, string? batch) =>
        new(
            _time.GetUtcNow(),
            call.Method,
            call.Host,
            (call.Service == Service.Graph ? "/v1.0" : "") + call.Path + (call.RawQuery.Length > 0 ? "?" + call.RawQuery : ""),
            status,
            fault,
            _time.GetElapsedTime(started).TotalMilliseconds,
            bytes,
            batch,
            call.RequestId
        );
}
