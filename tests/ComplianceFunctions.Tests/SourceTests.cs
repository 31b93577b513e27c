using Local;

namespace ComplianceFunctions.Tests;

/// <summary>What holds for every source file.</summary>
public sealed class SourceTests
{
    private const int Columns = 140;

    [Fact]
    public void Code_is_at_most_140_columns_wide()
    {
        var wide = Sources().SelectMany(Wide).ToList();

        Assert.True(wide.Count == 0, string.Join('\n', wide));
    }

    [Fact]
    public void Every_source_file_was_found() => Assert.InRange(Sources().Count(), 500, 5000);

    private static IEnumerable<string> Sources() =>
        new[] { "src", "tests" }
            .SelectMany(d => Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Find(), d), "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"));

    // Texts between """ are as wide as what they hold.
    private static IEnumerable<string> Wide(string file)
    {
        var isRaw = false;
        foreach (var (line, number) in File.ReadLines(file).Select((line, i) => (line, i + 1)))
        {
            var quotes = line.Split("\"\"\"").Length - 1;
            if (line.Length > Columns && !isRaw && quotes == 0)
                yield return $"{file}:{number}";
            isRaw ^= quotes % 2 == 1;
        }
    }
}
