using System.Xml.Linq;
using Local;

namespace ComplianceFunctions.Tests;

/// <summary>Dependencies point one way: this holds the rule of the design against the project files.</summary>
public sealed class ArchitectureTests
{
    private static readonly string Root = RepositoryRoot.Find();

    [Theory]
    [InlineData("Compliance", "")]
    [InlineData("EmbeddedHost", "")]
    [InlineData("SandboxTenant", "")]
    [InlineData("ComplianceFunctions", "Compliance EmbeddedHost")]
    [InlineData("ComplianceCli", "Compliance")]
    [InlineData("Local", "Compliance ComplianceCli ComplianceFunctions SandboxTenant")]
    public void A_project_references_only_what_the_design_allows(string project, string allowed)
    {
        var references = XDocument.Load(Path.Combine(Root, "src", project, project + ".csproj"))
            .Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')))
            .Order(StringComparer.Ordinal);

        Assert.Equal(allowed, string.Join(' ', references));
    }

    [Fact]
    public void Every_source_project_is_held_by_the_rule()
    {
        var projects = Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Where(p => !p.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(p => Path.GetFileNameWithoutExtension(p)).Order(StringComparer.Ordinal);

        Assert.Equal(["Compliance", "ComplianceCli", "ComplianceFunctions", "EmbeddedHost", "Local", "SandboxTenant"], projects);
    }

    [Fact]
    public void The_product_knows_no_trigger_and_no_web_framework()
    {
        var referenced = typeof(Compliance.Credentials.CredentialRotationCheck).Assembly.GetReferencedAssemblies().Select(a => a.Name!).ToList();

        Assert.DoesNotContain(referenced, n => n.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)
            || n.StartsWith("Microsoft.Azure.Functions", StringComparison.Ordinal) || n is "EmbeddedHost" or "SandboxTenant");
    }

    [Fact]
    public void Only_one_file_and_the_project_know_which_host_the_app_is_built_for()
    {
        var folder = Path.Combine(Root, "src", "ComplianceFunctions");
        var knowing = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Where(f => File.ReadLines(f).Any(l => l.TrimStart().StartsWith("#if", StringComparison.Ordinal) || l.Contains("EmbeddedHost", StringComparison.Ordinal)))
            .Select(Path.GetFileName);

        Assert.Equal(["GlobalUsings.cs"], knowing);
    }
}
