using System.Text.RegularExpressions;
using Compliance.Callers;
using Compliance.Runs;
using ComplianceFunctions;
using Microsoft.Extensions.Configuration;
using NCrontab;

namespace Infra.Tests;

/// <summary>The settings that the template gives the app are those that the app reads.</summary>
public sealed partial class SettingsTests(Templates templates)
{
    // Read by the Functions host, and by the app (AzureMonitor).
    private static readonly string[] OfTheHost = ["APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"];

    // Read by host and app: see StorageOptions.
    private static readonly string[] OfStorage =
    [
        "AzureWebJobsStorage__blobServiceUri",
        "AzureWebJobsStorage__queueServiceUri",
        "AzureWebJobsStorage__tableServiceUri",
        "AzureWebJobsStorage__credential",
        "AzureWebJobsStorage__clientId",
        "EvidenceStorage__blobServiceUri",
    ];

    // What the app reads and a deployment does not set, with the reason.
    private static readonly Dictionary<string, string> NotSet = new()
    {
        ["Tenant__GraphEndpoint"] = "the public cloud's",
        ["Tenant__ResourceManagerEndpoint"] = "the public cloud's",
        ["Tenant__AuthorityHost"] = "the public cloud's",
        ["Tenant__ClientSecret"] = "the identity has none",
        ["Tenant__PinnedThumbprint"] = "for a sandbox",
        ["Tenant__MaxRetryWaitSeconds"] = "its default",
        ["Tenant__GraphWriteLimit"] = "its default",
        ["Policy__Credentials"] = "in the package",
        ["Policy__Offboarding"] = "in the package",
        ["Policy__Evidence"] = "in the package",
        ["Policy__Notifications"] = "in the package",
        ["Policy__Retention"] = "in the package",
        ["Minimization__Accounts"] = "for a sandbox",
        ["Notifications__Outbox"] = "for a sandbox",
        ["Hr__WebhookKeys"] = "for a sandbox",
        ["Clock__Now"] = "for a sandbox",
        ["Clock__Frozen"] = "for a sandbox",
    };

    private static IEnumerable<string> Known => KnownSettings.All.Select(s => s.Replace(":", "__", StringComparison.Ordinal));

    // [TimerTrigger("%CredentialRotationSchedule%")]
    private static IReadOnlyList<string> Schedules =>
        [
            .. Directory
                .EnumerateFiles(Templates.Folder("src", "ComplianceFunctions"), "*.cs")
                .SelectMany(f => Timer().Matches(File.ReadAllText(f)))
                .Select(m => m.Groups[1].Value)
                .Order(StringComparer.Ordinal),
        ];

    [Fact]
    public void Each_that_is_set_is_read_and_each_that_is_read_is_set_or_has_a_reason()
    {
        var set = templates.Enforce.Settings.Select(s => s.Key).Order(StringComparer.Ordinal);

        var expected = Known.Except(NotSet.Keys).Concat(Schedules).Concat(OfStorage).Concat(OfTheHost).Order(StringComparer.Ordinal);

        Assert.Equal(8, Schedules.Count);
        Assert.Equal(expected, set);
        Assert.Empty(NotSet.Keys.Except(Known));
    }

    [Fact]
    public void What_was_not_chosen_is_not_set()
    {
        string[] chosen =
        [
            "Callers__AllowedClientApplications",
            "Evidence__Copies",
            "Evidence__TrustedKeys",
            "Hr__WebhookVault",
            "Notifications__Mailbox",
            "Notifications__Rooms",
            "Notifications__Vault",
        ];

        Assert.Equal(
            chosen,
            templates
                .Enforce.Settings.Select(s => s.Key)
                .Except(templates.Report.Settings.Select(s => s.Key))
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void The_programs_that_may_ask_for_a_token_are_the_same_to_the_platform_and_to_the_app()
    {
        var allowed = templates
            .Enforce.One("Microsoft.Web/sites/config", "/authsettingsV2")
            .At(
                "properties.identityProviders.azureActiveDirectory.validation.defaultAuthorizationPolicy.allowedApplications"
            )!
            .AsArray()
            .Select(a => a!.GetValue<string>());
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection(
                templates.Enforce.Settings.Select(s =>
                    KeyValuePair.Create(s.Key.Replace("__", ":", StringComparison.Ordinal), s.Value?.ToString())
                )
            )
            .Build();

        Assert.Equal(["55555555-5555-5555-5555-555555555555"], allowed);
        Assert.Equal(allowed, CallerOptions.Read(settings).Clients);
    }

    [Fact]
    public void The_container_of_dead_letters_is_made_and_watched()
    {
        var name = templates.Report.Settings[DeadLetterOptions.Setting.Replace(":", "__", StringComparison.Ordinal)]!.GetValue<string>();

        Assert.Contains(
            templates.Report.Of("Microsoft.Storage/storageAccounts/blobServices/containers"),
            c => c.Name.EndsWith($"/{name}", StringComparison.Ordinal)
        );
        Assert.Equal(name, templates.Report.One("Microsoft.EventGrid/topics/eventSubscriptions").Text(
            "properties.deadLetterWithResourceIdentity.deadLetterDestination.properties.blobContainerName"
        ));
    }

    // Since August 2026 timers that are due in the same minute start an instance each.
    [Fact]
    public void No_two_timers_are_due_in_the_same_minute()
    {
        var start = new DateTime(2026, 12, 1, 0, 0, 0, DateTimeKind.Utc);
        var due = Schedules
            .Select(s => CrontabSchedule.Parse(templates.Report.Settings[s]!.GetValue<string>(), new() { IncludingSeconds = true }))
            .SelectMany(s => s.GetNextOccurrences(start, start.AddDays(7)))
            .ToList();

        Assert.True(due.Count > 2000);
        Assert.Empty(due.GroupBy(d => d).Where(d => d.Count() > 1).Select(d => d.Key));
    }

    [GeneratedRegex("""\[TimerTrigger\("%([^%]+)%"\)\]""")]
    private static partial Regex Timer();
}
