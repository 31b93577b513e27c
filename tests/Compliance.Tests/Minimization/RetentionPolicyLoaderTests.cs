using Compliance.Minimization.Policy;
using Compliance.Policies;
using Local;

namespace Compliance.Tests.Minimization;

public sealed class RetentionPolicyLoaderTests
{
    private const string Set = """
        version: 1
        dataSets:
          - id: raw
            accounts: [sttrain*]
            containers: [raw]
            prefix: 2026/
            tags: { stage: raw }
            metadata: { Team: claims }
            classification: confidential
            purpose: Training of the claims model
            lawfulBasis: GDPR 6(1)(f)
            owner: data@contoso.example
            purposeEnds: "2027-06-30"
            hold: Case 17 of 2026
            except: ["*.keep"]
            keepNewest: 3
            caps: { share: 12.5%, bytes: 2TB }
            rules:
              - { id: cool, after: P30D, from: lastAccessed, action: cool }
              - { id: by-name, after: P1Y, from: name, template: "{yyyy}/{MM}/*", action: delete }
              - { id: by-tag, after: P1D, from: "tag:expires", action: delete }
        """;

    [Fact]
    public void Everything_that_a_policy_says_is_read()
    {
        var policy = RetentionPolicyLoader.Load(Set, "retention.yaml");

        var set = Assert.Single(policy.DataSets);
        Assert.Equal("legalhold", policy.HoldTag);
        Assert.Equal(
            ("raw", Classification.Confidential, new DateOnly(2027, 6, 30), "Case 17 of 2026", 3, 0.125, 2_000_000_000_000L, 3L),
            (set.Id, set.Classification, set.PurposeEnds, set.Hold, set.KeepNewest, set.MaxShare, set.MaxBytes, set.Line)
        );
        Assert.Equal(("sttrain*", "raw", "2026/"), (set.Place.Accounts.Single(), set.Place.Containers.Single(), set.Place.Prefix));
        Assert.Equal(("raw", "claims", "*.keep"), (set.Place.Tags["stage"], set.Place.Metadata["team"], set.Except.Single()));
        Assert.Equal(
            [
                (RetentionAction.Cool, DateSource.LastAccessed, null, null, "P30D"),
                (RetentionAction.Delete, DateSource.Name, null, "{yyyy}/{MM}/*", "P12M"),
                (RetentionAction.Delete, DateSource.Tag, "expires", null, "P1D"),
            ],
            set.Rules.Select(r => (r.Action, r.From, r.Key, r.Template?.Text, r.After.ToString()))
        );
    }

    [Fact]
    public void The_policy_that_ships_has_no_data_set()
    {
        var policy = RetentionPolicyLoader.LoadFile(
            Path.Combine(RepositoryRoot.Find(), "src", "ComplianceFunctions", "policy", "retention.yaml")
        );

        Assert.Empty(policy.DataSets);
    }

    [Theory]
    [InlineData("no time of keeping", "after: P1D,", "after: P1DT2H,")]
    [InlineData("template for another source", "from: lastAccessed, action", "from: lastAccessed, template: \"{yyyy}/*\", action")]
    [InlineData("name without template", "template: \"{yyyy}/{MM}/*\", ", "")]
    [InlineData("template without date", "\"{yyyy}/{MM}/*\"", "\"2026/*\"")]
    [InlineData("rule twice", "id: cool", "id: by-tag")]
    [InlineData("no day", "2027-06-30", "2027-06-31")]
    [InlineData("no owner", "data@contoso.example", "the data team")]
    [InlineData("no classification", "confidential", "secret")]
    [InlineData("no such date", "tag:expires", "expires")]
    [InlineData("no share", "12.5%", "half")]
    [InlineData("more than all", "12.5%", "100.99%")]
    [InlineData("no such action", "action: cool", "action: shred")]
    public void A_policy_that_cannot_be_used_names_the_place_and_the_rule(string situation, string right, string wrong)
    {
        Assert.Contains(right, Set, StringComparison.Ordinal);

        var error = Assert.Throws<PolicyException>(() =>
            RetentionPolicyLoader.Load(Set.Replace(right, wrong, StringComparison.Ordinal), "retention.yaml")
        );

        Texts.Minimization.Expect("policy", situation, error.Problems.Select(p => p.ToString()));
    }

    [Fact]
    public void The_overlaps_of_a_policy_are_found_when_it_is_loaded()
    {
        var policy = RetentionPolicyLoader.Load(
            $"{Set}\n{Set[Set.IndexOf("  - id", StringComparison.Ordinal)..].Replace("id: raw", "id: all", StringComparison.Ordinal)}",
            "retention.yaml"
        );

        Assert.Equal(("raw", "all", null), Assert.Single(policy.Overlaps) switch { var o => (o.First.Id, o.Second.Id, o.Decides) });
    }

    [Fact]
    public void Two_data_sets_of_one_id_are_refused()
    {
        var error = Assert.Throws<PolicyException>(() =>
            RetentionPolicyLoader.Load(
                Set + Set[(Set.IndexOf("dataSets:", StringComparison.Ordinal) + "dataSets:".Length)..],
                "retention.yaml"
            )
        );

        Texts.Minimization.Expect("policy: id twice", error.Problems.Select(p => p.ToString()));
    }
}
