using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Policy;
using CsCheck;

namespace Compliance.Tests.Minimization;

public sealed class RetentionEvaluatorTests
{
    private static readonly DateTimeOffset Now = new(2027, 4, 1, 6, 0, 0, TimeSpan.Zero);

    private static readonly BlobFacts Old = new()
    {
        Account = "sttrain1",
        Container = "raw",
        Name = "2025/a.json",
        IsCurrent = true,
        IsBlockBlob = true,
        ETag = "\"0x8D\"",
        Size = 10,
        Created = Now.AddYears(-2),
        LastModified = Now.AddYears(-2),
        LastAccessed = Now.AddYears(-2),
        Tier = "Hot",
        Tags = new Dictionary<string, string>(),
        Metadata = new Dictionary<string, string>(),
        HasLegalHold = false,
    };

    private static readonly RetentionRule Delete = Rule("delete", "P1Y", DateSource.LastModified, RetentionAction.Delete);

    [Theory]
    [InlineData(1, false)]
    [InlineData(0, true)]
    public void A_rule_is_due_at_the_end_of_its_time_and_not_before(int seconds, bool isDue)
    {
        var blob = Old with { LastModified = Now.AddYears(-1).AddSeconds(seconds) };

        Assert.Equal(isDue ? Verdict.Due : Verdict.Keep, Decide(blob, Set("a")).Verdict);
    }

    [Fact]
    public void Last_access_has_a_days_margin_and_is_known_of_block_blobs_alone()
    {
        var rule = Rule("read", "P30D", DateSource.LastAccessed, RetentionAction.Delete);
        var at = Now.AddDays(-31);

        Assert.Equal(Verdict.Due, Decide(Old with { LastAccessed = at }, Set("a", rule)).Verdict);
        Assert.Equal(Verdict.Keep, Decide(Old with { LastAccessed = at.AddSeconds(1) }, Set("a", rule)).Verdict);
        Assert.Equal(Verdict.Unknown, Decide(Old with { LastAccessed = null }, Set("a", rule)).Verdict);
        Assert.Equal(Verdict.Unknown, Decide(Old with { IsBlockBlob = false }, Set("a", rule)).Verdict);
    }

    [Fact]
    public void What_keeps_a_blob_that_is_due_is_named()
    {
        BlobFacts[] blobs =
        [
            Old with
            {
                HasLegalHold = true,
            },
            Old with
            {
                HasLegalHold = null,
            },
            Old with
            {
                ImmutableUntil = Now.AddDays(1),
            },
            Old with
            {
                ImmutableUntil = Now,
            },
            Old with
            {
                IsLeased = true,
            },
            Old with
            {
                Tags = new Dictionary<string, string> { ["legalhold"] = "" },
            },
            Old with
            {
                Metadata = new Dictionary<string, string> { ["legalhold"] = "x" },
            },
            Old with
            {
                Tags = null,
            },
            Old with
            {
                Account = "stown",
            },
            Old with
            {
                Container = "$web",
            },
            Old with
            {
                Container = "other",
            },
        ];

        Texts.Minimization.Expect("what keeps it", blobs.Select(b => Decide(b, Set("a"))).Select(d => $"{d.Verdict}: {d.Reason}"));
    }

    [Fact]
    public void The_strongest_action_that_is_due_counts_and_a_colder_blob_is_not_moved_back()
    {
        var rules = new[]
        {
            Rule("cool", "P30D", DateSource.LastModified, RetentionAction.Cool),
            Rule("archive", "P90D", DateSource.LastModified, RetentionAction.Archive),
            Delete,
        };
        Decision At(int days, string tier) => Decide(Old with { LastModified = Now.AddDays(-days), Tier = tier }, Set("a", rules));

        Assert.Equal(
            [null, RetentionAction.Cool, null, RetentionAction.Archive, null, RetentionAction.Delete],
            new[] { At(29, "Hot"), At(30, "Hot"), At(30, "Cool"), At(90, "Cool"), At(90, "Archive"), At(400, "Archive") }.Select(d =>
                d.Action
            )
        );
    }

