using Compliance.AuditPack;
using Compliance.Controls;

namespace Compliance.Tests.AuditPack;

/// <summary>The frameworks are those that the catalogue's clauses name.</summary>
public sealed class FrameworkTests
{
    [Fact]
    public void Every_clause_of_the_catalogue_is_of_one_framework() =>
        Assert.All(
            AllControls.Catalogue.All,
            control => Assert.Equal(control.Serves.Count, Framework.All.Sum(f => f.Clauses(control).Count))
        );

    [Theory]
    [InlineData("soc2", "SOC 2")]
    [InlineData("SOC 2", "SOC 2")]
    [InlineData("iso-27001", "ISO 27001")]
    [InlineData("ISO42001", "ISO 42001")]
    [InlineData("hipaa", "HIPAA")]
    [InlineData("pci", "PCI DSS")]
    [InlineData("pci-dss", "PCI DSS")]
    public void Frameworks_go_by_what_people_call_them(string name, string title)
    {
        Assert.True(Framework.TryFind(name, out var framework));
        Assert.Equal(title, framework.Title);
    }

    [Theory]
    [InlineData("")]
    [InlineData("soc")]
    [InlineData("sox")]
    public void One_that_no_control_serves_is_not_known(string name) => Assert.False(Framework.TryFind(name, out _));

    [Fact]
    public void A_framework_is_known_once_a_control_serves_it()
    {
        var framework = Assert.Single(Framework.From([new("X-1", "t", Severity.Low, "w", ["GDPR Art. 5(1)(e)", "SOC2 x"])]));

        Assert.Equal(("gdpr", "Art. 5(1)(e)"), (framework.Key, Assert.Single(framework.Clauses(framework.Controls[0]))));
    }
}
