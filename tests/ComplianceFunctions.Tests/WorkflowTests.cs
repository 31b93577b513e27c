using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace ComplianceFunctions.Tests;

/// <summary>The workflows of GitHub: what they run is pinned, what they may do is named, and they keep no secret.</summary>
public sealed partial class WorkflowTests
{
    // A tag can be moved to other code; a commit cannot. What lies in this repository is of the same commit.
    [Fact]
    public void Every_action_is_pinned_by_a_commit_with_its_version_beside_it()
    {
        var used = Files().SelectMany(f => File.ReadLines(f).Where(l => Uses().IsMatch(l)).Select(l => $"{f}: {l.Trim()}"));

        Assert.NotEmpty(used);
        Assert.All(used, line => Assert.Matches(@"uses: (\./\S+|[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$", line));
    }

    [Fact]
    public void Nothing_is_allowed_but_what_a_job_names()
    {
        foreach (var file in Files())
        {
            var workflow = Read(file);
            Assert.True(workflow["permissions"] is YamlMappingNode { Children.Count: 0 }, $"{file} allows something to all of its jobs");
            Assert.All(
                ((YamlMappingNode)workflow["jobs"]).Children,
                job => Assert.True(IsNamed(job.Value), $"{file}: job {job.Key} does not name its permissions one by one")
            );
        }
    }

    [Fact]
    public void No_secret_is_kept() =>
        Assert.All(Files(), file => Assert.DoesNotContain("secrets", File.ReadAllText(file), StringComparison.OrdinalIgnoreCase));

    // What GitHub puts in between is part of the script, whoever wrote it: a variable of the environment is not.
    [Fact]
    public void No_text_from_outside_becomes_part_of_a_script()
    {
        var scripts = Steps().Where(s => s.Step.Children.ContainsKey("run")).Select(s => $"{s.File}: {s.Step["run"]}").ToList();

        Assert.NotEmpty(scripts);
        Assert.All(scripts, s => Assert.DoesNotContain("${{", s, StringComparison.Ordinal));
    }

