using System.Net;
using Compliance.Observability;
using Microsoft.Extensions.Logging;

namespace Compliance.Tenants;

/// <summary>A request to a host that is not the service's own: refused before it is sent, so that no token leaves.</summary>
internal sealed class ForeignHostException(string host)
    : HttpRequestException($"the address points to another host ({host}); it was not followed")
{
    /// <summary>The host that was not asked.</summary>
    public string Host { get; } = host;

    /// <summary>For a link as an answer gave it, which need not be an address at all.</summary>
    public static ForeignHostException From(string link) =>
        new(Uri.TryCreate(link, UriKind.Absolute, out var uri) ? uri.Host : "not an address");
}

/// <summary>The service asked for a longer wait than is waited for.</summary>
internal sealed class RetryAfterTooLongException(TimeSpan asked, TimeSpan max)
    : HttpRequestException(
        $"the service asked to wait {asked.TotalSeconds:0} s, more than Tenant:MaxRetryWaitSeconds ({max.TotalSeconds:0}) allows"
    );

/// <summary>
/// Stands between an SDK and the network: sends only to the service's own hosts, counts, and tries reads again after 408, 429, 500, 502,
/// 503, 504 and broken connections, honouring Retry-After. The SDKs' own retries are off: they wait without bound and on the real clock.
/// </summary>
internal sealed partial class ThrottleAwareRetryHandler(
    HttpMessageHandler inner,
    string service,
    Func<Uri, bool> isOurs,
    TimeSpan maxWait,
    TimeProvider time,
    RequestCounter counter,
    ILogger log
) : DelegatingHandler(inner)
{
    /// <summary>Times a request is sent at most. At one failure in eight, ten failures in a row are one in 10^9.</summary>
    public const int MaxAttempts = 10;

    /// <summary>How long one answer may take, its body included, before the connection counts as broken.</summary>
    public static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(100);

    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(30);

    /// <summary>Refused: only <see cref="SendAsync"/> has the guards.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
        throw new NotSupportedException("requests to the tenant are sent asynchronously");

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri is not { } uri || uri.Scheme != Uri.UriSchemeHttps || !isOurs(uri))
            throw new ForeignHostException(request.RequestUri?.Host ?? "none");
        if (request.Content is { } content)
            await content.LoadIntoBufferAsync(cancellationToken);
        for (var attempt = 1; ; attempt++)
        {
            TimeSpan wait;
            try
            {
                var response = await AttemptAsync(request, cancellationToken);
                counter.Count(service);
                Telemetry.Requested(service, (int)response.StatusCode);
                if (response.Headers.TryGetValues("x-ms-throttle-limit-percentage", out var load))
                    NearLimit(log, service, string.Join(',', load));
                if (!IsTransient(response.StatusCode) || !IsRead(request) || attempt == MaxAttempts)
                    return response;
                wait = WaitFor(response, attempt, time.GetUtcNow());
                var status = (int)response.StatusCode;
                response.Dispose();
                if (wait > maxWait)
                    throw new RetryAfterTooLongException(wait, maxWait);
                TryingAgain(log, service, status, wait.TotalSeconds, attempt);
            }
            catch (Exception e) when (e is IOException or HttpRequestException and not RetryAfterTooLongException)
            {
                counter.Count(service);
                Telemetry.Requested(service, 0);
                if (!IsRead(request) || attempt == MaxAttempts || IsRefused(e))
                    throw;
                wait = BackOff(attempt);
                Broken(log, service, e.GetType().Name, wait.TotalSeconds, attempt);
            }
            await Task.Delay(wait, time, cancellationToken);
        }
    }

    // The whole answer is taken in here, so that a connection that breaks or stalls in the middle is tried again too.
    private async Task<HttpResponseMessage> AttemptAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(AnswerWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        HttpResponseMessage? response = null;
        try
        {
            response = await base.SendAsync(request, either.Token);
            await response.Content.LoadIntoBufferAsync(either.Token);
            return response;
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            response?.Dispose();
            throw new HttpRequestException($"no answer within {AnswerWithin.TotalSeconds:0} s", e);
        }
        catch
        {
            response?.Dispose();
            throw;
        }
    }

    /// <summary>How long to wait after an answer: Retry-After in seconds or as a date, else a back-off.</summary>
    internal static TimeSpan WaitFor(HttpResponseMessage response, int attempt, DateTimeOffset now) =>
        response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            // The service's own clock where it is sent, so that ours does not matter.
            { Date: { } date } => (response.Headers.Date ?? now) is var sent && date > sent ? date - sent : TimeSpan.Zero,
            _ => BackOff(attempt),
        };

    private static TimeSpan BackOff(int attempt) =>
        TimeSpan.FromMilliseconds(Math.Min(500 * Math.Pow(2, attempt - 1), LongestBackOff.TotalMilliseconds));

    private static bool IsTransient(HttpStatusCode status) =>
        status
            is HttpStatusCode.RequestTimeout
                or HttpStatusCode.TooManyRequests
                or HttpStatusCode.InternalServerError
                or HttpStatusCode.BadGateway
                or HttpStatusCode.ServiceUnavailable
                or HttpStatusCode.GatewayTimeout;

    // Posts that only read: a batch of reads, a Resource Graph query, a token.
    private static bool IsRead(HttpRequestMessage request) =>
        request.Method == HttpMethod.Get
        || (
            request.Method == HttpMethod.Post
            && request.RequestUri!.AbsolutePath is var path
            && (
                path.EndsWith("/$batch", StringComparison.Ordinal)
                || path.EndsWith("/oauth2/v2.0/token", StringComparison.Ordinal)
                || path.EndsWith("/providers/Microsoft.ResourceGraph/resources", StringComparison.OrdinalIgnoreCase)
            )
        );

    // Nobody listens, no such name, a certificate that is not trusted: trying again soon does not help.
    private static bool IsRefused(Exception e) =>
        e
            is HttpRequestException
            {
                HttpRequestError: HttpRequestError.ConnectionError
                        or HttpRequestError.NameResolutionError
                        or HttpRequestError.SecureConnectionError
            }
                or ForeignHostException;

    [LoggerMessage(3000, LogLevel.Information, "{Service} is near its limit: {Load} of the quota in use")]
    private static partial void NearLimit(ILogger logger, string service, string load);

    [LoggerMessage(3001, LogLevel.Debug, "{Service} answered {Status}; trying again in {Seconds} s (attempt {Attempt})")]
    private static partial void TryingAgain(ILogger logger, string service, int status, double seconds, int attempt);

    [LoggerMessage(3002, LogLevel.Debug, "{Service} broke the connection ({Error}); trying again in {Seconds} s (attempt {Attempt})")]
    private static partial void Broken(ILogger logger, string service, string error, double seconds, int attempt);
}

/// <summary>Counts requests by service.</summary>
internal sealed class RequestCounter
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>Requests so far, all services.</summary>
    public long Total => _counts.Values.Sum();

    /// <summary>One more.</summary>
    public void Count(string service) => _counts.AddOrUpdate(service, 1, (_, n) => n + 1);
}
