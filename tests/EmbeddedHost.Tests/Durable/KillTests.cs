using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Azure.Data.Tables;
using EmbeddedHost.Durable;
using Testing;

namespace EmbeddedHost.Tests.Durable;

public sealed class KillTests(AzuriteFixture azurite)
{
    private static readonly string[] Effects = ["a", "attempt", "c", "f1", "f2", "f3", "r", "z"];

    [Fact]
    public async Task Killed_before_and_after_every_commit_the_script_ends_as_if_nothing_had_happened()
    {
        var (prefix, effects) = (DurableHost.NewHub() + "Kill", $"effects{Environment.ProcessId}");
        var table = azurite.Tables.GetTableClient(effects);
        await table.CreateIfNotExistsAsync(TestHost.Stop);
        // Unbroken, to count the positions.
        var (unbroken, _) = await ProcessAsync("run", effects, prefix + "u", 1);
        var expected = JsonSerializer.Deserialize<List<HubResult>>(unbroken)!;
        Assert.Equal(["\"A F1 F2 F3 R child of Script: C 5 go Z\""], expected.Select(e => e.Output).Distinct());
        var positions = expected.Max(e => e.Commits);

        var (killed, signal) = await ProcessAsync("kill", effects, prefix, positions);
        var (resumed, exit) = await ProcessAsync("run", effects, prefix, positions);

        Assert.Equal((137, 0), (signal, exit));
        // Activities side by side may end in one commit or in several, so that a run can be a few commits shorter.
        var reached = JsonSerializer.Deserialize<List<string>>(killed)!;
        var sure = Enumerable.Range(1, positions - 4).SelectMany(p => new[] { $"{p}{CommitPoint.Before}", $"{p}{CommitPoint.After}" });
        Assert.Empty(sure.Except(reached));
        var results = JsonSerializer.Deserialize<List<HubResult>>(resumed)!;
        Assert.Equal(positions * 2, results.Count);
        Assert.All(results, r => Assert.Equal(expected[0].Output, r.Output));
        var applied = new Dictionary<string, List<string>>();
        await foreach (var row in table.QueryAsync<TableEntity>(cancellationToken: TestHost.Stop))
            (applied.TryGetValue(row.PartitionKey, out var rows) ? rows : applied[row.PartitionKey] = []).Add(row.RowKey);
        Assert.All(results, r => Assert.Equal(Effects, applied[r.Hub]));
    }

    private async Task<(string Output, int Exit)> ProcessAsync(string what, string effects, string prefix, int positions)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(KillTests).Assembly.Location);
        foreach (var argument in new[] { KillRole.Name, what, azurite.StateConnection, effects, prefix, positions.ToString(CultureInfo.InvariantCulture) })
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(TestHost.Stop);
            await process.WaitForExitAsync(TestHost.Stop);
            return (output, process.ExitCode);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }
}
