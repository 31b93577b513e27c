using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Testing;

/// <summary>A request that a relay has read whole.</summary>
/// <param name="Service">Which of the relay's ports it came to, by number.</param>
/// <param name="Method">Its method.</param>
/// <param name="Target">Path and query, as they were sent: signatures are over them.</param>
/// <param name="Body">Its body; empty when there is none.</param>
/// <param name="Context">Where it is answered.</param>
public sealed record RelayedRequest(int Service, string Method, string Target, byte[] Body, HttpContext Context);

/// <summary>Takes requests on loopback ports of its own, one a service, for somebody who passes them on as they are.</summary>
public sealed class HttpRelay : IAsyncDisposable
{
    private readonly WebApplication _server;
    private int[] _ports = [];

    private HttpRelay(WebApplication server) => _server = server;

    /// <summary>The ports, in the services' order.</summary>
    public IReadOnlyList<int> Ports => _ports;

    /// <summary>Starts to listen.</summary>
    /// <param name="services">For each service its certificate; null for one without TLS.</param>
    /// <param name="pass">Passes a request on and answers it; an exception drops the connection.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<HttpRelay> StartAsync(
        IReadOnlyList<X509Certificate2?> services,
        Func<RelayedRequest, Task> pass,
        CancellationToken cancellationToken
    )
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            foreach (var certificate in services)
                kestrel.Listen(
                    IPAddress.Loopback,
                    0,
                    listen =>
                    {
                        listen.Protocols = HttpProtocols.Http1;
                        if (certificate is not null)
                            listen.UseHttps(certificate);
                    }
                );
        });
        var relay = new HttpRelay(builder.Build());
        relay._server.Run(async context => await pass(await relay.ReadAsync(context)));
        await relay._server.StartAsync(cancellationToken);
        // In the order they were asked for.
        relay._ports = [.. relay._server.Urls.Select(url => new Uri(url).Port)];
        return relay;
    }

    /// <summary>A client that passes requests to a service on loopback without TLS.</summary>
    public static HttpMessageInvoker Client() =>
        new(
            new SocketsHttpHandler
            {
                UseProxy = false,
                AllowAutoRedirect = false,
                UseCookies = false,
                ActivityHeadersPropagator = null,
            }
        );

    /// <summary>An account's connection string, led through here.</summary>
    /// <param name="connection">The connection string.</param>
    /// <param name="ports">The ports in it, in the order of this relay's services.</param>
    public string Through(string connection, params int[] ports)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return ports
            .Index()
            .Aggregate(connection, (led, port) => led.Replace($":{port.Item}/", $":{_ports[port.Index]}/", StringComparison.Ordinal));
    }

    /// <summary>Passes a request on as it is, and reads the answer whole.</summary>
    /// <param name="request">The request.</param>
    /// <param name="client">Reaches the service.</param>
    /// <param name="address">Where the service is: scheme, host and port.</param>
    public static async Task<HttpResponseMessage> SendAsync(RelayedRequest request, HttpMessageInvoker client, string address)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(client);
        var asked = request.Context.Request;
        // The signature is over the path as it was sent.
        var uri = new Uri(address + request.Target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), uri);
        if (request.Body.Length > 0 || asked.ContentLength == 0)
            message.Content = new ByteArrayContent(request.Body);
        foreach (var (name, values) in asked.Headers)
            if (
                name is not ("Connection" or "Transfer-Encoding" or "Expect" or "Content-Length")
                && !message.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values)
            )
                message.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        var response = await client.SendAsync(message, CancellationToken.None);
        await response.Content.LoadIntoBufferAsync();
        return response;
    }

    /// <summary>Answers a request as the service did.</summary>
    public static async Task AnswerAsync(RelayedRequest request, HttpResponseMessage response, byte[] body)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(response);
        ArgumentNullException.ThrowIfNull(body);
        var answer = request.Context.Response;
        answer.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
            if (!IsOfConnection(name))
                answer.Headers[name] = values.ToArray();
        if (body.Length > 0)
            await answer.Body.WriteAsync(body);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static bool IsOfConnection(string header) =>
        new[] { "Transfer-Encoding", "Connection", "Keep-Alive" }.Contains(header, StringComparer.OrdinalIgnoreCase);

    private async Task<RelayedRequest> ReadAsync(HttpContext context)
    {
        using var content = new MemoryStream();
        await context.Request.Body.CopyToAsync(content);
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return new(Array.IndexOf(_ports, context.Connection.LocalPort), context.Request.Method, target, content.ToArray(), context);
    }
}
