using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Compliance.Changes.Execution;
using Compliance.Changes.Pauses;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Execution;
using Compliance.Tenants;
using Compliance.Tests.Changes.Pauses;
using Compliance.Tests.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Compliance.Tests.Offboarding.Execution;

/// <summary>A request to the tenant; one of those inside a batch, or one to Resource Manager.</summary>
internal sealed record Write(string Service, string Method, string Path, JsonNode? Body);

/// <summary>What the tenant answers instead of doing it; status 0 breaks the connection, before or after the write was done.</summary>
internal sealed record Fault(int Status, string? Code = null, string? Message = null, int? RetryAfter = null, bool AfterTheWrite = false);

/// <summary>
/// The smallest tenant that takes writes over HTTPS, for the executor with its real SDKs: what may be deleted is there until it was; what
/// is added twice is refused as Graph does. Faults are given as a function, so that a test can name the one request it is about.
/// </summary>
internal sealed class WritableTenant : IAsyncDisposable
{
    private const string Id = "5f6b9d2e-0c1a-4f6e-9a55-3a2f6f0d7c11";

    private readonly WebApplication _server;
    private readonly X509Certificate2 _certificate;
    private readonly ServiceProvider _services;
    private readonly ConcurrentDictionary<string, byte> _gone = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, byte> _added = new(StringComparer.OrdinalIgnoreCase);
    private int _roundTrips;
    private int _inAzure;
    private int _mostInAzure;

    private WritableTenant(WebApplication server, X509Certificate2 certificate, int port, StepRegistry registry)
    {
        (_server, _certificate) = (server, certificate);
        var values = new Dictionary<string, string?>
        {
            ["Tenant:Id"] = Id,
            ["Tenant:GraphEndpoint"] = $"https://localhost:{port}/v1.0",
            ["Tenant:ResourceManagerEndpoint"] = $"https://localhost:{port}/arm",
            ["Tenant:AuthorityHost"] = $"https://localhost:{port}",
            ["Tenant:ClientId"] = "c1a0b1de-0000-4000-8000-000000000001",
            ["Tenant:ClientSecret"] = "of no use elsewhere",
            ["Tenant:PinnedThumbprint"] = certificate.GetCertHashString(HashAlgorithmName.SHA256),
        };
        _services = new ServiceCollection()
            .AddLogging(l => l.AddFakeLogging().SetMinimumLevel(LogLevel.Trace))
            .AddSingleton<TimeProvider>(Time)
            .AddTenant(new ConfigurationBuilder().AddInMemoryCollection(values).Build())
            .AddPlanExecutor()
            .AddSingleton(registry)
            .AddSingleton<IPause>(Pause)
            .BuildServiceProvider();
    }

    public NoWaiting Time { get; } = new();

    /// <summary>Whether acts are paused.</summary>
    public SetPause Pause { get; } = new();

    /// <summary>What goes wrong with a request; null: nothing.</summary>
    public Func<Write, Fault?> Faults { get; set; } = _ => null;

    /// <summary>What goes wrong with a whole batch.</summary>
    public Func<IReadOnlyList<Write>, Fault?> BatchFaults { get; set; } = _ => null;

    /// <summary>Every request inside batches and to Resource Manager, in the order of arrival.</summary>
    public ConcurrentQueue<Write> Writes { get; } = new();

    /// <summary>Those that had an effect.</summary>
    public ConcurrentQueue<Write> Effects { get; } = new();

    /// <summary>Requests over the network, without signing in.</summary>
    public int RoundTrips => _roundTrips;

    /// <summary>Most requests that Resource Manager had to deal with at once.</summary>
    public int MaxInAzure => _mostInAzure;

    /// <summary>The user is not there any more.</summary>
    public string? DeletedUser { get; set; }

    /// <summary>What revoking a user's sessions is answered with.</summary>
    public bool Revokes { get; set; } = true;

    public IPlanExecutor Executor => _services.GetRequiredService<IPlanExecutor>();

