using Compliance.Changes.Guards;
using Microsoft.Extensions.Configuration;

namespace Compliance.Tests.Changes.Guards;

/// <summary>The ids that this program goes by, from every setting that names one.</summary>
public sealed class OwnIdentityTests
{
    [Theory]
    [InlineData("Tenant:ClientId", "app", "app")]
    [InlineData("AzureWebJobsStorage:clientId", "state", "state")]
    [InlineData("EvidenceStorage:clientId", "evidence", "evidence")]
    [InlineData("Guards:OwnIds", "one", "one")]
    [InlineData("Guards:OwnIds", " one , TWO ,, ", "one,TWO")]
    [InlineData("Tenant:ClientSecret", "secret", "")]
    [InlineData("Tenant:ClientId", " ", "")]
    public void Each_setting_that_names_an_identity_is_read(string setting, string value, string ids) =>
        Assert.Equal(ids.Split(',', StringSplitOptions.RemoveEmptyEntries).Order(), Read((setting, value)).Ids.Order());

    [Fact]
    public void All_of_them_count_and_letter_case_does_not()
    {
        var own = Read(("Tenant:ClientId", "App"), ("EvidenceStorage:clientId", "evidence"), ("Guards:OwnIds", "one,app"));

        Assert.Equal(3, own.Ids.Count);
        Assert.All(["APP", "Evidence", "ONE"], id => Assert.Contains(id, own.Ids));
    }

    [Fact]
    public void Without_settings_there_is_none() => Assert.Empty(Read().Ids);

    private static OwnIdentity Read(params (string Key, string Value)[] settings) =>
        OwnIdentity.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection(settings.Select(s => new KeyValuePair<string, string?>(s.Key, s.Value)))
                .Build()
        );
}