    [Fact]
    public void Once_its_purpose_has_ended_what_a_rule_could_delete_is_due()
    {
        var set = Set("a") with { PurposeEnds = DateOnly.FromDateTime(Now.UtcDateTime) };
        var young = Old with { LastModified = Now.AddDays(-1) };

        Assert.Equal(Verdict.Keep, Decide(young, set).Verdict);
        set = set with { PurposeEnds = set.PurposeEnds!.Value.AddDays(-1) };
        Assert.Equal(RetentionAction.Delete, Decide(young, set).Action);
        // A weaker rule that is due as well does not put it off, and no date is needed.
        var cool = Rule("cool", "P1D", DateSource.LastModified, RetentionAction.Cool);
        Assert.Equal(RetentionAction.Delete, Decide(young, set with { Rules = [cool, Delete] }).Action);
        Assert.Equal(RetentionAction.Delete, Decide(young with { LastModified = null }, set).Action);
        Assert.Equal(
            Verdict.Keep,
            Decide(young, set with { Rules = [Rule("r", "P1Y", DateSource.LastModified, RetentionAction.Report)] }).Verdict
        );
        Assert.Equal(Verdict.Held, Decide(young with { IsLeased = true }, set).Verdict);
    }

    [Fact]
    public void Of_several_data_sets_the_most_specific_one_decides_and_of_equal_ones_the_one_that_keeps_longest()
    {
        var anywhere = Set("anywhere", Rule("r", "P1D", DateSource.LastModified, RetentionAction.Delete)) with { Place = Place("*", "*") };
        var container = Set("container") with { Place = Place("*", "raw") };
        var prefix = Set("prefix") with { Place = Place("*", "raw", "2025/") };
        var longer = Set("longer", Rule("r", "P5Y", DateSource.LastModified, RetentionAction.Delete)) with { Place = prefix.Place };
        var account = Set("account") with { Place = Place("sttrain1", "*") };
        string Order(params DataSet[] sets) => string.Join(' ', Evaluator(sets).Matching(Old).Sets.Select(s => s.Id));

        Assert.Equal("account longer prefix container anywhere", Order(anywhere, container, prefix, longer, account));
        Assert.Equal("account longer prefix container anywhere", Order(account, longer, prefix, container, anywhere));
        Assert.Equal(Verdict.Keep, Decide(Old, prefix, longer).Verdict);
        Assert.Equal(["prefix"], Decide(Old, prefix, longer).Others.Select(o => o.Id));
    }

    // Its report after ten years keeps nothing.
    [Fact]
    public void Of_equal_data_sets_the_one_that_deletes_latest_or_never_decides()
    {
        DataSet With(string id, params RetentionRule[] rules) => Set(id, rules);
        var soon = With(
            "a",
            Rule("d", "P30D", DateSource.LastModified, RetentionAction.Delete),
            Rule("r", "P10Y", DateSource.LastModified, RetentionAction.Report)
        );
        var late = With("b", Rule("d", "P5Y", DateSource.LastModified, RetentionAction.Delete));
        var never = With("c", Rule("r", "P1D", DateSource.LastModified, RetentionAction.Report));

        Assert.Equal(["c", "b", "a"], Evaluator(soon, late, never).Matching(Old).Sets.Select(s => s.Id));
        Assert.Equal(Verdict.Keep, Decide(Old, soon, late).Verdict);
        // By the calendar and not by a month's mean length: P31D from 1 February is later than P1M, from 1 January it is not.
        var month = With("m", Rule("d", "P1M", DateSource.LastModified, RetentionAction.Delete));
        var days = With("n", Rule("d", "P31D", DateSource.LastModified, RetentionAction.Delete));
        string First(int at) =>
            Evaluator(month, days).Matching(Old with { LastModified = new(2027, at, 1, 0, 0, 0, TimeSpan.Zero) }).Sets[0].Id;
        Assert.Equal("n m", $"{First(2)} {First(1)}");
    }

    [Fact]
    public void A_day_in_a_tag_counts_from_its_end_and_a_time_from_itself()
    {
        var rule = Rule("tag", "P1M", DateSource.Tag, RetentionAction.Delete) with { Key = "until" };
        Verdict At(string until, int day) =>
            Evaluator(Set("a", rule))
                .Decide(
                    Old with
                    {
                        Tags = new Dictionary<string, string> { ["Until"] = until },
                    },
                    NewestBlobs.None,
                    new DateTimeOffset(2027, 4, day, 0, 0, 0, TimeSpan.Zero)
                )
                .Verdict;

        Assert.Equal([Verdict.Keep, Verdict.Due], [At("2027-03-01", 1), At("2027-03-01", 2)]);
        Assert.Equal([Verdict.Due, Verdict.Unknown], [At("2027-03-01T00:00:00Z", 1), At("March", 2)]);
    }

    [Fact]
    public void Without_the_first_pass_nothing_is_said_of_the_newest()
    {
        var newest = new NewestBlobs();

        Assert.Throws<InvalidOperationException>(() => newest.Contains(Set("a") with { KeepNewest = 1 }, 1, Old));
        newest.Complete();
        Assert.Throws<InvalidOperationException>(() => newest.Add(Set("a") with { KeepNewest = 1 }, Old));
    }