    // A token of the job's identity signs statements and opens Azure.
    [Fact]
    public void Only_the_jobs_that_sign_and_that_deploy_get_an_identity()
    {
        var jobs =
            from file in Files()
            from job in ((YamlMappingNode)Read(file)["jobs"]).Children
            where ((YamlMappingNode)job.Value["permissions"]).Children.ContainsKey("id-token")
            select $"{Path.GetFileName(file)} {job.Key}";

        Assert.Equal(["deploy.yml deploy", "release.yml attest"], jobs.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_package_that_is_published_has_its_parts_listed_and_both_statements_signed_after_every_test_passed()
    {
        var jobs = Read(Files("release.yml"))["jobs"];
        var attested = StepsOf(jobs["attest"]).Where(s => Uses(s, "actions/attest")).Select(s => (YamlMappingNode)s["with"]).ToList();

        Assert.Equal(
            ("./.github/workflows/ci.yml", "test", "package", "attest"),
            ($"{jobs["test"]["uses"]}", $"{jobs["package"]["needs"]}", $"{jobs["attest"]["needs"]}", $"{jobs["publish"]["needs"]}")
        );
        Assert.All(attested, a => Assert.Equal("compliance-functions.zip", $"{a["subject-path"]}"));
        // Without a list of parts the statement is about where it was built.
        Assert.Equal(
            ["", "compliance-functions.spdx.json"],
            attested.Select(a => a.Children.TryGetValue("sbom-path", out var parts) ? $"{parts}" : "")
        );
        Assert.Contains(StepsOf(jobs["package"]), s => Script(s).Contains("sbom-tool\" generate", StringComparison.Ordinal));
        Assert.Contains("compliance-functions.zip compliance-functions.spdx.json", Script(StepsOf(jobs["publish"])[^1]));
    }

    [Fact]
    public void A_deployment_verifies_the_package_before_it_signs_in_without_a_secret_and_runs_alone()
    {
        var workflow = Read(Files("deploy.yml"));
        var steps = StepsOf(workflow["jobs"]["deploy"]);
        var signIn = steps.FindIndex(s => Uses(s, "Azure/login"));
        var verified = steps.FindIndex(s => Script(s).Contains("gh attestation verify", StringComparison.Ordinal));
        var deployed = steps.FindIndex(s => Script(s).StartsWith("azd deploy", StringComparison.Ordinal));

        Assert.True(0 <= verified && verified < signIn && signIn < deployed);
        Assert.Equal(
            ["client-id", "subscription-id", "tenant-id"],
            ((YamlMappingNode)steps[signIn]["with"]).Children.Keys.Select(k => $"{k}").Order(StringComparer.Ordinal)
        );
        Assert.Contains(steps, s => Script(s).Contains("--federated-credential-provider github", StringComparison.Ordinal));
        Assert.Contains("--from-package \"$RUNNER_TEMP/compliance-functions.zip\"", Script(steps[deployed]));
        Assert.Equal(
            ("deploy-${{ inputs.environment }}", "false", "${{ inputs.environment }}"),
            (
                $"{workflow["concurrency"]["group"]}",
                $"{workflow["concurrency"]["cancel-in-progress"]}",
                $"{workflow["jobs"]["deploy"]["environment"]}"
            )
        );
    }

    [Fact]
    public void A_change_is_built_and_every_test_run()
    {
        var scripts = StepsOf(Read(Files("ci.yml"))["jobs"]["test"]).Select(Script);

        Assert.Equal(["dotnet build ComplianceFunctions.sln --nologo", "./scripts/test"], scripts.Where(s => s.Length > 0));
    }

    [Fact]
    public void Whatever_is_pinned_is_proposed_when_it_is_newer()
    {
        var updates = ((YamlSequenceNode)Read(Path.Combine(Checkout.Root, ".github", "dependabot.yml"))["updates"]).Children;

        Assert.Equal(
            ["github-actions /", "npm /scripts/azurite", "nuget /"],
            updates.Select(u => $"{u["package-ecosystem"]} {u["directory"]}").Order(StringComparer.Ordinal)
        );
        Assert.True(File.Exists(Path.Combine(Checkout.Root, "Directory.Packages.props")));
        Assert.True(File.Exists(Path.Combine(Checkout.Root, "scripts", "azurite", "package-lock.json")));
    }

    private static string Files(string name) => Files().Single(f => Path.GetFileName(f) == name);

    private static IEnumerable<(string File, YamlMappingNode Step)> Steps() =>
        from file in Files()
        from job in ((YamlMappingNode)Read(file)["jobs"]).Children
        from step in StepsOf(job.Value)
        select (Path.GetFileName(file), step);

    // A job that calls another workflow has no steps.
    private static List<YamlMappingNode> StepsOf(YamlNode job) =>
        ((YamlMappingNode)job).Children.TryGetValue("steps", out var steps)
            ? [.. ((YamlSequenceNode)steps).Children.Cast<YamlMappingNode>()]
            : [];

    private static string Script(YamlMappingNode step) => step.Children.TryGetValue("run", out var script) ? $"{script}" : "";

    private static bool Uses(YamlMappingNode step, string action) =>
        step.Children.TryGetValue("uses", out var uses) && $"{uses}".StartsWith($"{action}@", StringComparison.Ordinal);

    private static bool IsNamed(YamlNode job) =>
        ((YamlMappingNode)job).Children.TryGetValue("permissions", out var named) && named is YamlMappingNode { Children.Count: > 0 };

    private static YamlMappingNode Read(string file)
    {
        using var text = File.OpenText(file);
        var yaml = new YamlStream();
        yaml.Load(text);
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    private static string[] Files()
    {
        var files = Directory.GetFiles(Path.Combine(Checkout.Root, ".github", "workflows"), "*.yml");
        Assert.NotEmpty(files);
        return files;
    }

    [GeneratedRegex(@"^\s*(- )?uses:")]
    private static partial Regex Uses();
}
