using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Policy;
using CsCheck;

namespace Compliance.Tests.Minimization;

public sealed class TableRowEvaluatorTests
{
    private static readonly DateTimeOffset Now = new(2027, 4, 1, 6, 0, 0, TimeSpan.Zero);

    private static readonly TableRowFacts Old = new()
    {
        Account = "stlogs",
        Table = "prompts",
        PartitionKey = "2026-01",
        RowKey = "1",
        ETag = "W/\"1\"",
        Timestamp = Now.AddYears(-1),
        Properties = new Dictionary<string, object> { ["kind"] = "prompt", ["askedAt"] = Now.AddYears(-1) },
    };

    private static readonly RetentionRule Written = Rule("written", DateSource.Timestamp, null);
    private static readonly RetentionRule Asked = Rule("asked", DateSource.Property, "askedAt");

    [Theory]
    [InlineData(1, false)]
    [InlineData(0, true)]
    public void A_rule_is_due_at_the_end_of_its_time_and_not_before(int seconds, bool isDue)
    {
        var at = Now.AddDays(-90).AddSeconds(seconds);
        var expected = isDue ? Verdict.Due : Verdict.Keep;

        Assert.Equal(expected, Decide(Old with { Timestamp = at }, Set("a", Written)).Verdict);
        Assert.Equal(expected, Decide(With("askedAt", at), Set("a", Asked)).Verdict);
        Assert.Equal(expected, Decide(With("askedAt", at.UtcDateTime), Set("a", Asked)).Verdict);
        Assert.Equal(expected, Decide(With("askedAt", $"{at:yyyy-MM-dd'T'HH:mm:ss'Z'}"), Set("a", Asked)).Verdict);
    }

    [Fact]
    public void A_date_that_is_none_or_of_no_known_zone_decides_nothing()
    {
        object[] values = ["soon", 20260101, DateTime.SpecifyKind(new(2020, 1, 1), DateTimeKind.Unspecified), new byte[] { 1 }];

        Assert.All(values, v => Assert.Equal(Verdict.Unknown, Decide(With("askedAt", v), Set("a", Asked)).Verdict));
        Assert.Equal(Verdict.Unknown, Decide(Old with { Timestamp = null }, Set("a", Written)).Verdict);
    }

    [Fact]
    public void A_row_is_in_a_data_set_when_all_of_its_place_fits()
    {
        var set = Set("a") with { Tables = new(["prompt*"], "2026-", [], new Dictionary<string, string> { ["kind"] = "prompt" }) };
        bool Has(TableRowFacts row) => Decide(row, set).DataSet is not null;

        Assert.True(Has(Old));
        Assert.True(Has(Old with { Table = "Prompts2" }));
        Assert.False(Has(Old with { Account = "other" }));
        Assert.False(Has(Old with { Table = "answers" }));
        Assert.False(Has(Old with { PartitionKey = "2025-12" }));
        Assert.False(Has(With("kind", "Prompt")));
        Assert.False(Has(Old with { Properties = new Dictionary<string, object>() }));
        set = set with { Tables = set.Tables with { PartitionPrefix = "", Partitions = ["2026-01", "x"] } };
        Assert.True(Has(Old));
        Assert.False(Has(Old with { PartitionKey = "2026-01-01" }));
    }

    [Theory]
    [InlineData("3", 3, true)]
    [InlineData("3", 3L, true)]
    [InlineData("true", true, true)]
    [InlineData("True", true, false)]
    [InlineData("4", 3, false)]
    [InlineData("1.5", 1.5, null)]
    public void Values_are_compared_as_text_where_they_have_one(string wanted, object value, bool? isIn)
    {
        var set = Set("a") with { Tables = new(["*"], "", [], new Dictionary<string, string> { ["kind"] = wanted }) };
        var expected = isIn switch
        {
            true => Verdict.Due,
            false => Verdict.Unclassified,
            null => Verdict.Unknown,
        };

        Assert.Equal(expected, Decide(With("kind", value), set).Verdict);
    }

    [Fact]
    public void What_keeps_a_row_that_is_due_is_named()
    {
        var byKind = Set("kinds") with { Tables = new(["*"], "", [], new Dictionary<string, string> { ["kind"] = "x" }) };
        Decision[] decisions =
        [
            Decide(Old, Set("a")),
            Decide(With("LegalHold", ""), Set("a")),
            Decide(Old with { Properties = null }, Set("a")),
            Decide(Old with { Properties = null }, byKind, Set("a")),
            Decide(Old with { ETag = null }, Set("a")),
            Decide(Old with { Account = "stown" }, Set("a")),
            Decide(Old with { Table = "$MetricsHourPrimaryTransactionsBlob" }, Set("a")),
            Decide(Old with { Table = "prompts" }, Set("a") with { Hold = "Case 17" }),
            Decide(Old),
        ];

        Texts.Minimization.Expect("what keeps a row", decisions.Select(d => $"{d.Verdict}: {d.Reason}"));
    }

