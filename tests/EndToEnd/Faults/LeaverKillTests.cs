namespace EndToEnd.Faults;

/// <summary>probe</summary>
public sealed class LeaverKillTests
{
    [Fact]
    public async Task Probe()
    {
        var now = TimeProvider.System.GetUtcNow();
        await using var run = await LeaverRun.StartAsync(now, TimeSpan.FromSeconds(90));
        var t = TimeProvider.System.GetTimestamp();
        var all = new List<string>();
        run.Wire.At = (m, c) => { lock (all) all.Add($"{TimeProvider.System.GetElapsedTime(t).TotalMilliseconds:0} {c} {m}"); return Task.CompletedTask; };
        var known = await run.ToTheEndAsync();
        var ledger = await run.LedgerAsync();
        await File.WriteAllLinesAsync("/tmp/kill-probe.txt", [.. all, .. ledger.Select(l => l.ToJsonString()), known.ToString(), string.Join(' ', run.Starts), TimeProvider.System.GetElapsedTime(t).ToString(), .. run.Log], TestContext.Current.CancellationToken);
    }
}
