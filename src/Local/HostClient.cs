using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Compliance.Credentials;
using Compliance.Runs;
using Compliance.Text;

namespace Local;

/// <summary>Speaks to the running app over loopback.</summary>
/// <param name="address">Where its host listens.</param>
/// <param name="keys">The host's keys.</param>
/// <param name="time">Clock for waiting.</param>
internal sealed class HostClient(Uri address, HostKeys keys, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(50);

    // No proxy: the app is on this machine whatever HTTP_PROXY says.
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address };

    /// <summary>Where the app's host listens.</summary>
    public Uri Address => address;

    /// <summary>The address as text, without a slash at its end.</summary>
    public string AddressText => address.GetLeftPart(UriPartial.Authority);

    /// <summary>Waits until a host that was started has bound its address and runs the app.</summary>
    /// <exception cref="LaunchException">It prints something else, or does not know these keys.</exception>
    public static async Task<HostClient> WhenRunningAsync(
        ChildProcess host,
        HostKeys keys,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        var client = new HostClient(HostAddress.Parse(await host.FirstLine.WaitAsync(cancellationToken)), keys, time);
        try
        {
            await client.RunningAsync(cancellationToken);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    private async Task RunningAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var (status, body) = await SendAsync(HttpMethod.Get, "/admin/host/status", null, cancellationToken);
                if (status == HttpStatusCode.Unauthorized)
                    throw new LaunchException("the app refuses the launcher's key: is another app on this port?");
                if (status == HttpStatusCode.OK && Field(body, "state") == "Running")
                    return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            await Task.Delay(Between, time, cancellationToken);
        }
    }

    /// <summary>
    /// Runs the credential-rotation check and waits for its report. As whoever keeps the host, by its master key: the tenant that is read
    /// may have no one who could ask the app for it.
    /// </summary>
    /// <param name="runs">Where the app keeps its runs.</param>
    /// <param name="now">Time that is in the run's id (UTC).</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <exception cref="LaunchException">The run failed, or its report cannot be read.</exception>
    /// <exception cref="HttpRequestException">The app does not answer.</exception>
    public async Task<CredentialReport> CheckAsync(BlobRunDocuments runs, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var run = RunRequest.New(CredentialRotationCheck.RunPrefix, "manual", now);
        using var input = JsonContent.Create(new { input = JsonSerializer.Serialize(run, ComplianceJson.Compact) });
        var (status, body) = await SendAsync(HttpMethod.Post, "/admin/functions/RunCredentialCheck", input, cancellationToken);
        if (status != HttpStatusCode.Accepted)
            throw Unexpected("the check could not be started", status, body);
        while (true)
        {
            switch (await ReadAsync(runs, run.RunId, cancellationToken))
            {
                case { State: RunStates.Completed, Report: { } report }:
                    return report;
                case { State: RunStates.Failed, Error: var error }:
                    throw new LaunchException($"the check failed: {Plain.Line(error ?? "the app's log has the reason")}");
            }
            await Task.Delay(Between, time, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static async Task<RunDocument<CredentialReport>?> ReadAsync(
        BlobRunDocuments runs,
        string runId,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await runs.LoadAsync<CredentialReport>(runId, cancellationToken);
        }
        catch (JsonException e)
        {
            throw new LaunchException($"the app's report cannot be read: {Plain.Line(e.Message)}", e);
        }
    }

    private static LaunchException Unexpected(string what, HttpStatusCode status, string body)
    {
        var message =
            Field(body, "error") ?? $"the app answered {(int)status} {(body.Length > 300 ? body[..300] + "…" : body)}".TrimEnd();
        return new LaunchException($"{what}: {Plain.Line(message)}");
    }

    private static string? Field(string body, string name)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return
                json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty(name, out var value)
                && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task<(HttpStatusCode, string)> SendAsync(
        HttpMethod method,
        string path,
        HttpContent? content,
        CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Headers = { { "x-functions-key", keys.Master } },
            Content = content,
        };
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            return (response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (TaskCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException($"no answer within {_http.Timeout.TotalSeconds:0} s", e);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            // A connection that breaks at a bad moment comes as it is.
            throw new HttpRequestException(e.Message, e);
        }
    }
}
