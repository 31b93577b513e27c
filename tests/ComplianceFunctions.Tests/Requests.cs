using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Compliance.Offboarding.Intake;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ComplianceFunctions.Tests;

/// <summary>Requests to the app's functions as HR and approvers make them, and how a function answers one.</summary>
internal static class Requests
{
    /// <summary>The key that HR signs with.</summary>
    public const string HrKey = "a-key-of-at-least-thirty-two-characters";

    /// <summary>A date and time without a zone, as HR writes it.</summary>
    public static string Iso(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>An HR event.</summary>
    public static byte[] Event(string id, string type, DateTimeOffset time, JsonObject data) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new JsonObject
            {
                ["specversion"] = "1.0",
                ["id"] = id,
                ["source"] = "urn:hr",
                ["type"] = type,
                ["time"] = Iso(time) + "Z",
                ["datacontenttype"] = "application/json",
                ["data"] = data,
            }
        );

    /// <summary>A request with a body.</summary>
    public static HttpRequest Post(byte[] body, string contentType = "application/json")
    {
        var request = new DefaultHttpContext().Request;
        (request.Method, request.ContentType) = (HttpMethods.Post, contentType);
        (request.ContentLength, request.Body) = (body.Length, new MemoryStream(body));
        return request;
    }

    /// <summary>A request that HR signed.</summary>
    public static HttpRequest Signed(
        byte[] body,
        DateTimeOffset at,
        string contentType = "application/cloudevents+json",
        string key = HrKey
    )
    {
        var request = Post(body, contentType);
        request.Headers[WebhookSignature.TimestampHeader] = WebhookSignature.Seconds(at);
        request.Headers[WebhookSignature.SignatureHeader] = WebhookSignature.Sign(Encoding.UTF8.GetBytes(key), at, body);
        return request;
    }

    /// <summary>Has a function answer a request, in a scope of its own as the worker calls it.</summary>
    public static async Task<(HttpStatusCode Status, byte[] Body)> AnswerAsync<T>(
        IServiceProvider services,
        HttpRequest request,
        Func<T, Task<IActionResult>> function
    )
    {
        await using var scope = services.CreateAsyncScope();
        var context = request.HttpContext;
        context.RequestServices = scope.ServiceProvider;
        using var body = new MemoryStream();
        context.Response.Body = body;
        var result = await function(ActivatorUtilities.CreateInstance<T>(scope.ServiceProvider));
        await result.ExecuteResultAsync(new ActionContext(context, new RouteData(), new ActionDescriptor()));
        return ((HttpStatusCode)context.Response.StatusCode, body.ToArray());
    }

    /// <summary>The token of a person of the sandbox's tenant for an app.</summary>
    /// <param name="client">Sends the request.</param>
    /// <param name="authority">The sandbox's address with the tenant's id.</param>
    /// <param name="clientId">The client that the sandbox knows.</param>
    /// <param name="secret">Its secret, which is the people's password too.</param>
    /// <param name="principalName">Whose token.</param>
    /// <param name="audience">Client id of the app that it is for.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<string> TokenAsync(
        HttpMessageInvoker client,
        string authority,
        string clientId,
        string secret,
        string principalName,
        string audience,
        CancellationToken cancellationToken
    )
    {
        using var form = new FormUrlEncodedContent(
            new Dictionary<string, string>
            {
                ["grant_type"] = "password",
                ["client_id"] = clientId,
                ["username"] = principalName,
                ["password"] = secret,
                ["scope"] = $"api://{audience}/.default",
            }
        );
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{authority}/oauth2/v2.0/token") { Content = form };
        using var response = await client.SendAsync(request, cancellationToken);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!["access_token"]!.GetValue<string>();
    }
}
