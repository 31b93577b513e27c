using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Compliance.Changes.Approvals;
using Compliance.Changes.Pauses;
using Compliance.Credentials;
using Compliance.Minimization.Sweeps;
using Compliance.Notifications;
using Compliance.Offboarding;
using Compliance.Offboarding.Desk;
using Compliance.Offboarding.Intake;
using Compliance.Tenants;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>The app's HTTP interface.</summary>
/// <param name="connection">The app.</param>
/// <param name="signIn">Who calls it; disposed with this.</param>
internal sealed class AppClient(Connection connection, AppSignIn signIn) : IDisposable
{
    private static readonly AppRole[] Readers = [AppRole.Auditor, AppRole.Admin, AppRole.Approver];
    private static readonly AppRole[] Starters = [AppRole.Approver, AppRole.Admin];
    private static readonly AppRole[] Admins = [AppRole.Admin];
    private static readonly AppRole[] Answerers = [AppRole.Approver, AppRole.Owner];

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = connection.Address,
        Timeout = TimeSpan.FromSeconds(100),
    };

    /// <summary>Sends a signed HR event and gives the case's id.</summary>
    public async Task<string> SendHrEventAsync(ReadOnlyMemory<byte> body, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var key = Encoding.UTF8.GetBytes(connection.HrKey ?? throw new CliException("the connection has no key to sign HR events with"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/hr/events") { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents+json");
        request.Headers.Add(WebhookSignature.TimestampHeader, WebhookSignature.Seconds(now));
        request.Headers.Add(WebhookSignature.SignatureHeader, WebhookSignature.Sign(key, now, body.Span));
        using var answer = await JsonAsync(request, cancellationToken);
        return answer.RootElement.GetProperty("caseId").GetString()!;
    }

    public Task<IReadOnlyList<LeaverCase>> CasesAsync(CancellationToken cancellationToken) =>
        GetAsync<IReadOnlyList<LeaverCase>>("/api/offboarding/cases", cancellationToken);

    public Task<LeaverCase> CaseAsync(string caseId, CancellationToken cancellationToken) =>
        GetAsync<LeaverCase>($"/api/offboarding/cases/{Uri.EscapeDataString(caseId)}", cancellationToken);

    public Task<DryRun> PlanAsync(string user, CancellationToken cancellationToken) =>
        GetAsync<DryRun>($"/api/offboarding/plan?user={Uri.EscapeDataString(user)}", cancellationToken);

    public Task<IReadOnlyList<ApprovalRequest>> ApprovalsAsync(CancellationToken cancellationToken) =>
        GetAsync<IReadOnlyList<ApprovalRequest>>("/api/approvals", cancellationToken);

    public Task<byte[]> DocumentAsync(string caseId, string document, CancellationToken cancellationToken) =>
        BytesAsync($"/api/offboarding/cases/{Uri.EscapeDataString(caseId)}/{Uri.EscapeDataString(document)}", cancellationToken);

    private async Task<byte[]> BytesAsync(string path, CancellationToken cancellationToken)
    {
        using var request = await ReadingAsync(path, cancellationToken);
        using var response = await SendAsync(request, cancellationToken);
        return response.IsSuccessStatusCode
            ? await response.Content.ReadAsByteArrayAsync(cancellationToken)
            : throw await RefusedAsync(response, cancellationToken);
    }

    /// <summary>Answers a request for approval; gives where the request stands now.</summary>
    /// <param name="requestId">The request.</param>
    /// <param name="planId">The plan that was read.</param>
    /// <param name="approve">Yes or no.</param>
    /// <param name="comment">Why; null for nothing.</param>
    /// <param name="token">The token of whoever answers; null for the caller's own.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<string> AnswerAsync(
        string requestId,
        string planId,
        bool approve,
        string? comment,
        string? token,
        CancellationToken cancellationToken
    )
    {
        using var request = Authorized(
            HttpMethod.Post,
            $"/api/approvals/{Uri.EscapeDataString(requestId)}",
            token ?? await signIn.TokenAsync(Answerers, cancellationToken)
        );
        request.Content = JsonContent.Create(
            new
            {
                planId,
                approve,
                comment,
            }
        );
        using var answer = await JsonAsync(request, cancellationToken);
        return answer.RootElement.GetProperty("state").GetString()!;
    }

    /// <summary>Ends a person's access for cause.</summary>
    public Task<LeaverCase> StartAsync(string user, string reason, CancellationToken cancellationToken) =>
        PostAsync<LeaverCase>(
            "/api/offboarding/cases",
            new
            {
                user,
                forCause = true,
                reason,
            },
            cancellationToken
        );

    /// <summary>Open and waived findings.</summary>
    public Task<IReadOnlyList<ReportFinding>> FindingsAsync(CancellationToken cancellationToken) =>
        GetAsync<IReadOnlyList<ReportFinding>>("/api/findings", cancellationToken);

    /// <summary>Sends a test message to everybody who is notified.</summary>
    public async Task<IReadOnlyList<TestDelivery>> TestNotificationsAsync(CancellationToken cancellationToken)
    {
        using var request = Authorized(HttpMethod.Post, "/api/notifications/test", await signIn.TokenAsync(Admins, cancellationToken));
        using var answer = await JsonAsync(request, cancellationToken);
        return answer.Deserialize<IReadOnlyList<TestDelivery>>(ComplianceJson.Readable) ?? throw new CliException("the app answered null");
    }

    /// <summary>Starts a sweep.</summary>
    public Task<Sweep> StartSweepAsync(bool dryRun, CancellationToken cancellationToken) =>
        PostAsync<Sweep>("/api/sweeps", new { dryRun }, cancellationToken);

    /// <summary>Stops a sweep.</summary>
    public Task<Sweep> CancelSweepAsync(string id, CancellationToken cancellationToken) =>
        PostAsync<Sweep>($"/api/sweeps/{Uri.EscapeDataString(id)}/cancel", new { }, cancellationToken);

    /// <summary>All sweeps.</summary>
    public Task<IReadOnlyList<Sweep>> SweepsAsync(CancellationToken cancellationToken) =>
        GetAsync<IReadOnlyList<Sweep>>("/api/sweeps", cancellationToken);

    /// <summary>A sweep, and what it plans.</summary>
    public Task<SweepView> SweepAsync(string id, CancellationToken cancellationToken) =>
        GetAsync<SweepView>($"/api/sweeps/{Uri.EscapeDataString(id)}", cancellationToken);

    /// <summary>The report of a sweep.</summary>
    public Task<SweepReport> SweepReportAsync(string id, CancellationToken cancellationToken) =>
        GetAsync<SweepReport>($"/api/sweeps/{Uri.EscapeDataString(id)}/report", cancellationToken);

    /// <summary>The report of a sweep in another form.</summary>
    public Task<byte[]> SweepReportAsync(string id, string format, CancellationToken cancellationToken) =>
        BytesAsync($"/api/sweeps/{Uri.EscapeDataString(id)}/report?format={Uri.EscapeDataString(format)}", cancellationToken);

    /// <summary>Whether acts are paused.</summary>
    public Task<PauseView> PauseAsync(CancellationToken cancellationToken) => GetAsync<PauseView>("/api/changes/pause", cancellationToken);

    /// <summary>Pauses acts.</summary>
    public Task<PauseView> PauseAsync(string reason, bool blocking, CancellationToken cancellationToken) =>
        PostAsync<PauseView>("/api/changes/pause", new { reason, blocking }, cancellationToken);

    /// <summary>Asks two others to let acts continue.</summary>
    public Task<PauseView> ResumeAsync(CancellationToken cancellationToken) =>
        PostAsync<PauseView>("/api/changes/resume", new { }, cancellationToken);

    public void Dispose()
    {
        _http.Dispose();
        signIn.Dispose();
    }

    private async Task<T> PostAsync<T>(string path, object body, CancellationToken cancellationToken)
    {
        using var request = Authorized(HttpMethod.Post, path, await signIn.TokenAsync(Starters, cancellationToken));
        request.Content = JsonContent.Create(body);
        using var answer = await JsonAsync(request, cancellationToken);
        return answer.Deserialize<T>(ComplianceJson.Readable) ?? throw new CliException("the app answered null");
    }

    private async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken)
    {
        using var request = await ReadingAsync(path, cancellationToken);
        using var answer = await JsonAsync(request, cancellationToken);
        return answer.Deserialize<T>(ComplianceJson.Readable) ?? throw new CliException("the app answered null");
    }

    private async Task<HttpRequestMessage> ReadingAsync(string path, CancellationToken cancellationToken) =>
        Authorized(HttpMethod.Get, path, await signIn.TokenAsync(Readers, cancellationToken));

    private static HttpRequestMessage Authorized(HttpMethod method, string path, string token) =>
        new(method, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };

    private async Task<JsonDocument> JsonAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw await RefusedAsync(response, cancellationToken);
        try
        {
            return await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken), default, cancellationToken);
        }
        catch (JsonException e)
        {
            throw new CliException("the app's answer is not JSON", e);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await _http.SendAsync(request, cancellationToken);
        }
        // A connection that breaks at a bad moment comes as it is.
        catch (Exception e)
            when (e is HttpRequestException or IOException or System.Net.Sockets.SocketException
                || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            throw new CliException($"the app at {connection.App} does not answer: {e.Message}. Is ./scripts/run running?", e);
        }
    }

    private static async Task<CliException> RefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.TryGetProperty("error", out var error) && error.GetString() is { } text)
                return new CliException($"{(int)response.StatusCode}: {text}");
        }
        catch (JsonException)
        {
            // Known by its status.
        }
        return new CliException(
            response.StatusCode == HttpStatusCode.Unauthorized
                ? "401: the app does not take the token: az login to its tenant, and see that --client-id is its registration's"
                : $"the app answered {(int)response.StatusCode}"
        );
    }
}
