using Microsoft.Extensions.Configuration;

namespace ComplianceFunctions.Tests;

public sealed class KnownSettingsTests
{
    [Theory]
    [InlineData("Policy:Credential", "Policy__Credential")]
    [InlineData("POLICY:CREDENTIAL", "Policy__CREDENTIAL")]
    public void A_misspelt_setting_is_named_with_the_ones_that_are_known(string key, string shown)
    {
        var e = Assert.Throws<InvalidOperationException>(() => KnownSettings.Check(With((key, "x.yaml"), ("Clock:Now", "2026-11-23"))));

        Assert.Equal(
            $"{shown} is not a setting of this app; known are Policy__Credentials, Policy__Offboarding, Policy__Evidence", e.Message);
    }

    [Fact]
    public void Several_misspelt_settings_are_named_in_one_message()
    {
        var e = Assert.Throws<InvalidOperationException>(() => KnownSettings.Check(With(("Evidence:SigningKeys", "x"), ("Clock:Noon", "x"))));

        Assert.Matches("^Clock__Noon is not .*; Evidence__SigningKeys is not ", e.Message);
    }

    [Theory]
    [InlineData("tenant:id")]
    [InlineData("Evidence:TrustedKeys:0")]
    [InlineData("Evidence:Copies:0:container")]
    [InlineData("EvidenceStorage:blobServiceUri")]
    [InlineData("PolicyOfAnotherApp")]
    [InlineData("TENANT")]
    public void A_known_setting_an_entry_of_a_list_and_what_is_not_the_apps_are_left_alone(string key) => KnownSettings.Check(With((key, "x")));

    private static IConfiguration With(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value)).Build();
}
