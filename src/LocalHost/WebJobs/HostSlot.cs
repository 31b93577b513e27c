using System.Globalization;

namespace LocalHost.WebJobs;

/// <summary>
/// The place of this host among those that run side by side on one machine and one app: the lowest number that is free. It is held by a lock on a file, which
/// the operating system gives back when the process ends, however it ends; so a place that can be locked belongs to no host that runs.
/// </summary>
internal sealed class HostSlot : IDisposable
{
    private const int Slots = 100;

    private readonly FileStream _lock;

    private HostSlot(int number, string folder, FileStream held)
    {
        Number = number;
        Folder = folder;
        _lock = held;
    }

    /// <summary>The number, from 0.</summary>
    public int Number { get; }

    /// <summary>A folder of the host's own. It has what former hosts with this number left, and what is in places that are free.</summary>
    public string Folder { get; }

    /// <summary>Takes the lowest free place, and what was left in the other free ones.</summary>
    public static HostSlot Take(string folder)
    {
        HostSlot? own = null;
        for (var number = 0; number < Slots; number++)
        {
            var place = Path.Combine(folder, number.ToString(CultureInfo.InvariantCulture));
            if (own is not null && !Directory.Exists(place))
                return own;
            if (TryLock(Directory.CreateDirectory(place).FullName) is not { } held)
                continue;
            if (own is null)
            {
                own = new HostSlot(number, place, held);
                continue;
            }

            using (held)
            {
                foreach (var file in Directory.EnumerateFiles(place, "*.json"))
                    File.Move(file, Path.Combine(own.Folder, Path.GetFileName(file)), overwrite: true);
            }
        }

        return own ?? throw new IOException($"{folder}: all {Slots} places are taken by hosts that run");
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private static FileStream? TryLock(string place)
    {
        try
        {
            return new FileStream(Path.Combine(place, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
