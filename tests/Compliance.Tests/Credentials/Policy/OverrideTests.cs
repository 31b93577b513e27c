using Compliance.Credentials;

namespace Compliance.Tests.Credentials.Policy;

public sealed class OverrideTests
{
    private static string Override(string name, string match, string rules) =>
        $"  - name: {name}\n    match: {{ {match} }}\n    rules: {{ {rules} }}\n    reason: agreed\n";

    private static int MaxAge(string overrides, Credential credential, params (string, string[])[] owned) =>
        Given.Evaluator(Given.Policy("overrides:\n" + overrides), owned).RulesFor(credential).MaxAgeDays;

    [Theory]
    [InlineData("", 90)]
    [InlineData("n", 10)]
    [InlineData("nt", 20)]
    [InlineData("nto", 30)]
    [InlineData("ntoa", 40)]
    [InlineData("na", 40)]
    [InlineData("ta", 40)]
    [InlineData("oa", 40)]
    [InlineData("no", 30)]
    [InlineData("aton", 40)] // the order in the file says nothing
    [InlineData("otn", 30)]
    [InlineData("tn", 20)]
    public void An_app_id_goes_before_an_owner_before_a_tag_before_a_name(string present, int expected)
    {
        var overrides = string.Concat(
            present.Select(p =>
                p switch
                {
                    'n' => Override("by-name", "namePattern: 'bill*'", "maxAge: 10d"),
                    't' => Override("by-tag", "tag: team=pay", "maxAge: 20d"),
                    'o' => Override("by-owner", "owner: ada@contoso.com", "maxAge: 30d"),
                    _ => Override("by-app", $"appId: {Given.AppId}", "maxAge: 40d"),
                }
            )
        );
        var owned = present.Contains('o', StringComparison.Ordinal) ? new[] { ("ADA@contoso.com", new[] { "o-1" }) } : [];
        Assert.Equal(
            expected,
            present.Length == 0
                ? Given.Evaluator(Given.Policy()).RulesFor(Given.Secret()).MaxAgeDays
                : MaxAge(overrides, Given.Secret(tags: ("Team", " PAY ")), owned)
        );
    }

    // The vault's team and owner, the secret's own; 90 days is what holds without an override.
    [Theory]
    [InlineData("", "team=slow", 90)]
    [InlineData("", "owner=ada@contoso.com", 90)]
    [InlineData("", "team=fast", 10)]
    [InlineData("team=slow", "", 300)]
    [InlineData("team=slow", "team=fast", 10)]
    [InlineData("team=fast", "team=slow", 10)]
    [InlineData("team=fast", "team=other", 10)]
    [InlineData("owner=ada@contoso.com", "owner=zoe@contoso.com", 90)]
    [InlineData("owner=ada@contoso.com", "", 200)]
    public void A_tag_on_an_object_in_a_vault_never_gives_it_more_time(string vault, string own, int expected)
    {
        var overrides =
            Override("slow", "tag: team=slow", "maxAge: 300d")
            + Override("fast", "tag: team=fast", "maxAge: 10d")
            + Override("ada", "owner: ada@contoso.com", "maxAge: 200d");

        Assert.Equal(expected, MaxAge(overrides, Given.InVault(Tags(vault), Tags(own))));

        static (string, string)[] Tags(string tag) => tag.Split('=') is [var name, var value] ? [(name, value)] : [];
    }

    [Fact]
    public void The_rules_of_an_object_in_a_vault_are_the_stricter_ones_one_by_one()
    {
        var overrides =
            Override("vault", "tag: team=a", "maxAge: 10d, maxLifetime: 400d, warnBefore: [9d], requireExpiry: false")
            + Override("own", "tag: team=b", "maxAge: 300d, maxLifetime: 100d, warnBefore: [5d]");

        var rules = Given
            .Evaluator(Given.Policy("overrides:\n" + overrides))
            .RulesFor(Given.InVault([("team", "a")], [("team", "b")]));

        Assert.Equal(
            (10, 100, "9,5", true),
            (rules.MaxAgeDays, rules.MaxLifetimeDays, string.Join(',', rules.WarnBeforeDays), rules.RequireExpiry)
        );
    }

    [Fact]
    public void A_lower_rank_still_changes_the_rules_that_a_higher_one_leaves_alone() =>
        Assert.Equal(
            (40, 50, "7,1", false),
            Given
                .Evaluator(
                    Given.Policy(
                        "overrides:\n"
                            + Override("by-name", "namePattern: '*'", "maxAge: 10d, maxLifetime: 50d, requireExpiry: false")
                            + Override("by-tag", "tag: team", "warnBefore: [1d, 7d]")
                            + Override("by-app", $"appId: {Given.AppId}", "maxAge: 40d")
                    )
                )
                .RulesFor(Given.Secret(tags: ("team", "x")))
                is var r
                ? (r.MaxAgeDays, r.MaxLifetimeDays, string.Join(',', r.WarnBeforeDays), r.RequireExpiry)
                : default
        );

