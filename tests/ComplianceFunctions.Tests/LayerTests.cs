using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using Compliance.Credentials;

namespace ComplianceFunctions.Tests;

/// <summary>Dependencies of the product's folders point one way: this holds the order of the design against the compiled code.</summary>
public sealed class LayerTests
{
    // From the lowest up: those of a line are independent of each other, or use those before them in the line.
    private static readonly string[] Order =
    [
        "Text",
        "Controls",
        "Policies",
        "Observability",
        "Storage",
        "Tenants",
        "Callers",
        "Findings",
        "Ledger",
        "Runs",
        "Changes",
        "Notifications",
        "LedgerCheck",
        "Credentials",
        "Offboarding",
        "Minimization",
        "AuditPack",
    ];

    private static readonly Lazy<IReadOnlyList<Use>> Uses = new(Load);

    /// <summary>One namespace uses another.</summary>
    private sealed record Use(string From, string To, string Example);

    [Fact]
    public void Every_folder_of_the_product_has_a_place_in_the_order()
    {
        var folders = Directory
            .EnumerateDirectories(Path.Combine(Local.RepositoryRoot.Find(), "src", "Compliance"))
            .Select(d => Path.GetFileName(d)!)
            .Where(n => n is not ("bin" or "obj"))
            .Order(StringComparer.Ordinal);

        Assert.Equal(Order.Order(StringComparer.Ordinal), folders);
    }

    [Fact]
    public void A_folder_uses_only_folders_below_it()
    {
        var upward = Uses.Value.Where(u =>
            Folder(u.From) != Folder(u.To) && Array.IndexOf(Order, Folder(u.To)) >= Array.IndexOf(Order, Folder(u.From))
        );

        Assert.Empty(upward.Select(u => u.Example));
    }

    [Fact]
    public void The_parts_of_a_folder_do_not_use_each_other_in_a_circle()
    {
        var circles = Uses.Value.Select(u => (u.From, u.To)).Distinct().Where(u => u.From != u.To && Reaches(u.To, u.From, [])).ToList();

        Assert.Empty(circles.Select(c => $"{c.From} -> {c.To}: {Uses.Value.First(u => u.From == c.From && u.To == c.To).Example}"));
    }

    [Fact]
    public void The_compiled_code_was_seen()
    {
        Assert.Contains(Uses.Value, u => (u.From, u.To) == ("Compliance.Offboarding.Cases", "Compliance.Changes.Plans"));
        Assert.Contains(Uses.Value, u => (u.From, u.To) == ("Compliance.AuditPack", "Compliance.Ledger.Verification"));
    }

    private static bool Reaches(string from, string to, HashSet<string> seen) =>
        from == to || seen.Add(from) && Uses.Value.Where(u => u.From == from && u.To != from).Any(u => Reaches(u.To, to, seen));

    private static string Folder(string name) => name.Split('.')[1];

    private static List<Use> Load()
    {
        var code = new ArchLoader().LoadAssembly(typeof(CredentialRotationCheck).Assembly).Build();
        return
        [
            .. code
                .Types.Where(t => IsOurs(t) && !Registers(t))
                .SelectMany(t => t.Dependencies)
                .Where(d => IsOurs(d.Target))
                .Select(d => new Use(
                    d.Origin.Namespace.FullName,
                    d.Target.Namespace.FullName,
                    $"{d.Origin.FullName} uses {d.Target.FullName}"
                ))
                .DistinctBy(u => (u.From, u.To, u.Example)),
        ];
    }

    // A type parameter has no namespace.
    private static bool IsOurs(IType type) => type.Namespace?.FullName.StartsWith("Compliance.", StringComparison.Ordinal) == true;

    // Registers the parts of its folder, and is used by none of them.
    private static bool Registers(IType type) => type.Name.EndsWith("Services", StringComparison.Ordinal);
}
