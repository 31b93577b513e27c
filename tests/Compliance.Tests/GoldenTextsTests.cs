using Local;
using Testing;

namespace Compliance.Tests;

public sealed class GoldenTextsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("texts-");

    private string File => Path.Combine(_folder.FullName, "texts.md");

    public void Dispose() => _folder.Delete(recursive: true);

    public static TheoryData<string> Kept() =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(RepositoryRoot.Find(), "tests", "Compliance.Tests"), "texts.md", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(Path.Combine(RepositoryRoot.Find(), "tests"), file))
                .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"))
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [MemberData(nameof(Kept))]
    public void Every_text_that_is_kept_is_one_that_a_test_names(string file) => GoldenTexts.In(file).ExpectNoOther();

    [Theory]
    [InlineData("Ask HR to correct the event and send it again.")]
    [InlineData("")]
    [InlineData("(nothing)")]
    [InlineData(" indented, with a space at the end ")]
    [InlineData("# one\n\n## two\n\nthree\n")]
    [InlineData("one\n\n## two\n\nthree")]
    [InlineData("~~")]
    [InlineData("~~~ three")]
    public void A_text_that_was_written_is_the_one_that_is_expected(string text)
    {
        var written = new GoldenTexts(File, refresh: true);
        written.Expect("between", text);
        written.Expect("after", "other");
        written.Expect("before", "another");

        var texts = new GoldenTexts(File, refresh: false);

        texts.Expect("between", text);
        Assert.Throws<GoldenTextException>(() => texts.Expect("after", "other "));
        Assert.Throws<GoldenTextException>(() => new GoldenTexts(File, refresh: false).Expect("between", text + "\n"));
    }

    [Fact]
    public void Entries_are_sorted_and_a_case_is_named_as_it_is_written_in_a_test()
    {
        var texts = new GoldenTexts(File, refresh: true);
        texts.Expect("wrong value", "b: \"x\"\\n\nc", ["one", "two"]);
        texts.Expect("missing value", "three");

        Assert.Equal(
            ["missing value", "wrong value: b: \\\"x\\\"\\\\n\\nc"],
            System.IO.File.ReadAllLines(File).Where(line => line.StartsWith("## ", StringComparison.Ordinal)).Select(line => line[3..])
        );
    }

    [Fact]
    public void Another_text_names_the_first_line_that_differs_and_the_switch_and_writes_nothing()
    {
        new GoldenTexts(File, refresh: true).Expect("guide", ["one", "two", "three"]);
        var kept = System.IO.File.ReadAllText(File);

        var error = Assert.Throws<GoldenTextException>(() => new GoldenTexts(File, refresh: false).Expect("guide", ["one", "2", "3"]));

        Assert.Contains("'guide' is another text: line 2\n  kept: two\n  now:  2\nREFRESH_TEXTS=1 ", error.Message);
        Assert.Equal(kept, System.IO.File.ReadAllText(File));
    }

    [Fact]
    public void A_text_that_is_not_kept_fails_and_writes_nothing()
    {
        var error = Assert.Throws<GoldenTextException>(() => new GoldenTexts(File, refresh: false).Expect("guide", "one"));

        Assert.Contains("'guide' is not there. Now it is\none\nREFRESH_TEXTS=1 ", error.Message, StringComparison.Ordinal);
        Assert.False(System.IO.File.Exists(File));
    }

    [Theory]
    [InlineData("## b\n\n1\n\n## a\n\n2\n")] // not sorted
    [InlineData("## a\n\n2\n\n## a\n\n2\n")] // twice
    [InlineData("<<<<<<< HEAD\n## a\n\n2\n=======\n## a\n\n3\n>>>>>>> texts\n")]
    [InlineData("## a\n\n~~~\n2\n")]
    [InlineData("## a\n")]
    public void A_file_that_was_written_by_hand_fails_and_is_written_again(string entries)
    {
        System.IO.File.WriteAllText(Path.Combine(_folder.FullName, "SomeTests.cs"), "\"a\" \"b\"");
        System.IO.File.WriteAllText(File, entries);

        Assert.Throws<GoldenTextException>(() => new GoldenTexts(File, refresh: false).ExpectNoOther());
        var written = new GoldenTexts(File, refresh: true);
        written.Expect("a", "2");
        written.ExpectNoOther();

        new GoldenTexts(File, refresh: false).ExpectNoOther();
        new GoldenTexts(File, refresh: false).Expect("a", "2");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_situation_has_one_text(bool refresh)
    {
        new GoldenTexts(File, refresh: true).Expect("guide", "one");
        var texts = new GoldenTexts(File, refresh);
        texts.Expect("guide", "one");

        Assert.Throws<GoldenTextException>(() => texts.Expect("guide", "two"));
        Assert.Throws<GoldenTextException>(() => texts.Expect("guide", (string?)null));
    }

    [Fact]
    public void An_entry_that_no_test_names_fails_and_is_deleted_when_the_texts_are_written()
    {
        System.IO.File.WriteAllText(
            Path.Combine(_folder.FullName, "SomeTests.cs"),
            """
            Expect("guide", x); Expect("value", y); [InlineData("a: [\"b\"]\n")] [InlineData(@"{raw: "c"}")] Expect("own: line", z);
            """
        );
        var written = new GoldenTexts(File, refresh: true);
        written.Expect("guide", "1");
        written.Expect("value", "a: [\"b\"]\n", "2");
        written.Expect("value", "{raw: \"c\"}", "3");
        written.Expect("value", ["", null, "own: line"], "3");
        written.Expect("own: line", "4");
        new GoldenTexts(File, refresh: false).ExpectNoOther();
        written.Expect("old guide", "5");
        written.Expect("value", "gone", "6");

        var error = Assert.Throws<GoldenTextException>(() => new GoldenTexts(File, refresh: false).ExpectNoOther());
        new GoldenTexts(File, refresh: true).ExpectNoOther();

        Assert.Contains("\nold guide\nvalue: gone\n", error.Message, StringComparison.Ordinal);
        new GoldenTexts(File, refresh: false).ExpectNoOther();
        new GoldenTexts(File, refresh: false).Expect("own: line", "4");
        Assert.Throws<GoldenTextException>(() => new GoldenTexts(File, refresh: false).Expect("old guide", "5"));
    }
}