    [Theory]
    [InlineData("appId: 11111111-2222-3333-4444-555555555556", 90)]
    [InlineData("owner: bob@contoso.com", 90)]
    [InlineData("tag: team=payments", 90)]
    [InlineData("tag: teams", 90)]
    [InlineData("namePattern: bill", 90)]
    [InlineData("tag: team", 5)]
    [InlineData("tag: 'TEAM = pay'", 5)]
    [InlineData("owner: Eve@contoso.com", 5)] // by the owner tag, where nothing is known of what she owns
    public void An_override_holds_for_what_it_matches_and_nothing_else(string match, int expected) =>
        Assert.Equal(
            expected,
            MaxAge(Override("one", match, "maxAge: 5d"), Given.Secret(tags: [("team", "pay"), ("owner", "eve@contoso.com ")]))
        );

    [Theory]
    [InlineData("namePattern: 'a*'", "namePattern: 'A*'")]
    [InlineData("tag: team=pay", "tag: 'Team = PAY'")]
    [InlineData("tag: team", "tag: TEAM")]
    [InlineData("owner: ada@contoso.com", "owner: Ada@Contoso.com")]
    [InlineData("appId: aaaaaaaa-2222-3333-4444-555555555555", "appId: AAAAAAAA-2222-3333-4444-555555555555")]
    public void Two_overrides_with_one_selector_are_an_error_that_names_both_lines(string first, string second) =>
        Texts.Credentials.Expect(
            "two overrides with one selector",
            Given.Problems("overrides:\n" + Override("one", first, "maxAge: 5d") + Override("two", second, "maxAge: 6d"))
        );

    [Theory]
    [InlineData("namePattern: 'pay*'", "namePattern: '*ing'")]
    [InlineData("namePattern: 'a?c'", "namePattern: 'ab?'")]
    [InlineData("tag: team", "tag: team=pay")]
    [InlineData("tag: team=pay", "tag: TEAM")]
    public void Overrides_of_one_rank_that_can_meet_are_a_warning_with_file_and_line(string first, string second) =>
        Texts.Credentials.Expect(
            "two overrides that can meet",
            first,
            Given
                .Policy("overrides:\n" + Override("one", first, "maxAge: 5d") + Override("two", second, "maxAge: 6d"))
                .Warnings.Select(w => w.ToString())
        );

    [Theory]
    [InlineData("namePattern: 'pay*'", "namePattern: 'bill*'")]
    [InlineData("tag: team=pay", "tag: team=bill")]
    [InlineData("tag: team", "tag: crew")]
    [InlineData("tag: team", "namePattern: 'team'")] // one of higher rank wins: nothing to warn about
    [InlineData("owner: ada@contoso.com", "owner: bob@contoso.com")]
    public void Overrides_that_cannot_meet_or_differ_in_rank_make_no_warning(string first, string second) =>
        Assert.Empty(Given.Policy("overrides:\n" + Override("one", first, "maxAge: 5d") + Override("two", second, "maxAge: 6d")).Warnings);

    [Fact]
    public void Where_two_of_one_rank_match_the_stricter_value_of_each_rule_holds_and_the_author_is_told()
    {
        var evaluator = Given.Evaluator(
            Given.Policy(
                "overrides:\n"
                    + Override("one", "tag: team=pay", "maxAge: 200d, maxLifetime: 30d, warnBefore: [10d], requireExpiry: false")
                    + Override("two", "tag: crew=red", "maxAge: 100d, maxLifetime: 40d, warnBefore: [20d, 10d], requireExpiry: true")
            )
        );
        var rules = evaluator.RulesFor(Given.Secret(name: "zeta", tags: [("team", "pay"), ("crew", "red")]));
        evaluator.RulesFor(Given.Secret(name: "alpha", tags: [("team", "pay"), ("crew", "red")]));
        Assert.Equal(
            (100, 30, "20,10", true),
            (rules.MaxAgeDays, rules.MaxLifetimeDays, string.Join(',', rules.WarnBeforeDays), rules.RequireExpiry)
        );
        Texts.Credentials.Expect("two overrides that meet", evaluator.Warnings);
    }

    [Fact]
    public void An_owner_of_whom_it_is_not_known_what_they_own_is_a_warning() =>
        Texts.Credentials.Expect(
            "an override by an owner whose objects were not read",
            Given.Evaluator(Given.Policy("overrides:\n" + Override("one", "owner: ada@contoso.com", "maxAge: 5d"))).Warnings
        );

    [Fact]
    public void Two_overrides_of_one_name_are_an_error() =>
        Texts.Credentials.Expect(
            "two overrides of one name",
            Given.Problems("overrides:\n" + Override("one", "tag: a", "maxAge: 5d") + Override("ONE", "tag: b", "maxAge: 6d"))
        );

    [Theory]
    [InlineData("tag: a, owner: a@b.c", "maxAge: 5d")]
    [InlineData("", "maxAge: 5d")]
    [InlineData("tag: a", "")]
    public void An_override_needs_one_selector_and_a_rule(string match, string rules) =>
        Texts.Credentials.Expect(
            "an override without one selector and a rule",
            [match, rules],
            Assert.Single(Given.Problems("overrides:\n" + Override("one", match, rules)))
        );
}
