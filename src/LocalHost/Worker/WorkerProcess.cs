using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace LocalHost.Worker;

/// <summary>
/// One process of the app. What it writes becomes log lines, except an unhandled exception, which is kept as <see cref="Trace"/>.
/// </summary>
internal sealed class WorkerProcess : IDisposable
{
    private const string Unhandled = "Unhandled exception. ";
    private const int MaxTraceLines = 200;
    private const int SignalBase = 128;

    // How long the rest of a process' output is waited for after its end: a process that it has left behind may hold the pipes open.
    private static readonly TimeSpan OutputTime = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly List<string> _trace = [];
    private string? _lastError;

    private WorkerProcess(Process process, ILogger logger)
    {
        _process = process;
        Id = process.Id;
        _logger = logger;
        process.OutputDataReceived += (_, e) => Write(e.Data, error: false);
        process.ErrorDataReceived += (_, e) => Write(e.Data, error: true);
        process.Exited += (_, _) => _ended.TrySetResult();
        process.EnableRaisingEvents = true;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Exited = ExitedAsync();
    }

    /// <summary>The process id.</summary>
    public int Id { get; }

    /// <summary>The exit code, once the process has ended and its output was read.</summary>
    public Task<int> Exited { get; }

    /// <summary>The trace of the exception that ended the process; empty where there was none.</summary>
    public string Trace
    {
        get
        {
            lock (_lock)
                return string.Join('\n', _trace);
        }
    }

    /// <summary>
    /// Why the process ended, in one line: the message of the unhandled exception, else the signal, else the last line of standard error.
    /// </summary>
    public string Reason
    {
        get
        {
            lock (_lock)
            {
                if (_trace.Count > 0)
                    return MessageIn(_trace);
                // A shell's way to write "ended by signal N".
                if (Exited is { IsCompletedSuccessfully: true, Result: > SignalBase and var code })
                    return $"it was ended by signal {code - SignalBase}";
                return _lastError ?? "it left no message; see the lines above";
            }
        }
    }

    /// <summary>Starts <c>dotnet APP.dll ARGUMENTS</c>.</summary>
    public static WorkerProcess Start(
        string appDll,
        IEnumerable<string> arguments,
        IEnumerable<KeyValuePair<string, string>> environment,
        ILogger logger
    )
    {
        var start = new ProcessStartInfo(DotNet())
        {
            WorkingDirectory = Path.GetDirectoryName(appDll),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(appDll);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment.Clear();
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new WorkerProcess(Process.Start(start)!, logger);
    }

    /// <summary>Ends the process at once.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();

    // Sample: "Unhandled exception. System.InvalidOperationException: Policy:Path: file x.yaml is missing", then lines with "   at ".
    private static string MessageIn(List<string> trace)
    {
        var text = string.Join(' ', trace.TakeWhile(l => !IsFrame(l)).Select(l => l.Trim()))[Unhandled.Length..];
        var colon = text.IndexOf(": ", StringComparison.Ordinal);
        return colon > 0 && !text.AsSpan(0, colon).Contains(' ') ? text[(colon + 2)..] : text;
    }

    private static bool IsFrame(string line) =>
        line.StartsWith("   at ", StringComparison.Ordinal) || line.StartsWith(" ---> ", StringComparison.Ordinal);

    private static string DotNet() =>
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path).Equals("dotnet", StringComparison.OrdinalIgnoreCase)
            ? path
            : "dotnet";

    private async Task<int> ExitedAsync()
    {
        await _ended.Task;
        try
        {
            await _process.WaitForExitAsync().WaitAsync(OutputTime, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            // What comes later is of another process.
        }

        return _process.ExitCode;
    }

    private void Write(string? line, bool error)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (_lock)
        {
            if (error && (_trace.Count > 0 || line.StartsWith(Unhandled, StringComparison.Ordinal)))
            {
                if (_trace.Count < MaxTraceLines)
                    _trace.Add(line);
                return;
            }

            if (error)
                _lastError = line.Trim();
        }

        if (error)
            _logger.ErrorOutput(line);
        else
            _logger.Output(line);
    }
}
