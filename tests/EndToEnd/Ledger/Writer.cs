using System.Diagnostics;
using System.Globalization;
using Compliance.Ledger;
using Testing;

namespace EndToEnd.Ledger;

/// <summary>A <see cref="WriterRole"/> as a process of its own, and what it has acknowledged.</summary>
internal sealed class Writer : IDisposable
{
    // 128 and the number of the signal.
    private const int KilledExit = 137;

    private readonly Process _process;
    private readonly Task _reading;
    private readonly Task<string> _errors;
    private readonly List<EvidenceReceipt> _kept = [];
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _mark;

    /// <param name="azurite">Where the log is.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="days">How many days after the records its clock is.</param>
    /// <param name="mark">After how many receipts <see cref="Reached"/> is set.</param>
    /// <param name="ids">Ranges of ids, see <see cref="WriterRole"/>.</param>
    public Writer(AzuriteFixture azurite, string tenant, int days, int mark, params string[] ids)
    {
        _mark = mark;
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(Writer).Assembly.Location);
        foreach (
            var argument in new[]
            {
                WriterRole.Name,
                azurite.StateConnection,
                azurite.EvidenceConnection,
                tenant,
                days.ToString(CultureInfo.InvariantCulture),
            }.Concat(ids)
        )
            start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
        _reading = Task.Run(ReadAsync);
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Receipts that were printed whole.</summary>
    public IReadOnlyList<EvidenceReceipt> Kept => _kept;

    /// <summary>Set when it has printed as many receipts as asked for, or ends.</summary>
    public Task Reached => _reached.Task;

    /// <summary>Ends it with KILL.</summary>
    /// <returns>False when it had done all before.</returns>
    public async Task<bool> KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await _reading;
        Assert.True(_process.ExitCode is 0 or KilledExit, await _errors);
        return _process.ExitCode == KilledExit;
    }

    /// <summary>Waits for its end, which has to be a good one.</summary>
    public async Task EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await _reading;
        Assert.True(_process.ExitCode == 0, await _errors);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        var lines = 0;
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            // A last line may be cut off: then it was not told.
            if (line.Split(' ') is [WriterRole.Kept, var id, var location, var offset, { Length: 64 } sha256])
                _kept.Add(new(id, location, long.Parse(offset, CultureInfo.InvariantCulture), sha256));
            if (lines++ == _mark)
                _reached.TrySetResult();
        }
        _reached.TrySetResult();
    }
}
