using System.Net;
using Azure.Core.Pipeline;
using Compliance.Storage;
using Testing;

namespace Compliance.Tests.Storage;

/// <summary>Storage clients with a place on the wire where a test can make things go wrong.</summary>
internal sealed class Faults : DelegatingHandler
{
    private readonly List<string> _requests = [];

    private Faults(HttpMessageHandler wire)
        : base(wire) { }

    /// <summary>Answers instead of the service; null lets the request through. Gets the number of the request, from 1.</summary>
    public Func<HttpRequestMessage, int, HttpResponseMessage?> Before { get; set; } = (_, _) => null;

    /// <summary>Replaces the service's answer after it has acted.</summary>
    public Func<HttpRequestMessage, int, HttpResponseMessage, HttpResponseMessage> After { get; set; } = (_, _, answer) => answer;

    /// <summary>Requests that get no answer, until whoever asks gives up.</summary>
    public Func<HttpRequestMessage, bool> HangWhen { get; set; } = _ => false;

    /// <summary>
    /// Awaited before a request is passed on or answered: with it a test fixes the order of requests that are made side by side.
    /// </summary>
    public Func<HttpRequestMessage, Task> HoldUntil { get; set; } = _ => Task.CompletedTask;

    /// <summary>Every request as <c>METHOD path?query</c>.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_requests)
                return [.. _requests];
        }
    }

    public static (StateStorage Storage, Faults Faults) On(StorageFixture accounts)
    {
        var faults = new Faults(accounts.Wire());
        return (Storage(accounts, faults), faults);
    }

    public static StateStorage Storage(StorageFixture accounts, HttpMessageHandler? wire = null) =>
        new(
            StorageOptions.Read(
                Settings.Of(("AzureWebJobsStorage", accounts.StateConnection), ("EvidenceStorage", accounts.EvidenceConnection))
            ),
            wire is null ? accounts.Transport : new HttpClientTransport(wire),
            TimeSpan.FromMilliseconds(1)
        );

    public static HttpResponseMessage Answer(HttpStatusCode status) => new(status) { Content = new StringContent("") };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        int number;
        lock (_requests)
        {
            _requests.Add($"{request.Method} {request.RequestUri!.PathAndQuery}");
            number = _requests.Count;
        }
        if (HangWhen(request))
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        await HoldUntil(request).WaitAsync(cancellationToken);
        return Before(request, number) ?? After(request, number, await base.SendAsync(request, cancellationToken));
    }
}
