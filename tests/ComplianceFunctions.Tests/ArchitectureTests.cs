using System.Xml.Linq;
using Local;

namespace ComplianceFunctions.Tests;

/// <summary>Dependencies point one way: this holds the rule of the design against the project files.</summary>
public sealed class ArchitectureTests
{
    private static readonly string Root = RepositoryRoot.Find();

    [Theory]
    [InlineData("Compliance", "")]
    [InlineData("LocalHost", "")]
    [InlineData("SandboxTenant", "")]
    [InlineData("Simulation", "")]
    [InlineData("ComplianceFunctions", "Compliance")]
    [InlineData("ComplianceCli", "Compliance")]
    [InlineData("Local", "Compliance ComplianceCli ComplianceFunctions LocalHost SandboxTenant")]
    public void A_project_references_only_what_the_design_allows(string project, string allowed)
    {
        var references = XDocument
            .Load(Path.Combine(Root, "src", project, project + ".csproj"))
            .Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')))
            .Order(StringComparer.Ordinal);

        Assert.Equal(allowed, string.Join(' ', references));
    }

    [Fact]
    public void Every_source_project_is_held_by_the_rule()
    {
        var projects = Directory
            .EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Where(p => !p.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(p => Path.GetFileNameWithoutExtension(p))
            .Order(StringComparer.Ordinal);

        Assert.Equal(["Compliance", "ComplianceCli", "ComplianceFunctions", "Local", "LocalHost", "SandboxTenant", "Simulation"], projects);
    }

    [Fact]
    public void The_product_knows_no_trigger_and_no_web_framework()
    {
        var referenced = typeof(Compliance.Credentials.CredentialRotationCheck)
            .Assembly.GetReferencedAssemblies()
            .Select(a => a.Name!)
            .ToList();

        Assert.DoesNotContain(
            referenced,
            n =>
                n.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)
                || n.StartsWith("Microsoft.Azure.Functions", StringComparison.Ordinal)
                || n.StartsWith("Microsoft.DurableTask", StringComparison.Ordinal)
                || n.StartsWith("DurableTask", StringComparison.Ordinal)
                || n is "LocalHost" or "SandboxTenant" or "Simulation"
        );
    }

    [Fact]
    public void The_product_references_no_package_of_triggers_or_orchestrations()
    {
        var packages = XDocument
            .Load(Path.Combine(Root, "src", "Compliance", "Compliance.csproj"))
            .Descendants("PackageReference")
            .Select(r => r.Attribute("Include")!.Value);

        Assert.DoesNotContain(
            packages,
            p =>
                p.Contains("Functions", StringComparison.Ordinal)
                || p.Contains("DurableTask", StringComparison.Ordinal)
                || p.Contains("WebJobs", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Nothing_in_the_app_knows_which_host_runs_it()
    {
        var folder = Path.Combine(Root, "src", "ComplianceFunctions");
        var knowing = Directory
            .EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Where(f =>
                File.ReadLines(f)
                    .Any(l =>
                        l.TrimStart().StartsWith("#if", StringComparison.Ordinal) || l.Contains("LocalHost", StringComparison.Ordinal)
                    )
            )
            .Select(Path.GetFileName);

        Assert.Empty(knowing);
    }

    [Fact]
    public void A_project_that_references_the_app_receives_no_metadata_of_functions()
    {
        string[] received = [".azurefunctions", "functions.metadata", "extensions.json", "worker.config.json"];

        Assert.DoesNotContain(received, name => Path.Exists(Path.Combine(AppContext.BaseDirectory, name)));
    }
}
