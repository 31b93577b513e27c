using System.Diagnostics;
using Local;

namespace EndToEnd;

/// <summary>Runs the launcher as a user does, as a process of its own, with its state in a folder of the test's.</summary>
internal sealed class Checkout : IDisposable
{
    /// <summary>The clock of documented output.</summary>
    public const string Now = "2026-11-23T06:00:00Z";

    private readonly string _state = Directory.CreateTempSubdirectory("e2e-").FullName;

    public string State => _state;

    public void Dispose() => Directory.Delete(_state, recursive: true);

    /// <summary>Starts <c>./scripts/run</c> with the given options.</summary>
    public Process Start(params string[] options) => Start(new Dictionary<string, string>(), options);

    /// <summary>Starts <c>./scripts/run</c> with the given environment variables and options.</summary>
    public Process Start(IReadOnlyDictionary<string, string> environment, params string[] options)
    {
        // Heeding Ctrl-C, also where the test run itself was started in the background, which passes on that it is ignored.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = RepositoryRoot.Find(),
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Local.dll"));
        start.ArgumentList.Add("run");
        foreach (var option in options)
            start.ArgumentList.Add(option);
        start.ArgumentList.Add("--state");
        start.ArgumentList.Add(_state);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Runs to the end.</summary>
    public async Task<(int Exit, string Output, string Errors)> RunAsync(params string[] options)
    {
        using var process = Start(options);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await errors);
    }
}
