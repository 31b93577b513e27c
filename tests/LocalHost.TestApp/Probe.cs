using System.Globalization;

namespace TestApp;

/// <summary>
/// Files in the folder of setting <c>TestApp__Folder</c>, where functions leave what they did and find what they wait for: they outlive a process that is killed.
/// </summary>
internal static class Probe
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(25);
    private static int _number;

    private static string Folder => Environment.GetEnvironmentVariable("TestApp__Folder") ?? throw new InvalidOperationException("TestApp__Folder is not set");

    /// <summary>Leaves a line; the test reads all lines of all processes.</summary>
    public static void See(string what)
    {
        var number = Interlocked.Increment(ref _number).ToString("D6", CultureInfo.InvariantCulture);
        var file = Path.Combine(Folder, $"seen-{Environment.ProcessId}-{number}");
        File.WriteAllText(file + ".new", what);
        File.Move(file + ".new", file + ".txt");
    }

    /// <summary>Does something once, whoever asks again: true for the one who did it.</summary>
    public static bool Once(string what)
    {
        try
        {
            using var file = new FileStream(Path.Combine(Folder, $"once-{what}.txt"), FileMode.CreateNew);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Waits until the test opens a gate.</summary>
    public static async Task PassAsync(string gate, CancellationToken cancellationToken)
    {
        while (!File.Exists(Path.Combine(Folder, $"gate-{gate}.txt")))
            await Task.Delay(Between, TimeProvider.System, cancellationToken);
    }

    /// <summary>Waits until the test opens a gate, and keeps the thread.</summary>
    public static void Pass(string gate) => SpinWait.SpinUntil(() => File.Exists(Path.Combine(Folder, $"gate-{gate}.txt")));
}