    [Fact]
    public void A_hold_or_an_exception_of_any_data_set_keeps_a_blob()
    {
        var wide = Set("wide") with { Place = Place("*", "*") };

        Assert.Equal(Verdict.Due, Decide(Old, Set("a"), wide).Verdict);
        Assert.Equal(Verdict.Keep, Decide(Old, Set("a"), wide with { Hold = "Case 17" }).Verdict);
        Assert.Equal(Verdict.Keep, Decide(Old, Set("a"), wide with { Except = ["*.json"] }).Verdict);
    }

    [Fact]
    public void A_data_set_that_goes_by_tags_is_unknown_where_tags_were_not_read()
    {
        var tagged = Set("tagged") with { Place = Place("*", "*") with { Tags = new Dictionary<string, string> { ["stage"] = "raw" } } };

        Assert.Equal(Verdict.Unknown, Decide(Old with { Tags = null }, tagged, Set("a")).Verdict);
        Assert.Equal(Verdict.Unclassified, Decide(Old, tagged).Verdict);
        Assert.Equal(Verdict.Due, Decide(Old with { Tags = tagged.Place.Tags }, tagged).Verdict);
    }

    [Fact]
    public void The_newest_are_kept_with_their_versions_and_no_other()
    {
        var set = Set("a") with { KeepNewest = 2 };
        var blobs = Enumerable.Range(0, 5).Select(i => Old with { Name = $"{i}", LastModified = Now.AddYears(-2).AddDays(i / 2) }).ToList();
        var newest = new NewestBlobs();
        foreach (var blob in blobs.Append(blobs[0] with { IsCurrent = false, VersionId = "v", LastModified = Now }))
            newest.Add(set, blob);
        newest.Complete();

        Assert.Equal(["3", "4"], blobs.Where(b => newest.Contains(set, 2, b)).Select(b => b.Name));
        Assert.True(newest.Contains(set, 2, blobs[4] with { VersionId = "v", IsCurrent = false }));
        Assert.False(newest.Contains(set, 2, blobs[4] with { Container = "other" }));
        Assert.Equal(Verdict.Keep, Evaluator(set).Decide(blobs[4], newest, Now).Verdict);
    }

    [Fact]
    public void A_rule_may_leave_another_number_of_the_newest_than_its_data_set()
    {
        var report = Rule("report", "P1D", DateSource.LastModified, RetentionAction.Report) with { KeepNewest = 0 };
        var cool = Rule("cool", "P1D", DateSource.LastModified, RetentionAction.Cool) with { KeepNewest = 1 };
        var archive = Rule("archive", "P1D", DateSource.LastModified, RetentionAction.Archive) with { KeepNewest = 3 };
        var set = Set("a", report, cool, archive, Delete) with { KeepNewest = 2 };
        var blobs = Enumerable.Range(0, 5).Select(i => Old with { Name = $"{i}", LastModified = Now.AddYears(-2).AddDays(-i) }).ToList();
        RetentionAction?[] Actions(DataSet of) => [.. blobs.Select(b => Evaluator(of).Decide(b, Newest(of, blobs), Now).Action)];

        Assert.Equal(
            [RetentionAction.Report, RetentionAction.Cool, RetentionAction.Delete, RetentionAction.Delete, RetentionAction.Delete],
            Actions(set)
        );
        set = set with { Rules = [archive, report with { KeepNewest = 4 }] };
        Assert.Equal([null, null, null, RetentionAction.Archive, RetentionAction.Archive], Actions(set));
        Assert.Equal(
            [null, null, RetentionAction.Delete, RetentionAction.Delete, RetentionAction.Delete],
            Actions(set with { Rules = [Delete] })
        );
        Assert.Equal([0, 1, 2, 4], new[] { Set("x"), Set("x", cool), Set("x") with { KeepNewest = 2 }, set }.Select(s => s.MaxKeepNewest));
    }

