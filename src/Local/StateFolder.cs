namespace Local;

/// <summary>
/// The launcher's state. <c>run</c> and <c>run --once</c> keep theirs apart, so that both can run at the same time and a check with another
/// clock leaves the running app's findings alone.
/// </summary>
internal sealed class StateFolder : IDisposable
{
    // Only what the launcher itself made is ever deleted: --state may point anywhere.
    private static readonly string[] Modes = ["run", "once"];

    private readonly string _root;
    private readonly string _mode;
    private readonly FileStream _lock;

    private StateFolder(string root, string mode, FileStream held)
    {
        (_root, _mode, _lock) = (root, mode, held);
        Pids = new PidFile(Path.Combine(Folder, "pids.json"));
    }

    /// <summary>The folder of this mode.</summary>
    public string Folder => Path.Combine(_root, _mode);

    /// <summary>Azurite's data.</summary>
    public string Azurite => Path.Combine(Folder, "azurite");

    /// <summary>Is there once the demo tenant's data was put into Azurite: what is deleted since then stays deleted.</summary>
    public string DemoData => Path.Combine(Azurite, "demo-data.txt");

    /// <summary>The function keys.</summary>
    public string Keys => KeyFile(_root);

    /// <summary>
    /// The key that signs the evidence ledger; <c>--fresh</c> leaves it, since checkpoints that were copied elsewhere still name it.
    /// </summary>
    public string SigningKey => Path.Combine(Folder, "evidence-key.pem");

    /// <summary>Notes of the host on queue messages that it works on.</summary>
    public string Journal => Path.Combine(Folder, "journal");

    /// <summary>Mail to the people of the sandbox tenant, as files.</summary>
    public string Outbox => Path.Combine(Folder, "outbox");

    /// <summary>How to reach what runs.</summary>
    public string Connection => Path.Combine(Folder, "connection.json");

    /// <summary>The children that run.</summary>
    public PidFile Pids { get; }

    /// <summary>A log file of this start.</summary>
    public string Log(string name) => Path.Combine(Folder, "logs", name);

    /// <summary>What the sandbox changed in one tenant; another tenant folder has a state of its own.</summary>
    public string Sandbox(string? tenant) =>
        Path.Combine(
            Folder,
            "sandbox",
            tenant is null
                ? "demo"
                : Convert.ToHexStringLower(
                    System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Path.GetFullPath(tenant)))
                )[..12]
        );

    /// <summary>Takes the folder for this process alone and keeps the last start's logs as <c>*.1.log</c>.</summary>
    /// <param name="root">The state folder; created when absent.</param>
    /// <param name="once">Which of the two modes.</param>
    /// <exception cref="LaunchException">Another launcher has it.</exception>
    public static StateFolder Take(string root, bool once)
    {
        var mode = once ? "once" : "run";
        // Storage, its key and the logs are in it, for their owner alone, whatever the umask.
        var folder = Directory.CreateDirectory(Path.Combine(root, mode)).FullName;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var held =
            TryLock(root, mode)
            ?? throw new LaunchException(
                $"{Path.Combine(root, mode)} is in use by another ./scripts/run{(once ? " --once" : "")}: wait for it, stop it, or give "
                    + "this one --state DIR"
            );
        return new StateFolder(root, mode, held);
    }

    /// <summary>Keeps the logs of the last start beside this one's.</summary>
    public void RotateLogs()
    {
        Directory.CreateDirectory(Path.Combine(Folder, "logs"));
        foreach (
            var log in Directory.GetFiles(Path.Combine(Folder, "logs")).Where(file => Path.GetFileName(file).Count(c => c == '.') == 1)
        )
            File.Move(log, Path.ChangeExtension(log, ".1" + Path.GetExtension(log)), overwrite: true);
    }

    /// <summary>Deletes all state but that of the other mode while it is in use. Call it after leftovers were stopped.</summary>
    /// <returns>False when the other mode is in use and was left alone, with the keys both share.</returns>
    public async Task<bool> EmptyAsync()
    {
        Delete(_mode);
        var other = Modes.Single(mode => mode != _mode);
        if (!Directory.Exists(Path.Combine(_root, other)))
        {
            File.Delete(Keys);
            return true;
        }
        using var held = TryLock(_root, other);
        if (held is null)
            return false;
        await new PidFile(Path.Combine(_root, other, "pids.json")).StopLeftoversAsync();
        Delete(other);
        File.Delete(Keys);
        return true;
    }

    /// <summary>Lets others take the folder.</summary>
    public void Dispose() => _lock.Dispose();

    private static string KeyFile(string root) => Path.Combine(root, "keys.json");

    private static FileStream? TryLock(string root, string mode)
    {
        try
        {
            return new FileStream(Path.Combine(root, mode, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private void Delete(string mode)
    {
        foreach (var part in new[] { "azurite", "sandbox", "logs", "journal", "outbox" })
            if (Directory.Exists(Path.Combine(_root, mode, part)))
                Directory.Delete(Path.Combine(_root, mode, part), recursive: true);
    }
}
