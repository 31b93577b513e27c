using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Compliance.AuditPack;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.LedgerCheck;
using Compliance.Notifications;
using Compliance.Observability;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Desk;
using Compliance.Offboarding.Intake;
using Compliance.Runs;

namespace Infra.Tests;

/// <summary>The alerts ask for what the app's telemetry has.</summary>
public sealed partial class AlertsTests(Templates templates)
{
    // What OpenTelemetry fills; requests, traces and custom events of the older mode are under other names.
    private static readonly string[] Tables = ["AppExceptions", "AppMetrics", "AppTraces"];

    private Dictionary<string, string> Queries =>
        templates
            .Report.Of("Microsoft.Insights/scheduledQueryRules")
            .ToDictionary(
                r => r.Name[(r.Name.IndexOf('-', "alert-".Length) + 1)..],
                r => r.At("properties.criteria.allOf")![0]!["query"]!.GetValue<string>()
            );

    [Fact]
    public void Each_goes_to_somebody()
    {
        var rules = templates.Report.Of("Microsoft.Insights/scheduledQueryRules");
        var owners = templates.Report.One("Microsoft.Insights/actionGroups");
        var named = templates.Enforce.One("Microsoft.Insights/actionGroups");

        Assert.Equal(6, rules.Count);
        Assert.All(rules, r => Assert.Single(r.At("properties.actions.actionGroups")!.AsArray()));
        Assert.All(rules, r => Assert.Equal("true", r.Text("properties.enabled")));
        Assert.Single(owners.At("properties.armRoleReceivers")!.AsArray());
        Assert.Empty(named.At("properties.armRoleReceivers")!.AsArray());
        Assert.Equal("compliance@example.org", named.At("properties.emailReceivers")![0]!["emailAddress"]!.GetValue<string>());
    }

    [Fact]
    public void Only_tables_that_the_telemetry_fills_are_asked()
    {
        Assert.All(Queries, q => Assert.NotEmpty(Table().Matches(q.Value)));
        Assert.All(Queries.SelectMany(q => Table().Matches(q.Value)).Select(m => m.Value), t => Assert.Contains(t, Tables));
    }

    [Fact]
    public void Every_metric_that_is_asked_for_is_one_that_the_app_counts()
    {
        var counted = new HashSet<string>(StringComparer.Ordinal);
        using var listener = new MeterListener { InstrumentPublished = (i, _) => counted.Add($"{i.Meter.Name}/{i.Name}") };
        listener.Start();
        // Instruments are made with their class.
        RuntimeHelpers.RunClassConstructor(typeof(Telemetry).TypeHandle);
        RuntimeHelpers.RunClassConstructor(typeof(FindingTelemetry).TypeHandle);

        var asked = Queries
            .SelectMany(q => Metric().Matches(q.Value))
            .Select(m => $"{Telemetry.Name}/{m.Groups[1].Value}")
            .Distinct()
            .ToList();

        Assert.Equal(2, asked.Count);
        Assert.All(asked, a => Assert.Contains(a, counted));
    }

    [Fact]
    public void Every_scheduled_control_is_missed_when_it_does_not_run()
    {
        ScheduledControl[] others = [ControlWatchHandler.Itself, CaseCourse.Itself, LeaverWatch.Itself, Notifier.Itself];
        var scheduled = LedgerKeeper
            .Expected.Concat(CaseChecks.Expected)
            .Concat(others)
            .Select(c => c.Name)
            .Append(CredentialRotationCheck.Name)
            .Order(StringComparer.Ordinal);
        var query = Queries["no-run"];

        Assert.Equal(scheduled, JsonSerializer.Deserialize<string[]>(Names().Match(query).Groups[1].Value));
        Assert.Contains("ago(26h)", query, StringComparison.Ordinal);
    }

    [Fact]
    public void Controls_that_are_asked_for_exist()
    {
        Assert.Contains($"'{UnprocessedMessages.Left}'", Queries["left-message"], StringComparison.Ordinal);
        Assert.Contains("startswith 'EVID-'", Queries["ledger"], StringComparison.Ordinal);
        Assert.Contains(AllControls.Catalogue.All, c => c.Id.StartsWith("EVID-", StringComparison.Ordinal));
    }

    // "alert-x-no-run" is "### no-run". The budget is no rule of Log Analytics, and mails the same people.
    [Fact]
    public void Each_leads_to_its_entry_in_the_runbook_and_each_entry_is_of_an_alert()
    {
        var runbook = File.ReadAllText(Templates.Folder("docs", "operations", "runbook.md"));
        var alerts = runbook[runbook.IndexOf("\n## Alerts\n", StringComparison.Ordinal)..];

        Assert.Equal(
            Queries.Keys.Append("budget").Order(StringComparer.Ordinal),
            Heading().Matches(alerts).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal)
        );
        Assert.All(
            templates.Report.Of("Microsoft.Insights/scheduledQueryRules"),
            r =>
                Assert.Contains(
                    Queries.Keys,
                    name => r.Text("properties.description")!.EndsWith($" docs/operations/runbook.md#{name}", StringComparison.Ordinal)
                        && r.Name.EndsWith($"-{name}", StringComparison.Ordinal)
                )
        );
    }

    [GeneratedRegex("^### (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\b(?:App|Storage|Azure|AZK|Function)[A-Z]\w+")]
    private static partial Regex Table();

    [GeneratedRegex(@"Name == '([^']+)'")]
    private static partial Regex Metric();

    [GeneratedRegex(@"dynamic\((\[[^\]]*\])\)")]
    private static partial Regex Names();
}
