using Compliance.AuditPack;
using Local;

namespace Compliance.Tests.Controls;

public sealed class ControlPagesTests
{
    private static readonly string[] Headings =
    [
        "## Synopsis",
        "## Why",
        "## What is checked",
        "## Recommendation",
        "## Example",
        "## Related",
    ];
    private static readonly string Folder = Path.Combine(RepositoryRoot.Find(), "docs/reference/controls");

    [Fact]
    public void Each_control_has_a_page_and_each_page_a_control() =>
        Assert.Equal(
            AllControls.Catalogue.Ids.Select(id => id + ".md"),
            Directory.GetFiles(Folder).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)
        );

    [Fact]
    public void A_page_says_what_the_catalogue_says() =>
        Assert.All(
            AllControls.Catalogue.All,
            control =>
            {
                var lines = File.ReadAllLines(Path.Combine(Folder, control.Id + ".md"));
                Assert.Equal(
                    [
                        $"# {control.Id} {control.Title}",
                        $"| {control.Severity.ToString().ToLowerInvariant()} | {string.Join(", ", control.Serves)} |",
                        control.Why,
                    ],
                    [lines[0], lines[4], lines[Array.IndexOf(lines, "## Why") + 1]]
                );
                Assert.Equal(Headings, lines.Where(l => l.StartsWith("## ", StringComparison.Ordinal)));
            }
        );

    [Fact]
    public void Every_page_that_a_page_points_to_is_there() =>
        Assert.All(
            Directory
                .GetFiles(Folder)
                .SelectMany(f =>
                    System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(f), @"\]\(([^)]+\.md)\)").Select(m => m.Groups[1].Value)
                )
                .Distinct(),
            link => Assert.True(File.Exists(Path.Combine(Folder, link)), link)
        );
}
