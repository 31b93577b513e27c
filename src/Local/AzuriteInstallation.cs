using System.Diagnostics;
using System.Globalization;

namespace Local;

/// <summary>Azurite's pinned version, installed by <c>npm ci</c> the first time and whenever the lock file changes.</summary>
internal static class AzuriteInstallation
{
    /// <summary>What to do when node or npm is missing.</summary>
    public const string Remedy = "install Node.js 20 or newer (it brings npm)";

    /// <summary>The script that node runs.</summary>
    public static string EntryPoint(string repositoryRoot) =>
        Path.Combine(repositoryRoot, "scripts", "azurite", "node_modules", "azurite", "dist", "src", "azurite.js");

    /// <summary>Installs when needed. Safe when several processes ask at once: one installs, the others wait.</summary>
    /// <param name="repositoryRoot">The checkout.</param>
    /// <param name="time">Clock for waiting, and for how long it took.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="progress">Gets a line when it begins to install and one when it has; null for none.</param>
    /// <exception cref="LaunchException">npm is missing or failed; the message carries its last lines.</exception>
    public static async Task EnsureAsync(
        string repositoryRoot,
        TimeProvider time,
        CancellationToken cancellationToken,
        Action<string>? progress = null
    )
    {
        var folder = Path.Combine(repositoryRoot, "scripts", "azurite");
        if (IsCurrent(folder))
            return;
        await using var only = await LockAsync(Path.Combine(folder, ".install.lock"), time, cancellationToken);
        if (IsCurrent(folder))
            return;
        var start = new ProcessStartInfo(Tool.Find("npm", Remedy))
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "ci", "--no-audit", "--no-fund", "--ignore-scripts" },
        };
        progress?.Invoke("installing Azurite with npm (186 MB on disk, 10 to 60 s)");
        var began = time.GetTimestamp();
        using var npm = ProcessStart.Start(start, "npm", Remedy);
        var lines = new LastLines(4);
        npm.OutputDataReceived += (_, e) => lines.Add(e.Data);
        npm.ErrorDataReceived += (_, e) => lines.Add(e.Data);
        npm.BeginOutputReadLine();
        npm.BeginErrorReadLine();
        await npm.WaitForExitAsync(cancellationToken);
        if (npm.ExitCode != 0)
            throw new LaunchException($"npm ci in scripts/azurite failed (exit {npm.ExitCode}): {lines.Text}");
        File.Copy(Path.Combine(folder, "package-lock.json"), Stamp(folder), overwrite: true);
        progress?.Invoke(
            string.Create(CultureInfo.InvariantCulture, $"installed Azurite in {time.GetElapsedTime(began).TotalSeconds:0} s")
        );
    }

    private static string Stamp(string folder) => Path.Combine(folder, "node_modules", ".installed-lock.json");

    private static bool IsCurrent(string folder) =>
        File.Exists(Stamp(folder)) && File.ReadAllText(Stamp(folder)) == File.ReadAllText(Path.Combine(folder, "package-lock.json"));

    private static async Task<FileStream> LockAsync(string path, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            }
            catch (IOException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellationToken);
            }
    }
}
