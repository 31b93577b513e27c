using System.Net;
using System.Text;
using Azure.Core.Pipeline;

namespace Compliance.Tests.Minimization.Inventory;

/// <summary>A blob service on paper: what a request is answered is written in the test. For what Azurite does not have.</summary>
internal sealed class PaperBlobs : HttpMessageHandler
{
    /// <summary>Addresses asked for.</summary>
    public List<Uri> Requests { get; } = [];

    /// <summary>Value of the header Authorization of the last request.</summary>
    public string? Authorization { get; private set; }

    /// <summary>Answers a query.</summary>
    public required Func<string, HttpResponseMessage> Answer { get; set; }

    /// <summary>The way to it.</summary>
    public HttpPipelineTransport Transport => new HttpClientTransport(this);

    public static HttpResponseMessage Refused(int status, string code) =>
        new((HttpStatusCode)status)
        {
            Headers = { { "x-ms-error-code", code } },
            Content = Xml($"<Error><Code>{code}</Code><Message>{code}.</Message></Error>"),
        };

    public static HttpResponseMessage Page(string blobs, string next = "") =>
        Listing($"<Blobs>{blobs}</Blobs><NextMarker>{next}</NextMarker>");

    public static HttpResponseMessage Containers(string containers, string next = "") =>
        Listing($"<Containers>{containers}</Containers><NextMarker>{next}</NextMarker>");

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Add(request.RequestUri!);
        Authorization = request.Headers.Authorization?.ToString();
        return Task.FromResult(Answer(request.RequestUri!.Query));
    }

    private static HttpResponseMessage Listing(string inner) =>
        new(HttpStatusCode.OK)
        {
            Content = Xml($"<EnumerationResults ServiceEndpoint=\"https://stone.blob.core.windows.net/\">{inner}</EnumerationResults>"),
        };

    private static StringContent Xml(string text) =>
        new("<?xml version=\"1.0\" encoding=\"utf-8\"?>" + text, Encoding.UTF8, "application/xml");
}