    public static async Task<WritableTenant> StartAsync(StepRegistry? registry = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(certificate)));
        var server = builder.Build();
        WritableTenant? tenant = null;
        server.Run(context => tenant!.HandleAsync(context));
        await server.StartAsync(TestContext.Current.CancellationToken);
        return tenant = new WritableTenant(server, certificate, new Uri(server.Urls.First()).Port, registry ?? StepRegistry.Default);
    }

    public async Task<IReadOnlyList<StepOutcome>> RunAsync(ActionPlan plan, params string[] settled) =>
        (
            await Executor.RunAsync(
                plan,
                settled.ToHashSet(StringComparer.Ordinal),
                new HashSet<string>(),
                TestContext.Current.CancellationToken
            )
        ).Outcomes;

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _server.DisposeAsync();
        _certificate.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        using var reader = new StreamReader(context.Request.Body);
        var text = await reader.ReadToEndAsync(context.RequestAborted);
        if (path.EndsWith("/oauth2/v2.0/token", StringComparison.Ordinal))
        {
            await AnswerAsync(
                context,
                200,
                new JsonObject
                {
                    ["token_type"] = "Bearer",
                    ["expires_in"] = 3600,
                    ["access_token"] = "a-token",
                }
            );
            return;
        }
        Interlocked.Increment(ref _roundTrips);
        if (path.StartsWith("/arm/", StringComparison.Ordinal))
        {
            InterlockedMax(Interlocked.Increment(ref _inAzure));
            try
            {
                // Gives others the time to be side by side with this one.
                await Task.Yield();
                await ArmAsync(context, new("arm", context.Request.Method, path["/arm".Length..], Parsed(text)));
            }
            finally
            {
                Interlocked.Decrement(ref _inAzure);
            }
            return;
        }
        var inner = JsonNode.Parse(text)!["requests"]!
            .AsArray()
            .Select(r =>
                (Id: (string)r!["id"]!, Write: new Write("graph", (string)r["method"]!, (string)r["url"]!, r["body"]?.DeepClone()))
            )
            .ToList();
        var fault = BatchFaults([.. inner.Select(i => i.Write)]);
        if (fault is { AfterTheWrite: false })
        {
            await FailAsync(context, fault);
            return;
        }
        var responses = new JsonArray();
        foreach (var (id, write) in inner)
        {
            Writes.Enqueue(write);
            var (status, body, retryAfter) = Faults(write) is { } f ? (f.Status, Error(f.Code, f.Message), f.RetryAfter) : Graph(write);
            var response = new JsonObject { ["id"] = id, ["status"] = status };
            if (body is not null)
                response["body"] = body;
            if (retryAfter is { } seconds)
                response["headers"] = new JsonObject
                {
                    ["Retry-After"] = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture),
                };
            responses.Add(response);
        }
        if (fault is not null)
            await FailAsync(context, fault);
        else
            await AnswerAsync(context, 200, new JsonObject { ["responses"] = responses });
    }

    private async Task ArmAsync(HttpContext context, Write write)
    {
        Writes.Enqueue(write);
        var fault = Faults(write);
        if (fault is { AfterTheWrite: false })
        {
            await FailAsync(context, fault);
            return;
        }
        var status = 200;
        switch (write.Method)
        {
            case "DELETE" when !_gone.TryAdd(write.Path, 0):
                status = 204;
                break;
            case "PUT" when write.Path.Contains("/roleAssignments/", StringComparison.Ordinal):
                status = _added.TryAdd(write.Path, 0) ? 201 : 409;
                break;
        }
        if (status is 200 or 201)
            Effects.Enqueue(write);
        if (fault is not null)
            await FailAsync(context, fault);
        else if (status == 409)
            await AnswerAsync(context, 409, Error("RoleAssignmentExists", "The role assignment already exists."));
        else if (status == 204)
            context.Response.StatusCode = 204;
        else
            await AnswerAsync(context, status, new JsonObject());
    }

    private (int Status, JsonNode? Body, int? RetryAfter) Graph(Write write)
    {
        var bare = write.Path.Split('?')[0];
        if (DeletedUser is { } deleted && (bare.Contains(deleted, StringComparison.OrdinalIgnoreCase)))
            return (
                404,
                Error(
                    "Request_ResourceNotFound",
                    $"Resource '{deleted}' does not exist or one of its queried reference-property objects are not present."
                ),
                null
            );
        switch (write.Method)
        {
            case "GET":
                return (200, new JsonObject { ["id"] = bare.Split('/')[^1] }, null);
            case "DELETE" when !_gone.TryAdd(bare, 0):
                return (
                    404,
                    Error(
                        "Request_ResourceNotFound",
                        $"Resource '{bare.Split('/')[2]}' does not exist or one of its queried reference-property objects are not present."
                    ),
                    null
                );
            case "POST" when bare.EndsWith("/$ref", StringComparison.Ordinal) && !_added.TryAdd($"{bare} {write.Body}", 0):
                return (
                    400,
                    Error(
                        "Request_BadRequest",
                        "One or more added object references already exist for the following modified properties: 'members'."
                    ),
                    null
                );
        }
        Effects.Enqueue(write);
        return write.Method == "POST" && !bare.EndsWith("/$ref", StringComparison.Ordinal)
            ? (200, new JsonObject { ["value"] = Revokes }, null)
            : (204, null, null);
    }

    private static async Task FailAsync(HttpContext context, Fault fault)
    {
        if (fault.Status == 0)
        {
            context.Abort();
            return;
        }
        if (fault.RetryAfter is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        await AnswerAsync(context, fault.Status, Error(fault.Code, fault.Message));
    }

    private static JsonObject Error(string? code, string? message) =>
        new()
        {
            ["error"] = new JsonObject { ["code"] = code ?? "Fault", ["message"] = message ?? "a fault of the test" },
        };

    private static JsonNode? Parsed(string text) => text.Length == 0 ? null : JsonNode.Parse(text);

    private static Task AnswerAsync(HttpContext context, int status, JsonNode body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body.ToJsonString());
    }

    private void InterlockedMax(int now)
    {
        int seen;
        while (now > (seen = Volatile.Read(ref _mostInAzure)) && Interlocked.CompareExchange(ref _mostInAzure, now, seen) != seen) { }
    }
}
