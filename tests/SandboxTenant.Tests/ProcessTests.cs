using System.Diagnostics;
using System.Text.Json.Nodes;

namespace SandboxTenant.Tests;

/// <summary>The program itself, as a launcher starts it.</summary>
public sealed class ProcessTests
{
    [Fact]
    public async Task Serve_prints_one_line_when_ready_and_ends_when_its_input_is_closed()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        using var process = Process.Start(
            new ProcessStartInfo(
                Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet"
            )
            {
                ArgumentList =
                {
                    Path.Combine(AppContext.BaseDirectory, "SandboxTenant.dll"),
                    "serve",
                    "--parent-stdin",
                    "--now",
                    "2026-11-23T08:00:00Z",
                },
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var ready = JsonNode.Parse((await process.StandardOutput.ReadLineAsync(cancellationToken))!)!.AsObject();
        process.StandardInput.Close();
        var rest = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);

        Assert.Equal(["port", "url", "thumbprint", "tenantId", "clientId", "clientSecret"], ready.Select(p => p.Key));
        Assert.Equal($"https://localhost:{ready["port"]}", (string?)ready["url"]);
        Assert.Equal((0, "", ""), (process.ExitCode, rest, error));
    }
}
