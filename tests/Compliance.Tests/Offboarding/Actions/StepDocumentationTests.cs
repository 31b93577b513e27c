using System.Reflection;
using System.Text.RegularExpressions;
using Compliance.Offboarding.Actions;
using Compliance.Tenants;
using Local;

namespace Compliance.Tests.Offboarding.Actions;

public sealed partial class StepDocumentationTests
{
    private static readonly List<(string Action, string Method, string Path, string Permission)> Rows =
    [
        .. Row()
            .Matches(File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "docs", "reference", "offboarding-steps.md")))
            .Select(m => (m.Groups[1].Value, m.Groups[2].Value, m.Groups[3].Value, m.Groups[4].Value)),
    ];

    [Fact]
    public void Every_action_has_its_row_and_no_other_has() =>
        Assert.Equal(
            typeof(LeaverActions)
                .GetFields(BindingFlags.Public | BindingFlags.Static)
                .Select(f => (string)f.GetRawConstantValue()!)
                .Order(StringComparer.Ordinal),
            Rows.Select(r => r.Action).Distinct().Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Every_row_is_a_declared_call_with_its_permission() =>
        Assert.All(
            Rows,
            row =>
                Assert.Contains(DeclaredCall.Changes, c => c.Method == row.Method && c.Path == row.Path && c.Permission == row.Permission)
        );

    [Fact]
    public void The_steps_of_the_removal_stand_in_the_order_in_which_a_plan_does_them() =>
        Assert.Equal(
            typeof(LeaverActions)
                .GetFields(BindingFlags.Public | BindingFlags.Static)
                .Select(f => (string)f.GetRawConstantValue()!)
                .TakeWhile(a => a != LeaverActions.EnableAccount),
            Rows.Select(r => r.Action).TakeWhile(a => a != LeaverActions.EnableAccount)
        );

    [GeneratedRegex(@"^\| `([a-zA-Z.]+)` \| ([A-Z]+) `([^`]+)` \| ([^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
