using System.Globalization;
using System.Text.RegularExpressions;

namespace Infra.Tests;

/// <summary>The quantities of docs/operations/cost.md are those of what is deployed.</summary>
public sealed partial class CostPageTests(Templates templates)
{
    private static string Page => File.ReadAllText(Templates.Folder("docs", "operations", "cost.md"));

    [Fact]
    public void The_instance_is_the_one_that_always_runs_by_default()
    {
        var scale = templates.Report.One("Microsoft.Web/sites").At("properties.functionAppConfig.scaleAndConcurrency")!;
        var instances = scale["alwaysReady"]![0]!["instanceCount"]!.GetValue<int>();
        var gigabytes = scale["instanceMemoryMB"]!.GetValue<int>() / 1024;

        Assert.Contains($"| `I`, always-ready instances | {instances} |", Page, StringComparison.Ordinal);
        Assert.Contains($"| `M`, memory of an instance in GB | {gigabytes} |", Page, StringComparison.Ordinal);
        Assert.Contains(
            string.Create(CultureInfo.InvariantCulture, $"| `I × M × 730 × 3600` | **{instances * gigabytes * 730 * 3600:N0}** |"),
            Page,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_alerts_are_counted_by_how_often_they_ask()
    {
        var rules = templates.Report.Of("Microsoft.Insights/scheduledQueryRules");
        int Every(string frequency) => rules.Count(r => r.Text("properties.evaluationFrequency") == frequency);
        var split = rules.Count(r => r.At("properties.criteria.allOf")![0]!["dimensions"]!.AsArray().Count > 0);

        Assert.Equal(
            (Every("PT5M"), Every("PT15M"), Every("PT1H"), split, rules.Count),
            Alerts().Match(Page) is { Success: true } found
                ? (Number(found, 1), Number(found, 2), Number(found, 3), found.Groups[4].Value == "three" ? 3 : 0, Number(found, 5))
                : default
        );
    }

    [Fact]
    public void The_network_has_as_many_endpoints_and_zones()
    {
        var endpoints = templates.ReportWithNetwork.Of("Microsoft.Network/privateEndpoints").Count;
        var zones = templates.ReportWithNetwork.Of("Microsoft.Network/privateDnsZones").Count;

        Assert.Contains($"*Private Endpoint*, hours | `{endpoints} × 730` |", Page, StringComparison.Ordinal);
        Assert.Contains($"| *Private DNS zone* | {zones} zones | {zones} |", Page, StringComparison.Ordinal);
    }

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    // 1 rule every 5 minutes, 4 every 15, 1 hourly; three are split by control (9 series) | 6 rules |
    [GeneratedRegex(@"(\d+) rule every 5 minutes, (\d+) every 15, (\d+) hourly; (\w+) are split by control \(9 series\) \| (\d+) rules \|")]
    private static partial Regex Alerts();
}
