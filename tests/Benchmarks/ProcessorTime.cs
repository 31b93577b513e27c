using System.Diagnostics;
using System.Globalization;

namespace Benchmarks;

/// <summary>How long processes have kept a processor busy.</summary>
internal static class ProcessorTime
{
    /// <summary>Seconds of a process and of all it started that still run; of the process alone where there is no <c>/proc</c>.</summary>
    public static double OfTree(Process root)
    {
        var parents = Parents();
        var ids = new HashSet<int> { root.Id };
        while (parents.Where(p => ids.Contains(p.Value) && !ids.Contains(p.Key)).Select(p => p.Key).ToList() is { Count: > 0 } more)
            ids.UnionWith(more);
        return ids.Sum(Seconds);
    }

    private static double Seconds(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return process.TotalProcessorTime.TotalSeconds;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It has ended meanwhile.
            return 0;
        }
    }

    private static Dictionary<int, int> Parents()
    {
        var parents = new Dictionary<int, int>();
        if (!Directory.Exists("/proc"))
            return parents;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
            if (
                int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && ParentOf(folder) is { } parent
            )
                parents[id] = parent;
        return parents;
    }

    // A line such as 4711 (dotnet) S 4700 4711 ...; the name may have spaces and brackets.
    private static int? ParentOf(string folder)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(folder, "stat"));
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return null;
        }
    }
}
