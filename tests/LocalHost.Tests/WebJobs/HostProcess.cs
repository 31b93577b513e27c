using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace LocalHost.Tests.WebJobs;

/// <summary>The host as a process of its own, which can be killed.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly HttpClient _client;

    private HostProcess(Process process, Uri address)
    {
        _process = process;
        _client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = address };
        _client.DefaultRequestHeaders.Add("x-functions-key", AppRun.Master);
    }

    public static async Task<HostProcess> StartAsync(AppPlace place)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        start.ArgumentList.Add(typeof(LocalHost.Hosting.AppHost).Assembly.Location);
        start.ArgumentList.Add(TestHost.AppDll);
        foreach (var (name, value) in place.Environment)
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        var address = JsonElement.Parse((await process.StandardOutput.ReadLineAsync(AppRun.Stop))!).GetProperty("address").GetString()!;
        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        return new HostProcess(process, new Uri(address));
    }

    /// <summary>Starts an orchestration as soon as the host is ready.</summary>
    public Task ScheduleAsync(string name, string id, string input) =>
        AppRun.UntilAsync(
            async () =>
            {
                using var body = new StringContent(input, MediaTypeHeaderValue.Parse("application/json"));
                var start = new Uri($"/runtime/webhooks/durabletask/orchestrators/{name}/{id}", UriKind.Relative);
                using var answer = await _client.PostAsync(start, body, AppRun.Stop);
                return answer.StatusCode;
            },
            s => s == HttpStatusCode.Accepted,
            () => "the host does not take it"
        );

    /// <summary>The output of an orchestration when it has ended.</summary>
    public async Task<string?> EndAsync(string id)
    {
        var ended = await AppRun.UntilAsync(
            async () =>
            {
                var instance = new Uri($"/runtime/webhooks/durabletask/instances/{id}", UriKind.Relative);
                using var answer = await _client.GetAsync(instance, AppRun.Stop);
                return (answer.StatusCode, Body: await answer.Content.ReadAsStringAsync(AppRun.Stop));
            },
            a => a.StatusCode == HttpStatusCode.OK,
            () => "it has not ended"
        );
        return JsonElement.Parse(ended.Body).GetProperty("output").GetString();
    }

    /// <summary>Ends it as kill -9 does; its worker goes with it.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(AppRun.Stop);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _client.Dispose();
    }
}
