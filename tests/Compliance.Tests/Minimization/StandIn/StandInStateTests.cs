using BlobStandIn.Faults;
using BlobStandIn.State;
using CsCheck;

namespace Compliance.Tests.Minimization.StandIn;

public sealed class StandInStateTests
{
    [Fact]
    public void An_index_holds_what_a_sorted_set_holds() =>
        Gen.Int[0, 3_000]
            .Select(Gen.Bool)
            .Array[0, 6_000]
            .Sample(
                steps =>
                {
                    var (index, names) = (new NameIndex(), new SortedSet<string>(StringComparer.Ordinal));
                    foreach (var (number, isAdded) in steps)
                    {
                        var name = $"{number * 7_919 % 3_001:x}";
                        if (!isAdded && names.Remove(name))
                            index.Remove(name);
                        else if (isAdded && names.Add(name))
                            index.Add(new(name));
                    }
                    Assert.Equal(names, From(index, ""));
                    Assert.Equal(names.Where(n => string.CompareOrdinal(n, "8") >= 0), From(index, "8"));
                    Assert.Equal(names.Count, index.Count);
                    Assert.Equal(names.Contains("a1"), index.Find("a1") is not null);
                },
                iter: 50
            );

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void An_index_takes_names_in_either_order(int direction)
    {
        var names = Enumerable.Range(0, 5_000).Select(i => $"{i:d5}").ToArray();
        var index = new NameIndex();

        foreach (var name in direction > 0 ? names : names.Reverse())
            index.Add(new(name));

        Assert.Equal(names, From(index, ""));
        Assert.All(names, n => Assert.Equal(n, index.Find(n)?.Name));
    }

    [Theory]
    [InlineData("\"a\" = '1'", true)]
    [InlineData("\"a\" <> '2'", true)]
    [InlineData("\"b\" <> '2'", true)]
    [InlineData("\"b\" = ''", false)]
    [InlineData("\"a\" = '1' AND \"b\" <> 'x y'", true)]
    [InlineData("\"a\" <> '2' and \"a\" = '2'", false)]
    [InlineData("\"A\" = '1'", false)]
    public void A_condition_on_tags_holds_or_not(string text, bool holds) =>
        Assert.Equal(holds, TagCondition.Parse(text)!.Holds(new Dictionary<string, string> { ["a"] = "1" }));

    [Theory]
    [InlineData("")]
    [InlineData("a = '1'")]
    [InlineData("\"a\" = \"1\"")]
    [InlineData("\"a\" > '1'")]
    [InlineData("\"a\" = '1' OR \"b\" = '2'")]
    [InlineData("\"a\" = '1' AND ")]
    [InlineData("\"a\" = '1")]
    public void Another_condition_on_tags_is_refused(string text) => Assert.Null(TagCondition.Parse(text));

    [Fact]
    public void Parts_are_sent_in_another_order_by_the_seed()
    {
        var parts = Enumerable.Range(0, 20).ToList();
        var faults = new[] { 15, 15, 16 }.Select(s => new StandInFaults(s, TimeProvider.System) { ShufflesParts = true });
        var orders = faults.Select(f => f.Disturb(parts)).ToList();

        Assert.Equal(parts, orders[0].Order());
        Assert.NotEqual(parts, orders[0]);
        Assert.Equal(orders[0], orders[1]);
        Assert.NotEqual(orders[0], orders[2]);
    }

    private static IEnumerable<string> From(NameIndex index, string name)
    {
        for (var at = index.Seek(name); index.At(at) is { } family; at = index.Next(at))
            yield return family.Name;
    }
}
