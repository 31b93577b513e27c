using Local;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ComplianceFunctions.Tests;

/// <summary>Rules of the product's code that no analyzer of the build has.</summary>
public sealed class ReadabilityTests
{
    // Besides the token that cancels. Of a constructor, its class has as many things to work with.
    private const int MaxParameters = 7;

    // A round of SHA-256 has its eight words.
    private const string HashRounds = "HashLanes.cs";

    // As the code is wrapped: a statement a line, and an argument a line where they do not fit in one.
    private const int MaxMethodLines = 62;

    private static readonly IReadOnlyList<(string File, SyntaxNode Root)> Files =
    [
        .. new[] { "Compliance", "ComplianceFunctions", "ComplianceCli" }
            .SelectMany(p => Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Find(), "src", p), "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"))
            .Select(f => (f, CSharpSyntaxTree.ParseText(File.ReadAllText(f)).GetRoot(TestContext.Current.CancellationToken))),
    ];

    [Fact]
    public void No_conditional_operator_holds_another() =>
        AssertNone(
            Found<ConditionalExpressionSyntax>(c => IsConditional(c.Condition) || IsConditional(c.WhenTrue) || IsConditional(c.WhenFalse))
        );

    [Fact]
    public void Nothing_takes_more_than_seven_things() =>
        AssertNone(
            Found<ParameterListSyntax>(p =>
                    p.Parent is MethodDeclarationSyntax or ConstructorDeclarationSyntax or ClassDeclarationSyntax
                    && Count(p) > MaxParameters
                )
                .Where(f => !f.Contains(HashRounds, StringComparison.Ordinal))
        );

    [Fact]
    public void No_bag_of_parts_takes_the_place_of_a_constructor() =>
        AssertNone(Found<RecordDeclarationSyntax>(r => r.Identifier.Text.EndsWith("Parts", StringComparison.Ordinal)));

    [Fact]
    public void No_method_of_the_product_is_longer_than_a_screen() =>
        AssertNone(Found<MethodDeclarationSyntax>(m => m.Body is { } body && Lines(body) > MaxMethodLines));

    private static IEnumerable<string> Found<T>(Func<T, bool> isBad)
        where T : SyntaxNode =>
        Files.SelectMany(f => f.Root.DescendantNodes().OfType<T>().Where(isBad).Select(n => $"{f.File}:{LineOf(n)}"));

    private static void AssertNone(IEnumerable<string> found)
    {
        var all = found.ToList();
        Assert.True(all.Count == 0, string.Join('\n', all));
    }

    private static int Count(ParameterListSyntax parameters) =>
        parameters.Parameters.Count(one => one.Type?.ToString() != nameof(CancellationToken));

    private static bool IsConditional(ExpressionSyntax expression) =>
        expression is ConditionalExpressionSyntax || (expression is ParenthesizedExpressionSyntax inner && IsConditional(inner.Expression));

    // A text in raw quotation marks is a document, not code.
    private static int Lines(BlockSyntax body) =>
        LinesOf(body.GetLocation())
        - 2
        - body.DescendantNodes()
            .Where(n => n is InterpolatedStringExpressionSyntax or LiteralExpressionSyntax)
            .Sum(n => LinesOf(n.GetLocation()) - 1);

    private static int LineOf(SyntaxNode node) => node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;

    private static int LinesOf(Location location)
    {
        var span = location.GetLineSpan();
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }
}
