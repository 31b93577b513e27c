using Azure.Core;
using Azure.Core.Pipeline;

namespace Compliance.Storage;

/// <summary>
/// A few retries close together. A service that asks for a longer pause than the bound is given up on at once, for Azure.Core would wait
/// for it without bound: whoever called comes again with the next run.
/// </summary>
/// <param name="retries">How often at most.</param>
/// <param name="delay">First delay; it grows from there.</param>
/// <param name="longest">The longest pause that is waited for.</param>
internal sealed class BoundedRetry(int retries, TimeSpan delay, TimeSpan longest)
    : RetryPolicy(retries, DelayStrategy.CreateExponentialDelayStrategy(delay, longest))
{
    /// <inheritdoc/>
    protected override bool ShouldRetry(HttpMessage message, Exception? exception) =>
        !AsksTooMuch(message) && base.ShouldRetry(message, exception);

    /// <inheritdoc/>
    protected override async ValueTask<bool> ShouldRetryAsync(HttpMessage message, Exception? exception) =>
        !AsksTooMuch(message) && await base.ShouldRetryAsync(message, exception);

    private bool AsksTooMuch(HttpMessage message) =>
        message.HasResponse
        && message.Response.Headers.TryGetValue("Retry-After", out var value)
        && (!int.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out var seconds) || seconds > longest.TotalSeconds);
}
