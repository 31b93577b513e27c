using System.Text.RegularExpressions;
using Compliance.AuditPack;

namespace ComplianceFunctions.Tests;

/// <summary>docs/operations: what is claimed has a test that is there, and what is reported about the app itself has a way out.</summary>
public sealed partial class OperationsPagesTests
{
    private static readonly string Docs = Path.Combine(Checkout.Root, "docs");

    [Fact]
    public void Every_test_that_a_page_names_is_there()
    {
        var declared = Directory
            .EnumerateFiles(Path.Combine(Checkout.Root, "tests"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(f => TestClass().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value))
            .ToHashSet(StringComparer.Ordinal);

        var named = Directory
            .EnumerateFiles(Docs, "*.md", SearchOption.AllDirectories)
            .SelectMany(f => TestName().Matches(File.ReadAllText(f)).Select(m => (Path.GetRelativePath(Docs, f), Name: m.Groups[1].Value)))
            .ToList();

        Assert.True(named.Count > 100);
        Assert.DoesNotContain(named, n => !declared.Contains(n.Name));
    }

    [Fact]
    public void Each_threat_has_a_mitigation_and_a_test_or_admits_that_there_is_none()
    {
        // | T | an action or package is replaced | actions by commit | `WorkflowTests` |
        var rows = Threats(Page("threat-model.md"));

        Assert.True(rows.Count > 70);
        Assert.All(rows, r => Assert.True(r is [_, { Length: > 0 }, { Length: > 0 }, _], string.Join(" | ", r)));
        Assert.All(rows, r => Assert.True(r[3].Contains("**none**") || TestName().IsMatch(r[3]), $"{r[1]}: neither a test nor **none**"));
    }

    [Fact]
    public void Each_boundary_of_the_threat_model_was_asked_all_six_questions()
    {
        var boundaries = Page("threat-model.md").Split("\n## ")[1..];

        Assert.True(boundaries.Length >= 7);
        Assert.All(
            boundaries,
            b =>
                Assert.Equal(
                    (b.Split('\n')[0], "DEIRST"),
                    (b.Split('\n')[0], string.Concat(Threats(b).Select(r => r[0]).Distinct().Order(StringComparer.Ordinal)))
                )
        );
    }

    [Fact]
    public void The_runbook_has_each_finding_about_the_app_itself() =>
        Assert.Equal(
            AllControls.Catalogue.Ids.Where(id => id.Split('-')[0] is "EVID" or "GAP" or "RUN" or "NOTIFY"),
            Heading().Matches(Page("runbook.md")).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Each_entry_of_the_runbook_leads_from_what_it_means_to_how_it_is_over()
    {
        var entries = Page("runbook.md").Split("\n### ")[1..];

        Assert.All(
            entries,
            e =>
                Assert.Equal(
                    (e.Split('\n')[0], "means, check first, do, over"),
                    (e.Split('\n')[0], string.Join(", ", Step().Matches(e).Select(m => m.Groups[1].Value)))
                )
        );
    }

    // Commands that were read and not run: whoever follows them has to know.
    [Fact]
    public void Each_page_with_commands_for_Azure_admits_that_they_were_never_run()
    {
        var pages = Directory
            .EnumerateFiles(Path.Combine(Docs, "operations"), "*.md")
            .Where(f => AzureCommand().IsMatch(File.ReadAllText(f)))
            .ToList();

        Assert.True(pages.Count >= 5);
        Assert.All(pages, f => Assert.True(NeverRun().IsMatch(File.ReadAllText(f)), $"{f} does not admit it"));
    }

    [Fact]
    public void The_readme_leads_in_five_lines_from_sign_in_to_the_first_report_with_its_cost_and_what_was_never_run()
    {
        var section = File.ReadAllText(Path.Combine(Checkout.Root, "README.md")).Split("\n## Azure\n")[1].Split("\n## ")[0];
        var lines = section.Split('\n').Where(l => l.StartsWith("    ", StringComparison.Ordinal)).Select(l => l.Trim()).ToList();

        Assert.Equal(5, lines.Count);
        Assert.StartsWith("az login", lines[0], StringComparison.Ordinal);
        Assert.Contains("azd up", lines[1], StringComparison.Ordinal);
        Assert.Contains("/api/findings", lines[4], StringComparison.Ordinal);
        Assert.Contains("(docs/operations/deployment.md#what-was-never-run)", section, StringComparison.Ordinal);
        // "[about 40 US dollars a month](docs/operations/cost.md)", as the page has it.
        var cost = Cost().Match(section).Groups[1].Value;
        Assert.Contains(cost, Page("cost.md"), StringComparison.OrdinalIgnoreCase);
        Assert.Matches("[0-9]", cost);
    }

    private static IReadOnlyList<string[]> Threats(string page) =>
        [
            .. page.Split('\n')
                .Where(l => Threat().IsMatch(l))
                .Select(l => l.Trim('|', ' ').Split(" | ").Select(cell => cell.Trim()).ToArray()),
        ];

    private static string Page(string name) => File.ReadAllText(Path.Combine(Docs, "operations", name));

    [GeneratedRegex("`([A-Za-z]+Tests)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"\bclass ([A-Za-z]+Tests)\b")]
    private static partial Regex TestClass();

    [GeneratedRegex("^### ([A-Z]+-[0-9]{3}) ", RegexOptions.Multiline)]
    private static partial Regex Heading();

    // | check first, do | there |
    [GeneratedRegex(@"^\| (means|check first|do|over|check first, do) \| \S", RegexOptions.Multiline)]
    private static partial Regex Step();

    [GeneratedRegex("^\\| [STRIDE] \\|")]
    private static partial Regex Threat();

    [GeneratedRegex("^    (az|azd) [a-z]|`az (?!login)", RegexOptions.Multiline)]
    private static partial Regex AzureCommand();

    // "None of this was ever run against Azure.", "An upgrade on Flex Consumption was never made."
    [GeneratedRegex(@"\bn(ever|one\b[^.]*\bever|othing\b[^.]*\bever)\s+(run|deployed|tried|made)\b", RegexOptions.IgnoreCase)]
    private static partial Regex NeverRun();

    [GeneratedRegex(@"\[([^\]]+)\]\(docs/operations/cost\.md\)")]
    private static partial Regex Cost();
}
