using System.Text.RegularExpressions;
using Compliance.AuditPack;
using Local;
using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Markdig.Extensions.Tables;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Compliance.Tests.Controls;

/// <summary>README.md and docs: tables are whole, links lead somewhere, and the list of controls is the catalogue's.</summary>
public sealed class PagesTests
{
    private static readonly string Root = RepositoryRoot.Find();

    private static readonly MarkdownPipeline GitHub = new MarkdownPipelineBuilder()
        .UsePipeTables()
        .UseAutoIdentifiers(AutoIdentifierOptions.GitHub)
        .Build();

    public static TheoryData<string> Pages =>
        [
            "README.md",
            .. Directory
                .EnumerateFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)
                .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/'))
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_table_has_a_head_and_as_many_cells_in_each_row(string page)
    {
        var document = Read(page);
        var lines = File.ReadAllLines(Path.Combine(Root, page));

        // A row behind an empty line belongs to no table: it is shown as text.
        Assert.DoesNotContain(
            document.Descendants<ParagraphBlock>(),
            p => p.Parent is not TableCell && lines[p.Line].TrimStart().StartsWith('|')
        );
        // The parser fills short rows up, so the bars are counted; one within a cell is written \|.
        int Bars(Block row) => Regex.Count(lines[row.Line], @"(?<!\\)\|");
        Assert.All(
            document.Descendants<Table>(),
            table =>
                Assert.All(
                    table,
                    row => Assert.True(Bars(row) == Bars(table[0]), $"line {row.Line + 1} has not as many cells as its table's head")
                )
        );
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_within_the_project_leads_to_a_file_and_a_heading_that_are_there(string page)
    {
        var broken = new List<string>();
        foreach (var url in Read(page).Descendants<LinkInline>().Select(l => l.Url ?? "").Where(u => !u.Contains(':')))
        {
            var parts = url.Split('#');
            var folder = Path.GetDirectoryName(page)!;
            var file = parts[0].Length == 0 ? page : Path.Combine(folder, Uri.UnescapeDataString(parts[0]));
            var isThere = Path.Exists(Path.Combine(Root, file));
            if (!isThere || (parts.Length > 1 && !Read(file).Descendants<HeadingBlock>().Any(h => h.GetAttributes().Id == parts[1])))
                broken.Add(url);
        }

        Assert.Empty(broken);
    }

    [Fact]
    public void The_list_of_controls_is_the_catalogues()
    {
        var listed = File.ReadAllLines(Path.Combine(Root, "docs", "reference", "controls.md"))
            .SkipWhile(l => l != "| control | what is wrong |")
            .Skip(2)
            .TakeWhile(l => l.StartsWith('|'));

        Assert.Equal(AllControls.Catalogue.All.Select(c => $"| {c.Id} | {c.Title} |"), listed);
    }

    private static MarkdownDocument Read(string page) => Markdown.Parse(File.ReadAllText(Path.Combine(Root, page)), GitHub);
}
