using System.Text.RegularExpressions;
using Compliance.Offboarding.Actions;
using Local;

namespace Compliance.Tests.Offboarding.Actions;

public sealed partial class StepDocumentationTests
{
    private static readonly List<(string Action, string Title, string Method, string Path, string Permission)> Rows =
    [
        .. Row()
            .Matches(Page("offboarding-steps.md"))
            .Select(m => (m.Groups[1].Value, m.Groups[2].Value, m.Groups[3].Value, m.Groups[4].Value, m.Groups[5].Value)),
    ];

    [Fact]
    public void Every_step_has_its_row_and_no_other_has() =>
        Assert.Equal(
            StepRegistry.Default.All.Select(s => (s.Action, s.Title)).Order(),
            Rows.Select(r => (r.Action, r.Title)).Distinct().Order()
        );

    [Fact]
    public void Every_row_is_a_call_of_its_step_with_its_permission() =>
        Assert.All(
            Rows,
            row =>
                Assert.Contains(
                    StepRegistry.Default.Find(row.Action)!.Calls,
                    c => c.Method == row.Method && c.Path == row.Path && c.Permission == row.Permission
                )
        );

    [Fact]
    public void The_page_of_permissions_names_every_call_of_every_step()
    {
        var page = Page("permissions.md");

        Assert.All(
            StepRegistry.Default.Calls,
            call => Assert.Contains($"| {call.Method} `{call.Path}` | {call.Permission} | {call.For} |", page, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void The_steps_of_the_removal_come_in_the_order_in_which_a_plan_does_them() =>
        Assert.Equal(
            StepRegistry.Default.All.Select(s => s.Action).TakeWhile(a => a != EnableAccount.Id),
            Rows.Select(r => r.Action).TakeWhile(a => a != EnableAccount.Id)
        );

    private static string Page(string name) => File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "docs", "reference", name));

    [GeneratedRegex(@"^\| `([a-zA-Z.]+)` \| ([^|]+) \| ([A-Z]+) `([^`]+)` \| ([^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