    [Fact]
    public void Which_number_keeps_one_of_the_newest_is_named()
    {
        var ended = DateOnly.FromDateTime(Now.UtcDateTime).AddDays(-1);
        var two = Delete with { KeepNewest = 2 };
        var report = Rule("report", "P5Y", DateSource.LastModified, RetentionAction.Report) with { KeepNewest = 0 };
        var undated = Rule("read", "P5Y", DateSource.LastAccessed, RetentionAction.Report) with { KeepNewest = 0 };
        DataSet[] sets =
        [
            Set("whole") with
            {
                KeepNewest = 2,
            },
            Set("smallest", two, Rule("cool", "P1D", DateSource.LastModified, RetentionAction.Cool) with { KeepNewest = 1 }),
            Set("one", two, report),
            Set("later", two with { After = RetentionPeriod.Parse("P5Y")!.Value }, report),
            Set("ended", two with { After = RetentionPeriod.Parse("P5Y")!.Value }, report) with
            {
                PurposeEnds = ended,
            },
            Set("undated", two, undated),
        ];
        var blob = Old with { LastAccessed = null };

        Texts.Minimization.Expect(
            "which number keeps one of the newest",
            sets.Select(s => Evaluator(s).Decide(blob, Newest(s, [blob]), Now)).Select(d => $"{d.Verdict} {d.Rule?.Id}: {d.Reason}")
        );
    }

    // Whatever the order of a listing, those are kept that sorting all of them would keep.
    [Fact]
    public void The_newest_are_those_of_a_sorted_list_for_each_number()
    {
        var rules = new[] { Delete with { KeepNewest = 3 }, Rule("r", "P1D", DateSource.Created, RetentionAction.Report) };
        var set = Set("a", rules) with { KeepNewest = 5 };
        Gen.Int[0, 4]
            .Array[0, 12]
            .Sample(days =>
            {
                var blobs = days.Select((d, i) => Old with { Name = $"{i:00}", LastModified = d == 4 ? null : Now.AddDays(-d) }).ToList();
                var newest = Newest(set, blobs);
                var sorted = blobs.OrderByDescending(b => b.LastModified ?? DateTimeOffset.MaxValue).ThenByDescending(b => b.Name).ToList();
                return new[] { 3, 5 }.All(count => sorted.TrueForAll(b => newest.Contains(set, count, b) == sorted.IndexOf(b) < count));
            });
    }

    // Whatever is not known, nothing is deleted for it: with every fact that is taken away, what was not due stays so.
    [Fact]
    public void What_is_not_known_of_a_blob_never_makes_it_due()
    {
        var rules = new[]
        {
            Rule("created", "P1Y", DateSource.Created, RetentionAction.Delete),
            Rule("read", "P1M", DateSource.LastAccessed, RetentionAction.Delete),
        };
        Gen.Select(Gen.Int[0, 127], Gen.Int[0, 800], Gen.Int[0, 800], Gen.Bool, Gen.Bool)
            .Sample(
                (missing, created, read, leased, held) =>
                {
                    var whole = Old with
                    {
                        Created = Now.AddDays(-created),
                        LastAccessed = Now.AddDays(-read),
                        IsLeased = leased,
                        HasLegalHold = held,
                    };
                    var less = whole with
                    {
                        Created = (missing & 1) > 0 ? null : whole.Created,
                        LastAccessed = (missing & 2) > 0 ? null : whole.LastAccessed,
                        Tags = (missing & 4) > 0 ? null : whole.Tags,
                        Metadata = (missing & 8) > 0 ? null : whole.Metadata,
                        HasLegalHold = (missing & 16) > 0 ? null : whole.HasLegalHold,
                        IsBlockBlob = (missing & 32) == 0,
                        ETag = (missing & 64) > 0 ? null : whole.ETag,
                    };
                    return Decide(less, Set("a", rules)).Verdict != Verdict.Due || Decide(whole, Set("a", rules)).Verdict == Verdict.Due;
                }
            );
    }

    private static NewestBlobs Newest(DataSet set, IEnumerable<BlobFacts> blobs)
    {
        var newest = new NewestBlobs();
        foreach (var blob in blobs)
            newest.Add(set, blob);
        newest.Complete();
        return newest;
    }

    private static RetentionEvaluator Evaluator(params DataSet[] sets) =>
        new(new RetentionPolicy("sha", sets, "legalhold"), new HashSet<string> { "stown" });

    private static Decision Decide(BlobFacts blob, params DataSet[] sets) => Evaluator(sets).Decide(blob, NewestBlobs.None, Now);

    private static RetentionRule Rule(string id, string after, DateSource from, RetentionAction action) =>
        new(id, RetentionPeriod.Parse(after)!.Value, from, null, null, action);

    private static DataPlace Place(string account, string container, string prefix = "") =>
        new([account], [container], prefix, new Dictionary<string, string>(), new Dictionary<string, string>());

    private static DataSet Set(string id, params RetentionRule[] rules) =>
        new()
        {
            Id = id,
            Place = Place("st*", "*w*"),
            Classification = Classification.Confidential,
            Purpose = "Training",
            LawfulBasis = "GDPR 6(1)(f)",
            Owner = "data@contoso.example",
            Rules = rules.Length == 0 ? [Delete] : rules,
        };
}
