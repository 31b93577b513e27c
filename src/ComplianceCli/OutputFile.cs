using System.CommandLine;

namespace ComplianceCli;

/// <summary>What a command writes. What is there already stays, unless <c>--force</c> is given.</summary>
internal static class OutputFile
{
    /// <summary>Makes the option.</summary>
    public static Option<bool> Force() => new("--force") { Description = "Write over what is there already" };

    /// <summary>Checks, before a command does anything, that its file can be written.</summary>
    /// <param name="file">The file; null for none.</param>
    /// <param name="force">Whether a file that is there is replaced.</param>
    /// <exception cref="CliException">It is there already, is a folder, or would lie in a folder that is not there.</exception>
    public static void Require(FileInfo? file, bool force)
    {
        if (file is null)
            return;
        if (Directory.Exists(file.FullName))
            throw Refused($"{file.FullName} is a folder: name a file");
        if (file.Exists && !force)
            throw Refused($"{file.FullName} is there already: name another file, or add --force to replace it");
        if (file.Directory is { Exists: false } folder)
            throw new CliException($"there is no folder {folder.FullName} to write to");
    }

    /// <summary>Checks, before a command does anything, that a folder is new or empty.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="force">Whether files that are there are written over; others stay.</param>
    /// <exception cref="CliException">It holds something already, or is a file.</exception>
    public static void Require(DirectoryInfo folder, bool force)
    {
        if (File.Exists(folder.FullName))
            throw Refused($"{folder.FullName} is a file: name a folder");
        if (!force && folder.Exists && folder.EnumerateFileSystemInfos().Any())
            throw Refused($"{folder.FullName} is not empty: name a new folder, or add --force to write over what is there");
    }

    private static CliException Refused(string message) => new(message) { IsUsage = true };
}
