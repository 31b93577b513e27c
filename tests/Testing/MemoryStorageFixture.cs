using System.Net;
using Azure.Core;
using Azure.Core.Pipeline;
using Compliance.Storage;
using Microsoft.Extensions.Configuration;
using Simulation.Storage;

namespace Testing;

/// <summary>The accounts in memory, on the machine's clock: <c>[assembly: AssemblyFixture(typeof(MemoryStorageFixture))]</c>.</summary>
public sealed class MemoryStorageFixture : StorageFixture
{
    private readonly MemoryStorage _memory = new(TimeProvider.System);

    /// <summary>The app's settings of both accounts.</summary>
    public static IConfiguration Settings { get; } =
        new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    [StorageOptions.StateKey] = MemoryStorage.StateConnection,
                    [StorageOptions.EvidenceKey] = MemoryStorage.EvidenceConnection,
                }
            )
            .Build();

    public override string StateConnection => MemoryStorage.StateConnection;

    public override string EvidenceConnection => MemoryStorage.EvidenceConnection;

    public override HttpPipelineTransport Transport => _memory.Open();

    public override HttpMessageHandler Wire() => new MemoryWire(_memory.Open());
}

/// <summary>Passes what would travel by HTTP to storage in memory, for tests that put handlers of their own before it.</summary>
internal sealed class MemoryWire(MemoryStorageTransport storage) : HttpMessageHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var message = new HttpMessage(storage.CreateRequest(), new ResponseClassifier());
        message.Request.Method = RequestMethod.Parse(request.Method.Method);
        message.Request.Uri.Reset(request.RequestUri!);
        foreach (
            var (name, values) in request.Headers.Concat(
                request.Content?.Headers ?? Enumerable.Empty<KeyValuePair<string, IEnumerable<string>>>()
            )
        )
            message.Request.Headers.Add(name, string.Join(',', values));
        if (request.Content is { } content)
            message.Request.Content = RequestContent.Create(await content.ReadAsByteArrayAsync(cancellationToken));

        await storage.ProcessAsync(message);

        var answer = new HttpResponseMessage((HttpStatusCode)message.Response.Status)
        {
            RequestMessage = request,
            Content = new StreamContent(message.Response.ContentStream!),
        };
        foreach (var header in message.Response.Headers)
            if (!answer.Headers.TryAddWithoutValidation(header.Name, header.Value))
                answer.Content.Headers.TryAddWithoutValidation(header.Name, header.Value);
        return answer;
    }
}
