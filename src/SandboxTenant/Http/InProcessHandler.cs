using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace SandboxTenant.Http;

/// <summary>
/// Takes requests to a sandbox of the same process without a socket: the answer is there when the call returns, in the thread of who asked.
/// For simulations, which make thousands of requests in an order that must be the same each time.
/// </summary>
internal sealed class InProcessHandler(Frontend frontend) : HttpMessageHandler
{
    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
        throw new NotSupportedException("requests to the tenant are sent asynchronously");

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        var lifetime = new Lifetime(cancellationToken);
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        using var answered = new MemoryStream();
        context.Response.Body = answered;
        await DescribeAsync(request, context.Request, cancellationToken);

        await frontend.HandleAsync(context);

        // As a client sees a connection that the server cut.
        if (lifetime.IsAborted)
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "the connection was closed before the answer was complete");
        return Answer(context.Response, answered, request);
    }

    private static async Task DescribeAsync(HttpRequestMessage request, HttpRequest described, CancellationToken cancellationToken)
    {
        var uri = request.RequestUri ?? throw new InvalidOperationException("the request has no address");
        described.Method = request.Method.Method;
        described.Scheme = uri.Scheme;
        described.Host = new HostString(uri.Host, uri.Port);
        described.Path = PathString.FromUriComponent(uri);
        described.QueryString = QueryString.FromUriComponent(uri);
        foreach (var (name, values) in request.Headers)
            described.Headers[name] = values.ToArray();
        if (request.Content is not { } content)
            return;
        foreach (var (name, values) in content.Headers)
            described.Headers[name] = values.ToArray();
        described.Body = new MemoryStream(await content.ReadAsByteArrayAsync(cancellationToken), writable: false);
    }

    private static HttpResponseMessage Answer(HttpResponse given, MemoryStream body, HttpRequestMessage request)
    {
        var response = new HttpResponseMessage((HttpStatusCode)given.StatusCode)
        {
            RequestMessage = request,
            Version = HttpVersion.Version11,
            Content = new ByteArrayContent(body.ToArray()),
        };
        foreach (var (name, values) in given.Headers)
            if (!response.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
                response.Content.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        return response;
    }

    private sealed class Lifetime(CancellationToken aborted) : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; } = aborted;

        public void Abort() => IsAborted = true;
    }
}
