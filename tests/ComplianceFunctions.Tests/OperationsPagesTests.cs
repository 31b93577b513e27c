using System.Text.RegularExpressions;
using Compliance.AuditPack;

namespace ComplianceFunctions.Tests;

/// <summary>docs/operations: the threat model names tests that are there, the runbook has what is reported about the app itself.</summary>
public sealed partial class OperationsPagesTests
{
    [Fact]
    public void Every_test_that_the_threat_model_names_is_there()
    {
        var named = TestName().Matches(Page("threat-model.md")).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        var declared = Directory
            .EnumerateFiles(Path.Combine(Checkout.Root, "tests"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(f => TestClass().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value));

        Assert.NotEmpty(named);
        Assert.Empty(named.Except(declared, StringComparer.Ordinal));
    }

    [Fact]
    public void The_runbook_has_each_finding_about_the_app_itself() =>
        Assert.Equal(
            AllControls.Catalogue.Ids.Where(id => id.Split('-')[0] is "EVID" or "GAP" or "RUN" or "NOTIFY"),
            Heading().Matches(Page("runbook.md")).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal)
        );

    private static string Page(string name) => File.ReadAllText(Path.Combine(Checkout.Root, "docs", "operations", name));

    [GeneratedRegex("`([A-Za-z]+Tests)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"\bclass ([A-Za-z]+Tests)\b")]
    private static partial Regex TestClass();

    [GeneratedRegex("^### ([A-Z]+-[0-9]{3}) ", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
