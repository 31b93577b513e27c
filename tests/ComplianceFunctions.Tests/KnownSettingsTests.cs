using Microsoft.Extensions.Configuration;

namespace ComplianceFunctions.Tests;

public sealed class KnownSettingsTests
{
    [Theory]
    [InlineData("Policy:Credential", "Policy__Credential")]
    [InlineData("POLICY:CREDENTIAL", "POLICY__CREDENTIAL")]
    public void A_misspelt_setting_is_named_with_the_ones_that_are_known(string key, string shown)
    {
        var e = Assert.Throws<InvalidOperationException>(() => KnownSettings.Check(With((key, "x.yaml"), ("Clock:Now", "2026-11-23"))));

        Assert.Equal(
            $"{shown} is not a setting of this app; known are Policy__Credentials, Policy__Offboarding, Policy__Evidence, "
                + "Policy__Retention, Policy__Notifications",
            e.Message
        );
    }

    [Fact]
    public void Several_misspelt_settings_are_named_in_one_message()
    {
        var e = Assert.Throws<InvalidOperationException>(() =>
            KnownSettings.Check(With(("Evidence:SigningKeys", "x"), ("Clock:Noon", "x")))
        );

        Assert.Matches("^Clock__Noon is not .*; Evidence__SigningKeys is not ", e.Message);
    }

    [Theory]
    [InlineData("Polcy:X", "Policy__Credentials, Policy__Offboarding, Policy__Evidence, Policy__Retention, Policy__Notifications")]
    [InlineData(
        "POLIYC:Credentials",
        "Policy__Credentials, Policy__Offboarding, Policy__Evidence, Policy__Retention, Policy__Notifications"
    )]
    [InlineData("Approval:Audience", "Approvals__Audience")]
    [InlineData("Guard:OwnIds", "Guards__OwnIds")]
    [InlineData("Clok:Noon", "Clock__Now, Clock__Frozen")]
    [InlineData("Clokc:Frozen", "Clock__Now, Clock__Frozen")]
    [InlineData("Hrr:WebhookKeys", "Hr__WebhookKeys, Hr__WebhookVault")]
    [InlineData(
        "Evidense:Copies:0:container",
        "Evidence__SigningKey, Evidence__WriteOnce, Evidence__AccountResourceId, Evidence__TrustedKeys, Evidence__Copies"
    )]
    public void A_setting_in_a_misspelt_section_is_named_with_what_is_known_in_the_section_that_was_meant(string key, string known)
    {
        var e = Assert.Throws<InvalidOperationException>(() => KnownSettings.Check(With((key, "x"))));

        Assert.Equal($"{key.Replace(":", "__", StringComparison.Ordinal)} is not a setting of this app; known are {known}", e.Message);
    }

    [Theory]
    [InlineData("tenant:id")]
    [InlineData("Evidence:TrustedKeys:0")]
    [InlineData("Evidence:Copies:0:container")]
    [InlineData("EvidenceStorage:blobServiceUri")]
    [InlineData("PolicyOfAnotherApp")]
    [InlineData("TENANT")]
    [InlineData("POLCY")]
    [InlineData("Cloud:Region")]
    [InlineData("Agents:0:Name")]
    [InlineData("Logs:Console")]
    [InlineData("Db:Password")]
    [InlineData("AzureFunctionsJobHost:logging:logLevel:default")]
    public void A_known_setting_an_entry_of_a_list_and_what_is_not_the_apps_are_left_alone(string key) =>
        KnownSettings.Check(With((key, "x")));

    private static IConfiguration With(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value)).Build();
}