    [Fact]
    public void The_most_specific_data_set_decides_and_of_equal_ones_the_one_that_keeps_longest()
    {
        var dictionary = new Dictionary<string, string> { ["kind"] = "prompt" };
        DataSet In(string id, TablePlace place) => Set(id) with { Tables = place };
        var sets = new[]
        {
            In("anything", new(["*"], "", [], new Dictionary<string, string>())),
            In("table", new(["prompts"], "", [], new Dictionary<string, string>())),
            In("prefix", new(["prompts"], "2026", [], new Dictionary<string, string>())),
            In("rows", new(["prompts"], "2026", [], dictionary)),
            In("named", new(["prompts"], "", ["2026-01"], new Dictionary<string, string>())),
            Set("later", Written with { After = RetentionPeriod.Parse("P5Y")!.Value }) with
            {
                Tables = new(["prompts"], "2026", [], dictionary),
            },
        };

        var decision = Decide(Old, sets);

        Assert.Equal("named", decision.DataSet?.Id);
        Assert.Equal(["later", "rows", "prefix", "table", "anything"], decision.Others.Select(o => o.Id));
        Assert.Equal(Verdict.Keep, Decide(Old, sets[3], sets[5]).Verdict);
    }

    [Fact]
    public void Blobs_and_rows_are_not_in_each_others_data_sets()
    {
        var blob = new BlobFacts
        {
            Account = "stlogs",
            Container = "prompts",
            Name = "2026-01",
            IsCurrent = true,
            IsBlockBlob = true,
            Size = 1,
        };
        var ofBlobs = Set("blobs") with { Tables = null, Place = Set("blobs").Place with { Containers = ["*"] } };
        var blobs = new RetentionEvaluator(new("sha", [Set("a"), ofBlobs], "legalhold"), new HashSet<string>());

        Assert.Equal(["blobs"], blobs.Matching(blob).Sets.Select(s => s.Id));
        Assert.Equal(Verdict.Unclassified, Decide(Old, ofBlobs).Verdict);
    }

    // Whatever is not known, nothing is deleted for it.
    [Fact]
    public void What_is_not_known_of_a_row_never_makes_it_due()
    {
        var byKind = Set("kinds", Asked) with { Tables = new(["*"], "", [], new Dictionary<string, string> { ["kind"] = "prompt" }) };
        Gen.Select(Gen.Int[0, 7], Gen.Int[0, 200], Gen.Int[0, 200], Gen.Bool, OneOf("prompt", "answer"), Gen.Bool)
            .Sample(
                (missing, written, asked, isHeld, kind, hasKinds) =>
                {
                    var properties = new Dictionary<string, object> { ["kind"] = kind, ["askedAt"] = Now.AddDays(-asked) };
                    if (isHeld)
                        properties["legalhold"] = "x";
                    var whole = Old with { Timestamp = Now.AddDays(-written), Properties = properties };
                    var less = whole with
                    {
                        Timestamp = (missing & 1) > 0 ? null : whole.Timestamp,
                        Properties = (missing & 2) > 0 ? null : whole.Properties,
                        ETag = (missing & 4) > 0 ? null : whole.ETag,
                    };
                    DataSet[] sets = hasKinds ? [byKind, Set("a", Written)] : [Set("a", Written)];
                    // Without its properties or its ETag it is never due; without its time only by the rule of another date.
                    return Decide(less, sets).Verdict != Verdict.Due || ((missing & 6) == 0 && Decide(whole, sets).Verdict == Verdict.Due);
                }
            );
    }

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static TableRowFacts With(string name, object value) =>
        Old with
        {
            Properties = new Dictionary<string, object>(Old.Properties!) { [name] = value },
        };

    private static Decision Decide(TableRowFacts row, params DataSet[] sets) =>
        new TableRowEvaluator(new("sha", sets, "legalhold"), new HashSet<string> { "stown" }).Decide(row, Now);

    private static RetentionRule Rule(string id, DateSource from, string? key) =>
        new(id, RetentionPeriod.Parse("P90D")!.Value, from, key, null, RetentionAction.Delete);

    private static DataSet Set(string id, params RetentionRule[] rules) =>
        new()
        {
            Id = id,
            Place = new(["st*"], [], "", new Dictionary<string, string>(), new Dictionary<string, string>()),
            Tables = new(["*"], "", [], new Dictionary<string, string>()),
            Classification = Classification.Restricted,
            Purpose = "Support",
            LawfulBasis = "GDPR 6(1)(b)",
            Owner = "support@contoso.example",
            Rules = rules.Length == 0 ? [Written] : rules,
        };
}
