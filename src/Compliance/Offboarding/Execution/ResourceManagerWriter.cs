using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Azure.Core;
using Compliance.Offboarding.Actions;
using Compliance.Tenants;

namespace Compliance.Offboarding.Execution;

/// <summary>
/// Changes Azure through Resource Manager's pipeline. Every change made here is idempotent, so it is sent again after 408, 429, 5xx and
/// broken connections: a write whose answer was lost is found done.
/// </summary>
internal sealed class ResourceManagerWriter(TenantConnection tenant, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<string, WriteQuota> _quotas = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Sends one change.</summary>
    /// <param name="request">A request for Resource Manager.</param>
    /// <param name="cancellationToken">Stops between attempts.</param>
    public async Task<StepReply> SendAsync(StepRequest request, CancellationToken cancellationToken)
    {
        var quota = _quotas.GetOrAdd(SubscriptionOf(request.Path), _ => new WriteQuota(time));
        for (var attempt = 1; ; attempt++)
        {
            StepReply answer;
            TimeSpan? asked = null;
            using (await quota.EnterAsync(cancellationToken))
            {
                try
                {
                    (answer, asked) = await AttemptAsync(request, cancellationToken);
                }
                catch (Exception e) when (!cancellationToken.IsCancellationRequested)
                {
                    var failure = ReadFailure.From(e, request.Call, request.Scope, tenant.Options.ClientId);
                    answer = new(0, null, failure.Reason);
                    // No sign-in, a foreign host: the next attempt says the same.
                    if (e is not (IOException or HttpRequestException or Azure.RequestFailedException) || e is ForeignHostException)
                        return answer;
                }
            }
            if (answer.Status is not (0 or 408 or 429 or 500 or 502 or 503 or 504) || attempt == ThrottleAwareRetryHandler.MaxAttempts)
                return answer;
            var wait = asked ?? TimeSpan.FromMilliseconds(Math.Min(500 * Math.Pow(2, attempt - 1), 30_000));
            if (wait > tenant.Options.MaxRetryWait)
                return answer with
                {
                    Message =
                        $"the service asked to wait {wait.TotalSeconds:0} s, more than Tenant:MaxRetryWaitSeconds "
                        + $"({tenant.Options.MaxRetryWait.TotalSeconds:0}) allows",
                };
            if (answer.Status == 429)
                quota.Pause(wait);
            await Task.Delay(wait, time, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var quota in _quotas.Values)
            quota.Dispose();
    }

    private async Task<(StepReply Answer, TimeSpan? RetryAfter)> AttemptAsync(StepRequest request, CancellationToken cancellationToken)
    {
        using var message = tenant.ResourceManagerPipeline.CreateMessage();
        message.Request.Method = RequestMethod.Parse(request.Call.Method);
        message.Request.Uri.Reset(new Uri(tenant.ResourceManagerAddress + request.Path));
        if (request.Body is { } body)
        {
            message.Request.Headers.Add("Content-Type", "application/json");
            message.Request.Content = RequestContent.Create(JsonSerializer.SerializeToUtf8Bytes(body));
        }
        await tenant.ResourceManagerPipeline.SendAsync(message, cancellationToken);
        var response = message.Response;
        if (!response.IsError)
            return (new(response.Status, null, null), null);
        var (code, text) = ErrorOf(response.Content);
        return (new(response.Status, code, text ?? response.ReasonPhrase), RetryAfter(response));
    }

    // Retry-After in whole seconds, or as a date by the service's own clock.
    private TimeSpan? RetryAfter(Azure.Response response)
    {
        if (!response.Headers.TryGetValue("Retry-After", out var text))
            return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            return TimeSpan.FromSeconds(seconds);
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
            return null;
        var now = response.Headers.Date ?? time.GetUtcNow();
        return date > now ? date - now : TimeSpan.Zero;
    }

    // {"error":{"code":"AuthorizationFailed","message":"The client '…' … does not have authorization to perform action '…' over scope
    // '…'."}}
    private static (string? Code, string? Message) ErrorOf(BinaryData content)
    {
        try
        {
            using var document = JsonDocument.Parse(content);
            var root = document.RootElement;
            var error = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("error", out var inner) ? inner : root;
            return (Text(error, "code"), Text(error, "message"));
        }
        catch (JsonException)
        {
            return (null, null);
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    // What is above all subscriptions has one quota of its own.
    private static string SubscriptionOf(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries) is [var first, var id, ..]
        && first.Equals("subscriptions", StringComparison.OrdinalIgnoreCase)
            ? id
            : "tenant";
}
