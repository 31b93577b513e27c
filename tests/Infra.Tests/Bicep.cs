using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Local;

namespace Infra.Tests;

/// <summary>
/// The Bicep compiler as one process that is asked over JSON-RPC: <c>bicep build</c>, <c>lint</c> and <c>snapshot</c> of many files for the
/// price of one start.
/// </summary>
internal sealed class Bicep : IAsyncDisposable
{
    private readonly Process _process;
    private int _requests;

    private Bicep(Process process) => _process = process;

    /// <summary>Whether its program runs here: the package holds the one for Linux on x64.</summary>
    public static bool Runs => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64;

    private static string Program =>
        typeof(Bicep).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "BicepPath").Value!;

    /// <summary>Starts it.</summary>
    public static Bicep Start() =>
        new(
            ProcessStart.Start(
                new ProcessStartInfo(Program, ["jsonrpc", "--stdio"]) { RedirectStandardInput = true, RedirectStandardOutput = true },
                "bicep",
                "restore tests/Infra.Tests"
            )
        );

    /// <summary>What a file compiles to, and everything that compiler and linter remark.</summary>
    public async Task<(JsonObject? Template, IReadOnlyList<string> Remarks)> CompileAsync(string path)
    {
        var result = await AskAsync("bicep/compile", new JsonObject { ["path"] = path });
        var remarks = result["diagnostics"]!.AsArray().Select(d => $"{d!["source"]}: {d["level"]} {d["code"]}: {d["message"]}");
        var contents = result["contents"]?.GetValue<string>();
        return (contents is null ? null : JsonNode.Parse(contents)!.AsObject(), [.. remarks]);
    }

    /// <summary>The resources that a file of parameters would deploy, as far as that is known without Azure.</summary>
    public async Task<JsonObject> SnapshotAsync(string path)
    {
        var result = await AskAsync(
            "bicep/getSnapshot",
            new JsonObject
            {
                ["path"] = path,
                ["metadata"] = new JsonObject
                {
                    ["tenantId"] = Templates.Tenant,
                    ["subscriptionId"] = Templates.Subscription,
                    ["location"] = "westeurope",
                },
            }
        );
        return JsonNode.Parse(result["snapshot"]!.GetValue<string>())!.AsObject();
    }

    /// <summary>Ends it: its input ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    // Content-Length: 17\r\n\r\n{"jsonrpc":"2.0"}
    private async Task<JsonObject> AskAsync(string method, JsonObject parameters)
    {
        var request = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = ++_requests,
            ["method"] = method,
            ["params"] = new JsonArray(parameters),
        };
        var body = Encoding.UTF8.GetBytes(request.ToJsonString());
        var input = _process.StandardInput.BaseStream;
        var header = string.Create(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n");
        await input.WriteAsync(Encoding.ASCII.GetBytes(header));
        await input.WriteAsync(body);
        await input.FlushAsync();
        var answer = JsonNode.Parse(await ReadAsync(_process.StandardOutput.BaseStream))!.AsObject();
        return answer["result"]?.AsObject() ?? throw new InvalidOperationException($"{method}: {answer["error"]}");
    }

    private static async Task<byte[]> ReadAsync(Stream output)
    {
        const string Length = "Content-Length:";
        var length = 0;
        while (await LineAsync(output) is { Length: > 0 } header)
            if (header.StartsWith(Length, StringComparison.OrdinalIgnoreCase))
                length = int.Parse(header.AsSpan(Length.Length), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
        var body = new byte[length];
        await output.ReadExactlyAsync(body);
        return body;
    }

    private static async Task<string> LineAsync(Stream output)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (true)
        {
            await output.ReadExactlyAsync(one);
            if (one[0] == '\n')
                return line.ToString().TrimEnd('\r');
            line.Append((char)one[0]);
        }
    }
}
