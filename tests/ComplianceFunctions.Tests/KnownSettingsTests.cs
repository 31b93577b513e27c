using Microsoft.Extensions.Configuration;

namespace ComplianceFunctions.Tests;

public sealed class KnownSettingsTests
{
    [Fact]
    public void A_misspelt_setting_is_named_with_the_ones_that_are_known()
    {
        var e = Assert.Throws<InvalidOperationException>(() => KnownSettings.Check(With(("Policy:Credential", "x.yaml"), ("Clock:Now", "2026-11-23"))));

        Assert.Equal("Policy__Credential is not a setting of this app; known are Policy__Credentials, Policy__Offboarding, Policy__Evidence", e.Message);
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
    public void A_known_setting_an_entry_of_a_list_and_what_is_not_the_apps_are_left_alone(string key) => KnownSettings.Check(With((key, "x")));

    [Fact]
    public void A_value_of_a_section_itself_is_no_setting_either() =>
        Assert.Throws<InvalidOperationException>(() => KnownSettings.Check(With(("Policy", "x.yaml"))));

    private static IConfiguration With(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value)).Build();
}
