using System.Diagnostics;

namespace Local;

/// <summary>A running child: its lines are logged, its end is known, and its standard input is held open as a sign of life.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly TaskCompletionSource<string> _firstLine = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LastLines _last = new(4);
    private readonly LastLines _errors = new(4);
    private readonly Action<string>? _onLine;
    private readonly string? _logFile;
    private readonly StreamWriter? _log;
    private readonly TaskCompletionSource<string> _unwritten = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _writing = new();
    private bool _disposed;

    private ChildProcess(ChildSpec spec)
    {
        Name = spec.Name;
        Command = spec.Command;
        _onLine = spec.OnLine;
        _logFile = spec.LogFile;
        var start = new ProcessStartInfo(spec.Command[0], spec.Command.Skip(1))
        {
            WorkingDirectory = spec.WorkingDirectory ?? "",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // In a session of its own a child does not see Ctrl-C, which a terminal sends to all at once; the launcher stops them in order.
        // Where setsid is absent (macOS) they see it too, and end side by side.
        if (OperatingSystem.IsLinux() && Tool.FindOrNull("setsid") is { } setsid)
        {
            start.FileName = setsid;
            start.ArgumentList.Insert(0, spec.Command[0]);
        }
        foreach (var (name, value) in spec.Environment)
            start.Environment[name] = value;
        if (spec.LogFile is not null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(spec.LogFile))!);
            _log = new StreamWriter(spec.LogFile, append: false) { AutoFlush = true };
        }
        Process = ProcessStart.Start(start, spec.Name, $"{spec.Command[0]} must be there and executable");
        StartedAt = ProcessStart.StartedAt(Process);
        Process.OutputDataReceived += (_, e) =>
        {
            if (e.Data is not null)
                _firstLine.TrySetResult(e.Data);
            Took(e.Data);
        };
        Process.ErrorDataReceived += (_, e) =>
        {
            _errors.Add(e.Data);
            Took(e.Data);
        };
        Process.BeginOutputReadLine();
        Process.BeginErrorReadLine();
        Exited = ExitAsync();
    }

    /// <summary>What the user calls it.</summary>
    public string Name { get; }

    /// <summary>What was started.</summary>
    public IReadOnlyList<string> Command { get; }

    /// <summary>The process.</summary>
    public Process Process { get; }

    /// <summary>When the system says it started (UTC).</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>Ends with the exit code, after the last line was taken.</summary>
    public Task<int> Exited { get; }

    /// <summary>The first line on its standard output; never ends when there is none.</summary>
    public Task<string> FirstLine => _firstLine.Task;

    /// <summary>Ends with the reason, one line, when what it prints can no longer be written; never ends otherwise.</summary>
    public Task<string> Unwritten => _unwritten.Task;

    /// <summary>Starts it.</summary>
    /// <exception cref="LaunchException">The program is missing or may not be run.</exception>
    public static ChildProcess Start(ChildSpec spec) => new(spec);

    /// <summary>Waits until it is ready.</summary>
    /// <param name="ready">Ends when it is.</param>
    /// <param name="within">The longest that may take.</param>
    /// <param name="time">Clock for <paramref name="within"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LaunchException">It ended first, or took too long; the message carries its last lines.</exception>
    public async Task<T> WhenReadyAsync<T>(
        Func<CancellationToken, Task<T>> ready,
        TimeSpan within,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var isReady = ready(ending.Token);
        var tooLong = Task.Delay(within, time, ending.Token);
        try
        {
            var first = await Task.WhenAny(Exited, isReady, tooLong, Unwritten);
            cancellationToken.ThrowIfCancellationRequested();
            if (first == Unwritten)
                throw new LaunchException(await Unwritten);
            if (first == Exited)
                throw new LaunchException($"{Name} ended while starting ({await EndAsync()}");
            if (first == tooLong)
                throw new LaunchException($"{Name} was not ready within {within.TotalSeconds:0} s: {LastWords}{SeeLog}");
            return await isReady;
        }
        finally
        {
            await ending.CancelAsync();
            _ = isReady.ContinueWith(
                t => t.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted,
                TaskScheduler.Default
            );
        }
    }

    /// <summary>The one line for a child that ended by itself.</summary>
    public async Task<string> DeathNoteAsync() => $"{Name} ended by itself ({await EndAsync()}";

    /// <summary>The one line for a child that was to end by itself, and failed.</summary>
    public async Task<string> FailureNoteAsync() => $"{Name} failed ({await EndAsync()}";

    /// <summary>Asks it to end and waits until it has; see <see cref="ProcessStart.TerminateAsync"/>.</summary>
    public Task StopAsync(TimeSpan grace, CancellationToken hurry) =>
        _disposed ? Task.CompletedTask : ProcessStart.TerminateAsync(Process, grace, hurry);

    /// <summary>Stops it and lets go of its log.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        await StopAsync(TimeSpan.FromSeconds(15), CancellationToken.None);
        await Exited;
        _disposed = true;
        Process.Dispose();
        try
        {
            if (_log is not null)
                await _log.DisposeAsync();
        }
        catch (IOException)
        {
            // What could not be written before still cannot be.
        }
    }

    // Standard error is where a program gives its reason; what it logged before is beside the point.
    private string LastWords => _errors.IsEmpty ? _last.Text : _errors.Text;

    private string SeeLog => _logFile is null ? "" : $" (log: {_logFile})";

    private async Task<string> EndAsync() => $"exit {await Exited}): {LastWords}{SeeLog}";

    private async Task<int> ExitAsync()
    {
        await Process.WaitForExitAsync();
        return Process.ExitCode;
    }

    private void Took(string? line)
    {
        if (line is null)
            return;
        _last.Add(line);
        // On a thread of the pool: an exception would end this process and leave its children behind.
        try
        {
            lock (_writing)
                _log?.WriteLine(line);
        }
        catch (IOException e)
        {
            _unwritten.TrySetResult($"the log {_logFile} cannot be written: {e.Message}");
        }
        try
        {
            _onLine?.Invoke(line);
        }
        catch (IOException e)
        {
            _unwritten.TrySetResult($"the standard output cannot be written: {e.Message}");
        }
    }
}
