using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Compliance.Tests;
using NJsonSchema;
using YamlDotNet.Serialization;

namespace Infra.Tests;

/// <summary>What azd reads fits together: azure.yaml, the parameters and the templates.</summary>
public sealed partial class AzdTests(Templates templates)
{
    private static readonly JsonObject Project = Read();

    private static JsonObject Parameters =>
        JsonNode.Parse(File.ReadAllText(Templates.Folder("infra", "main.parameters.json")))!["parameters"]!.AsObject();

    [Fact]
    public async Task Its_schema_accepts_the_project()
    {
        var file = PublishedFiles.Find("azure.yaml.schema.json");
        Assert.SkipUnless(file is not null, $"azd's schema is not here; set {PublishedFiles.Variable}");
        var schema = await JsonSchema.FromFileAsync(file, TestContext.Current.CancellationToken);

        Assert.Empty(schema.Validate(Project.ToJsonString()).Select(e => $"{e}"));
        var misspelt = Project.ToJsonString().Replace("\"preprovision\"", "\"beforeprovision\"", StringComparison.Ordinal);
        Assert.NotEmpty(schema.Validate(misspelt));
    }

    [Fact]
    public void Its_one_service_is_the_app_whose_resource_has_its_tag()
    {
        var (name, service) = Assert.Single(Project["services"]!.AsObject());

        Assert.Equal("function", service!["host"]!.GetValue<string>());
        Assert.True(Directory.Exists(Templates.Folder(service["project"]!.GetValue<string>().Split('/'))));
        Assert.Equal(name, templates.Report.One("Microsoft.Web/sites").Text("tags.azd-service-name"));
    }

    [Fact]
    public void Each_hook_is_the_same_command_of_ours_on_every_system()
    {
        string[] hooks = ["preprovision", "postprovision", "postdeploy", "predown"];
        var commands = Project["hooks"]!
            .AsObject()
            .SelectMany(h => h.Value!.AsObject(), (h, system) => $"{h.Key} {system.Key} {system.Value!["kind"]} {system.Value["run"]}");

        Assert.Equal(
            hooks.SelectMany(h =>
                new[]
                {
                    $"{h} posix sh dotnet run --project src/ComplianceCli -- azure {h}",
                    $"{h} windows pwsh dotnet run --project src/ComplianceCli -- azure {h}",
                }
            ),
            commands
        );
        Assert.True(File.Exists(Templates.Folder("src", "ComplianceCli", "ComplianceCli.csproj")));
    }

    [Fact]
    public void Every_parameter_that_is_set_exists_and_every_one_that_must_be_set_is()
    {
        var known = templates.Compiled("main")["parameters"]!.AsObject();
        var required = known.Where(p => p.Value!["defaultValue"] is null && p.Value["nullable"] is null).Select(p => p.Key);

        Assert.Empty(Parameters.Select(p => p.Key).Except(known.Select(p => p.Key)));
        Assert.Empty(required.Except(Parameters.Select(p => p.Key)));
    }

    // What is let through without a token is decided with the code, and the budget begins with this month.
    [Fact]
    public void Everything_that_can_be_chosen_can_be_chosen_in_azds_environment() =>
        Assert.Equal(
            ["budgetStartDate", "excludedPaths"],
            templates
                .Compiled("main")["parameters"]!.AsObject()
                .Select(p => p.Key)
                .Except(Parameters.Select(p => p.Key))
                .Order(StringComparer.Ordinal)
        );

    // azd sets its own, and the outputs of the evidence are no choice.
    [Fact]
    public void Every_choice_is_on_the_page_of_the_deployment_and_every_name_on_a_page_of_operations_is_read_by_something()
    {
        var choices = Names(File.ReadAllText(Templates.Folder("infra", "main.parameters.json"))).Except(Outputs("evidence"));
        var ofCommands = Directory
            .EnumerateFiles(Templates.Folder("src", "ComplianceCli"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(f => Names(File.ReadAllText(f)));
        var known = choices.Concat(ofCommands).Concat(Outputs("main")).Concat(Outputs("evidence")).ToHashSet(StringComparer.Ordinal);
        var pages = Directory
            .EnumerateFiles(Templates.Folder("docs", "operations"), "*.md")
            .Append(Templates.Folder("README.md"))
            .SelectMany(f => Names(File.ReadAllText(f)));

        Assert.True(choices.Count() > 20);
        Assert.Empty(choices.Except(Names(File.ReadAllText(Templates.Folder("docs", "operations", "deployment.md")))));
        Assert.Empty(pages.Except(known));
    }

    [Fact]
    public void Defaults_of_azds_environment_are_those_of_the_template()
    {
        var known = templates.Compiled("main")["parameters"]!.AsObject();
        // "${COMPLIANCE_MODE=report}"
        var defaults = Parameters
            .Select(p => (p.Key, Value: p.Value!["value"]!.GetValue<string>()))
            .Where(p => p.Value.Contains('='))
            .ToDictionary(p => p.Key, p => p.Value[(p.Value.IndexOf('=') + 1)..^1]);

        Assert.NotEmpty(defaults);
        Assert.All(
            defaults,
            d => Assert.Equal($"{known[d.Key]!["defaultValue"]}".ToLowerInvariant(), d.Value.ToLowerInvariant())
        );
    }

    [Fact]
    public void Every_output_of_the_evidence_is_read_by_the_app()
    {
        var outputs = templates.Compiled("evidence")["outputs"]!.AsObject().Select(o => $"${{{o.Key}}}");
        var read = Parameters.Select(p => p.Value!["value"]!.GetValue<string>());

        Assert.Equal(5, outputs.Count());
        Assert.Empty(outputs.Except(read));
    }

    private IEnumerable<string> Outputs(string template) => templates.Compiled(template)["outputs"]!.AsObject().Select(o => o.Key);

    private static IEnumerable<string> Names(string text) => Name().Matches(text).Select(m => m.Value).Distinct();

    [GeneratedRegex(@"\b(?:COMPLIANCE|EVIDENCE|HR)_[A-Z_]*[A-Z]\b")]
    private static partial Regex Name();

    private static JsonObject Read()
    {
        using var reader = File.OpenText(Templates.Folder("azure.yaml"));
        var yaml = new DeserializerBuilder().Build().Deserialize(reader);
        return JsonNode.Parse(new SerializerBuilder().JsonCompatible().Build().Serialize(yaml))!.AsObject();
    }
}
