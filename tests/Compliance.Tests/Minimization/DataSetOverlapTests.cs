using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Policy;
using CsCheck;

namespace Compliance.Tests.Minimization;

public sealed class DataSetOverlapTests
{
    private static readonly RetentionRule Delete = new(
        "delete",
        RetentionPeriod.Parse("P1Y")!.Value,
        DateSource.LastModified,
        null,
        null,
        RetentionAction.Delete
    );

    [Fact]
    public void Which_of_two_data_sets_decides_where_both_are_is_explained()
    {
        DataSet[] sets =
        [
            Set("anywhere", "*", "*"),
            Set("account", "sttrain1", "*"),
            Set("container", "st*", "raw"),
            Set("prefix", "st*", "raw", "claims/"),
            Set("longer", "st*", "raw", "claims/2026/"),
            Set("tagged", "st*", "raw", "claims/", ("stage", "raw")),
            Set("equal", "*1", "raw"),
            Set("elsewhere", "other", "raw-?"),
        ];

        Texts.Minimization.Expect("overlaps of blobs", DataSetOverlap.Find(sets).Select(Show));
    }

    [Fact]
    public void Rows_of_tables_meet_by_table_partition_and_properties_and_never_with_blobs()
    {
        DataSet[] sets =
        [
            Set("blobs", "st*", "*"),
            Table("all", "*", new("", [])),
            Table("prompts", "prompts*", new("2026-", [])),
            Table("month", "prompts", new("2026-04", [])),
            Table("days", "prompts", new("", ["2026-04-01", "2026-04-02"])),
            Table("day", "prompts", new("", ["2026-04-02", "2026-05-01"])),
            Table("kind", "prompts", new("", ["2026-04-02"]), ("kind", "prompt")),
            Table("other", "prompts", new("", ["2026-04-02"]), ("kind", "answer")),
        ];

        Texts.Minimization.Expect("overlaps of tables", DataSetOverlap.Find(sets).Select(Show));
    }

    [Fact]
    public void Data_sets_that_never_meet_are_no_overlap()
    {
        var one = Set("one", "st?", "raw", "a/", ("stage", "raw"));
        DataSet[] others =
        [
            Set("account", "st??", "raw", "a/"),
            Set("container", "st?", "row", "a/"),
            Set("prefix", "st?", "raw", "A/"),
            Set("tag", "st?", "raw", "a/", ("stage", "features")),
        ];

        Assert.Empty(others.SelectMany(o => DataSetOverlap.Find([one, o])));
        Assert.Single(DataSetOverlap.Find([one, Set("key", "st?", "raw", "a/", ("Stage", "features"))]));
        Assert.Empty(DataSetOverlap.Find([Metadata("a", "x"), Metadata("A", "y")]));
        Assert.Single(DataSetOverlap.Find([Metadata("a", "x"), Metadata("A", "x")]));
    }

    // Whatever a blob is, two data sets that have it are an overlap, and the one that is named decides.
    [Fact]
    public void No_blob_is_in_two_data_sets_that_are_no_overlap_and_the_named_one_decides()
    {
        var patterns = OneOf("*", "st*", "st1", "*1", "s?1", "st2");
        var prefixes = OneOf("", "a", "a/", "a/b", "b");
        var values = OneOf("x", "y");
        var set = Gen.Select(patterns, patterns, prefixes, Gen.Bool, values);
        Gen.Select(set, set, OneOf("st1", "st2", "sx1"), OneOf("a", "a/b1", "b"), values)
            .Sample(
                (a, b, name, path, tag) =>
                {
                    DataSet[] sets = [From("a", a), From("b", b)];
                    var blob = Blob(name, path, tag);
                    var having = new RetentionEvaluator(new("sha", sets, "legalhold"), new HashSet<string>()).Matching(blob).Sets;
                    if (having.Count < 2)
                        return true;
                    var overlap = DataSetOverlap.Find(sets).Single();
                    return overlap.Decides is null || overlap.Decides.Id == having[0].Id;
                },
                iter: 20_000
            );
    }

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static DataSet From(string id, (string Account, string Container, string Prefix, bool IsTagged, string Tag) place) =>
        place.IsTagged
            ? Set(id, place.Account, place.Container, place.Prefix, ("stage", place.Tag))
            : Set(id, place.Account, place.Container, place.Prefix);

    private static BlobFacts Blob(string name, string path, string tag) =>
        new()
        {
            Account = name,
            Container = name,
            Name = path,
            IsCurrent = true,
            IsBlockBlob = true,
            Size = 1,
            Tags = new Dictionary<string, string> { ["stage"] = tag },
            Metadata = new Dictionary<string, string>(),
        };

    private static string Show(DataSetOverlap overlap) =>
        $"{overlap.First.Id} and {overlap.Second.Id} at {overlap.Where}: {overlap.Decides?.Id ?? "either"}, {overlap.Why}";

    private static DataSet Metadata(string key, string value) =>
        Set(key, "st", "raw") with
        {
            Place = new(
                ["st"],
                ["raw"],
                "",
                new Dictionary<string, string>(),
                new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { [key] = value }
            ),
        };

    private static DataSet Table(
        string id,
        string table,
        (string Prefix, string[] Values) partition,
        params (string Key, string Value)[] rows
    ) =>
        Set(id, "st*", "") with
        {
            Place = new(["st*"], [], "", new Dictionary<string, string>(), new Dictionary<string, string>()),
            Tables = new([table], partition.Prefix, partition.Values, rows.ToDictionary(r => r.Key, r => r.Value)),
        };

    private static DataSet Set(string id, string account, string container, string prefix = "", params (string Key, string Value)[] tags) =>
        new()
        {
            Id = id,
            Place = new(
                [account],
                [container],
                prefix,
                tags.ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal),
                new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
            ),
            Classification = Classification.Confidential,
            Purpose = "Training",
            LawfulBasis = "GDPR 6(1)(f)",
            Owner = "data@contoso.example",
            Rules = [Delete],
        };
}
