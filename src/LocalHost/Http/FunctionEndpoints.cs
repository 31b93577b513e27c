using System.Globalization;
using LocalHost.Configuration;
using LocalHost.Rpc;
using LocalHost.Worker;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Forwarder;

namespace LocalHost.Http;

/// <summary>
/// The routes of the functions, which are known only once the worker is ready. Each passes its request on to the worker's own web server.
/// </summary>
internal sealed class FunctionEndpoints(
    HostContext context,
    WorkerSupervisor worker,
    FunctionKeys keys,
    IHttpForwarder forwarder,
    ILoggerFactory loggers
) : EndpointDataSource, IDisposable
{
    // The worker's extension matches a forwarded request with its invocation by this header.
    private const string InvocationHeader = "x-ms-invocation-id";

    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(2);
    private static readonly ForwarderRequestConfig Unhurried = new() { ActivityTimeout = TimeSpan.FromDays(1) };

    private readonly HttpMessageInvoker _client = WorkerHttp.CreateClient();
    private readonly ILogger _logger = loggers.CreateLogger("LocalHost.Http");

    private volatile CancellationTokenSource _changed = new();
    private volatile IReadOnlyList<Endpoint> _endpoints = [];

    /// <inheritdoc/>
    public override IReadOnlyList<Endpoint> Endpoints => _endpoints;

    /// <inheritdoc/>
    public override IChangeToken GetChangeToken() => new CancellationChangeToken(_changed.Token);

    /// <summary>Serves these routes from now on.</summary>
    public void Serve(IEnumerable<HttpRoute> routes)
    {
        _endpoints = [.. routes.Select(CreateEndpoint)];
        using var before = _changed;
        _changed = new CancellationTokenSource();
        before.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _changed.Dispose();
    }

    private Endpoint CreateEndpoint(HttpRoute route)
    {
        var endpoint = new RouteEndpointBuilder(http => AnswerAsync(http, route), route.Pattern, order: 0);
        endpoint.DisplayName = route.Function.Name;
        if (route.Methods.Count > 0)
            endpoint.Metadata.Add(new HttpMethodMetadata(route.Methods));
        return endpoint.Build();
    }

    private async Task AnswerAsync(HttpContext http, HttpRoute route)
    {
        var shown = keys.Level(http.Request);
        if (shown < route.Level)
        {
            // Here the real host makes no difference between no key and one that is not enough.
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        if (shown != KeyLevel.Master && context.IsDisabled(route.Function.Name))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (http.Request.ContentLength > PublicServer.MaxBody)
        {
            http.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return;
        }

        try
        {
            await ForwardAsync(http, CreateRequest(http, route.Function));
        }
        catch (Exception e) when (e is FunctionFailedException or WorkerExitedException or OperationCanceledException)
        {
            if (http.Response.HasStarted)
            {
                // Too late for a status: a cut connection is the only way left to show that this answer is not whole.
                http.Abort();
                return;
            }

            // No details: the log has them under the invocation's id.
            http.Response.Clear();
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
    }

    private InvocationRequest CreateRequest(HttpContext http, WorkerFunction function)
    {
        var data = new RpcHttp
        {
            Method = http.Request.Method,
            Url = $"{http.Request.Scheme}://{http.Request.Host}{http.Request.Path}{http.Request.QueryString}",
        };
        var request = worker.CreateRequest(function, new TypedData { Http = data });
        foreach (var (name, value) in http.Request.RouteValues)
        {
            if (Convert.ToString(value, CultureInfo.InvariantCulture) is not { Length: > 0 } text)
                continue;
            data.Params[name] = text;
            request.TriggerMetadata[name] = new TypedData { String = text };
        }

        return request;
    }

    private async Task ForwardAsync(HttpContext http, InvocationRequest request)
    {
        var invocation = await worker.BeginAsync(request, http.RequestAborted);
        // Both at once: in the worker each waits for the other. An id from outside is never passed on.
        http.Request.Headers[InvocationHeader] = invocation.Id;
        var answer = worker.EndAsync(invocation, http.RequestAborted);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        var uri = invocation.Session.HttpUri!;
        var forwarding = forwarder.SendAsync(http, uri, _client, Unhurried, HttpTransformer.Default, end.Token).AsTask();
        // A worker that died neither answers nor takes a connection.
        if (await Task.WhenAny(forwarding, answer) == answer && answer.Exception?.InnerException is WorkerExitedException)
            await end.CancelAsync();
        await forwarding;
        if (http.GetForwarderErrorFeature() is not { } failure || http.RequestAborted.IsCancellationRequested)
        {
            await answer;
            return;
        }

        _logger.NotForwarded(invocation.Function.Name, failure.Error, failure.Exception?.Message ?? "no reason");
        // A worker that died answers in a moment, through the host. One that lives would wait in vain for a request that never reaches it.
        invocation.Session.Cancel(invocation.Id);
        await Task.WhenAny(answer, Task.Delay(AnswerTime, TimeProvider.System, CancellationToken.None));
        if (!http.Response.HasStarted)
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
    }
}
