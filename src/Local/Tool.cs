using System.Runtime.InteropServices;

namespace Local;

/// <summary>Finds the programs the launcher starts.</summary>
internal static class Tool
{
    /// <summary>Where a program is on PATH.</summary>
    /// <param name="name">Its name, without an ending.</param>
    /// <param name="remedy">What to do when it is missing, in the imperative.</param>
    /// <param name="path">The search path; null takes the environment's.</param>
    /// <exception cref="LaunchException">It is not there.</exception>
    public static string Find(string name, string remedy, string? path = null) =>
        FindOrNull(name, path) ?? throw new LaunchException($"{name} is missing: {remedy}");

    /// <summary>Where a program is on PATH; null when it is not there.</summary>
    public static string? FindOrNull(string name, string? path = null)
    {
        string[] endings = OperatingSystem.IsWindows() ? [".exe", ".cmd"] : [""];
        return (path ?? Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => endings.Select(ending => Path.Combine(folder, name + ending)))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>The <c>dotnet</c> that runs this very process, so that a second one on PATH does not get in between.</summary>
    /// <exception cref="LaunchException">There is none.</exception>
    public static string Dotnet()
    {
        // .../shared/Microsoft.NETCore.App/10.0.x/
        var own = Path.GetFullPath(
            Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet")
        );
        return File.Exists(own) ? own : Find("dotnet", "install the .NET 10 SDK");
    }
}
