using System.Diagnostics;
using System.Text.Json;

namespace Local;

/// <summary>
/// Notes the running children, so that the next start finds those that a killed launcher left behind.
/// Only its owner, the launcher that holds the state folder's lock, reads or writes it.
/// </summary>
internal sealed class PidFile(string path)
{
    private sealed record Entry(string Name, int Pid, DateTimeOffset StartedAt, IReadOnlyList<string> Command);

    /// <summary>Notes these children in place of those noted before.</summary>
    public void Write(IEnumerable<ChildProcess> children)
    {
        var entries = children.Select(child => new Entry(child.Name, child.Process.Id, child.StartedAt, child.Command));
        var next = path + ".new";
        File.WriteAllText(next, JsonSerializer.Serialize(entries, JsonSerializerOptions.Web));
        File.Move(next, path, overwrite: true);
    }

    /// <summary>Nothing is running any more.</summary>
    public void Clear() => File.Delete(path);

    /// <summary>
    /// Stops what is still running of an earlier launcher, the last started first. A process counts as ours only when its number, its start
    /// and (where the system shows it) its whole command line are those noted: numbers are used again.
    /// </summary>
    /// <returns>What was stopped, as <c>name (pid n)</c>.</returns>
    public async Task<IReadOnlyList<string>> StopLeftoversAsync()
    {
        var stopped = new List<string>();
        foreach (var entry in Enumerable.Reverse(Read()))
        {
            using var process = Running(entry.Pid);
            if (process is null || !IsOurs(process, entry))
                continue;
            await ProcessStart.TerminateAsync(process, TimeSpan.FromSeconds(15));
            stopped.Add($"{entry.Name} (pid {entry.Pid})");
        }
        Clear();
        return stopped;
    }

    private Entry[] Read()
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<Entry[]>(File.ReadAllText(path), JsonSerializerOptions.Web) ?? [] : [];
        }
        catch (JsonException)
        {
            return []; // Cut off when the machine went down: nothing of it is running.
        }
    }

    private static Process? Running(int pid)
    {
        try
        {
            return Process.GetProcessById(pid);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static bool IsOurs(Process process, Entry entry)
    {
        try
        {
            // The start is counted from the boot, whose time moves a little when the clock is set.
            return (ProcessStart.StartedAt(process) - entry.StartedAt).Duration() < TimeSpan.FromSeconds(2)
                && HasCommand(process.Id, entry.Command);
        }
        catch (Exception e)
            when (e is InvalidOperationException or System.ComponentModel.Win32Exception or IOException or UnauthorizedAccessException)
        {
            return false; // It ended meanwhile, or is another user's.
        }
    }

    private static bool HasCommand(int pid, IReadOnlyList<string> command) =>
        !OperatingSystem.IsLinux() || File.ReadAllText($"/proc/{pid}/cmdline").TrimEnd('\0') == string.Join('\0', command);
}
