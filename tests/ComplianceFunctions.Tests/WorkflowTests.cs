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
