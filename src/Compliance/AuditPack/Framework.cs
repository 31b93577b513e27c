using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Compliance.Controls;

namespace Compliance.AuditPack;

/// <summary>A regulation or standard that a pack is made for.</summary>
/// <param name="Key">What it is called on the command line, for example <c>soc2</c>.</param>
/// <param name="Title">What its clauses begin with in the catalogue, for example <c>SOC 2</c>.</param>
/// <param name="Controls">The controls that serve it, by id.</param>
internal sealed record Framework(string Key, string Title, IReadOnlyList<Control> Controls)
{
    // The ones that ask for evidence of this kind. A framework is known once a control of the catalogue serves it.
    private static readonly (string Key, string Title, string[] Aliases)[] Names =
    [
        ("soc2", "SOC 2", []),
        ("iso27001", "ISO 27001", ["27001"]),
        ("iso42001", "ISO 42001", ["42001"]),
        ("hipaa", "HIPAA", []),
        ("gdpr", "GDPR", []),
        ("aiact", "EU AI Act", ["euaiact"]),
        ("nis2", "NIS2", []),
        ("pci", "PCI DSS", ["pcidss"]),
        ("nist80053", "NIST 800-53", []),
        ("nistcsf", "NIST CSF", []),
        ("nistairmf", "NIST AI RMF", []),
    ];

    /// <summary>All that the catalogue's controls serve, by key.</summary>
    public static IReadOnlyList<Framework> All { get; } = From(AllControls.Catalogue.All);

    private static readonly FrozenDictionary<string, Framework> ByName = All.SelectMany(f =>
            Names
                .Single(n => n.Key == f.Key)
                .Aliases.Append(f.Key)
                .Append(Plain(f.Title))
                .Distinct(StringComparer.Ordinal)
                .Select(name => (name, f))
        )
        .ToFrozenDictionary(x => x.name, x => x.f, StringComparer.Ordinal);

    /// <summary>The frameworks that some controls serve.</summary>
    public static IReadOnlyList<Framework> From(IEnumerable<Control> controls)
    {
        var all = controls.OrderBy(c => c.Id, StringComparer.Ordinal).ToList();
        return
        [
            .. Names
                .Select(n => new Framework(n.Key, n.Title, [.. all.Where(c => c.Serves.Any(clause => IsOf(clause, n.Title)))]))
                .Where(f => f.Controls.Count > 0)
                .OrderBy(f => f.Key, StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// Finds one by what a person calls it: case, spaces and signs do not matter (<c>SOC2</c>, <c>iso-27001</c>, <c>PCI DSS</c>).
    /// </summary>
    /// <param name="name">The name; anything may stand here.</param>
    /// <param name="framework">The framework.</param>
    /// <returns>Whether it is known.</returns>
    public static bool TryFind(string name, [NotNullWhen(true)] out Framework? framework) => ByName.TryGetValue(Plain(name), out framework);

    /// <summary>The clauses of this framework that a control serves, without the framework's name: <c>CC6.1</c>.</summary>
    public IReadOnlyList<string> Clauses(Control control) =>
        [.. control.Serves.Where(c => IsOf(c, Title)).Select(c => c[(Title.Length + 1)..]).Order(StringComparer.Ordinal)];

    private static bool IsOf(string clause, string title) => clause.StartsWith(title + ' ', StringComparison.Ordinal);

    private static string Plain(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
}
