using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Simulation;

namespace ComplianceFunctions.Tests;

/// <summary>The package that <c>azd</c> deploys, published once as <c>azd</c> does it.</summary>
public sealed class PublishedPackage : IAsyncLifetime
{
    /// <summary>The folder.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("package-").FullName;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        var text = await Checkout.DotnetAsync(
            "publish",
            Checkout.AppProject,
            "-c",
            "Release",
            "-o",
            Folder,
            "--nologo",
            "-v",
            "minimal",
            "-nodeReuse:false"
        );
        Assert.True(File.Exists(Path.Combine(Folder, "ComplianceFunctions.dll")), $"the publish succeeded without a package: {text}");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}

public sealed class PackageTests(PublishedPackage package, ITestOutputHelper output) : IClassFixture<PublishedPackage>
{
    [Fact]
    public void The_package_has_all_that_the_Functions_host_reads()
    {
        Assert.All(
            [
                "functions.metadata",
                "worker.config.json",
                "extensions.json",
                "host.json",
                "ComplianceFunctions.dll",
                "policy/credentials.yaml",
                "policy/notifications.yaml",
                "policy/retention.yaml",
                ".azurefunctions/function.deps.json",
            ],
            file => Assert.True(File.Exists(Path.Combine(package.Folder, file)), $"{file} is missing")
        );
        var bytes = Directory.EnumerateFiles(package.Folder, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The package has {bytes / 1_000_000.0:0.0} MB."));
    }

    [Fact]
    public void The_package_holds_nothing_that_is_for_a_laptop_or_for_tests()
    {
        var names = Directory.EnumerateFiles(package.Folder, "*", SearchOption.AllDirectories).Select(f => Path.GetFileName(f)).ToList();

        Assert.Contains("ComplianceFunctions.dll", names);
        Assert.DoesNotContain(names, name => LocalNames.Any(local => name.StartsWith(local, StringComparison.OrdinalIgnoreCase)));
    }

    [Fact]
    public void The_package_is_for_Linux_started_by_dotnet_and_no_larger_than_it_has_to_be()
    {
        var files = new DirectoryInfo(package.Folder).EnumerateFiles("*", SearchOption.AllDirectories).ToList();
        using var worker = JsonDocument.Parse(File.ReadAllText(Path.Combine(package.Folder, "worker.config.json")));

        Assert.Equal("dotnet", worker.RootElement.GetProperty("description").GetProperty("defaultExecutablePath").GetString());
        Assert.False(Directory.Exists(Path.Combine(package.Folder, "runtimes")));
        Assert.DoesNotContain(files, f => f.Extension == ".xml");
        // Where the check after a deployment looks for the list (Smoke.Published).
        var left = Path.Combine(Path.GetDirectoryName(Checkout.AppProject)!, "obj", "Release", "net10.0", "linux-x64");
        Assert.True(File.Exists(Path.Combine(left, "functions.metadata")));
        // Microsoft.Graph compiled ahead would add 50 MB.
        Assert.InRange(files.Sum(f => f.Length) / 1_000_000, 20, 125);
    }

    [Fact]
    public void The_package_lists_every_function_of_the_app()
    {
        using var metadata = JsonDocument.Parse(File.ReadAllText(Path.Combine(package.Folder, "functions.metadata")));
        var listed = metadata.RootElement.EnumerateArray().Select(f => f.GetProperty("name").GetString()!).Order(StringComparer.Ordinal);

        Assert.Equal(Declared(), listed);
    }

    [Fact]
    public void The_simulation_finds_the_orchestrators_and_activities_that_the_package_lists()
    {
        using var metadata = JsonDocument.Parse(File.ReadAllText(Path.Combine(package.Folder, "functions.metadata")));
        var listed =
            from function in metadata.RootElement.EnumerateArray()
            from binding in function.GetProperty("bindings").EnumerateArray()
            let trigger = binding.GetProperty("type").GetString()!
            where trigger is "orchestrationTrigger" or "activityTrigger"
            orderby function.GetProperty("name").GetString()
            select (function.GetProperty("name").GetString()!, trigger);

        Assert.Equal(listed, AppFunctions.ListIn(AppFunctions.ClassesIn(typeof(LeaverOrchestrations).Assembly)));
    }

    [Fact]
    public void The_host_loads_the_extensions_of_queues_and_orchestrations()
    {
        using var extensions = JsonDocument.Parse(File.ReadAllText(Path.Combine(package.Folder, "extensions.json")));
        var loaded = extensions.RootElement.GetProperty("extensions").EnumerateArray().Select(e => e.GetProperty("name").GetString()!);

        Assert.Superset(new HashSet<string> { "AzureStorageQueues", "DurableTask" }, loaded.ToHashSet());
    }

    private static readonly string[] LocalNames =
    [
        "LocalHost",
        "SandboxTenant",
        "Simulation",
        "Local.",
        "ComplianceCli",
        "Testing",
        "xunit",
        "local.settings",
        "Yarp",
        "Spectre",
    ];

    private static IEnumerable<string> Declared() =>
        typeof(CredentialFunctions)
            .Assembly.GetTypes()
            .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance))
            .Select(m => m.GetCustomAttribute<FunctionAttribute>()?.Name)
            .OfType<string>()
            .Order(StringComparer.Ordinal);
}

public sealed class BuildTests
{
    [Fact]
    public void The_settings_of_the_host_name_no_extension_bundle_which_would_leave_an_isolated_app_without_functions()
    {
        using var host = JsonDocument.Parse(File.ReadAllText(Path.Combine(Checkout.Root, "host.json")));

        Assert.False(host.RootElement.TryGetProperty("extensionBundle", out _));
    }

    // Were the code's version the newer one, a case that begins a new history would be handed back for ever: its host takes none that is
    // newer.
    [Fact]
    public void The_version_of_the_orchestrations_is_the_default_of_host_json_and_newer_ones_are_left_to_newer_hosts()
    {
        using var host = JsonDocument.Parse(File.ReadAllText(Path.Combine(Checkout.Root, "host.json")));
        var durable = host.RootElement.GetProperty("extensions").GetProperty("durableTask");

        Assert.Equal(
            (OrchestrationVersions.Current, "CurrentOrOlder", "Reject"),
            (
                durable.GetProperty("defaultVersion").GetString(),
                durable.GetProperty("versionMatchStrategy").GetString(),
                durable.GetProperty("versionFailureStrategy").GetString()
            )
        );
        // Others are compared as text, in which 10 is less than 9.
        Assert.True(
            Version.TryParse(OrchestrationVersions.Current, out _),
            $"{OrchestrationVersions.Current} is not of numbers with a dot between"
        );
    }

    [Theory]
    [InlineData("false", "-p:Configuration=Debug")]
    [InlineData("true", "-p:Configuration=Release")]
    [InlineData("true", "-p:Configuration=Debug", "-p:_IsPublishing=true")]
    [InlineData("true", "-p:Configuration=Debug", "-p:_CommandLineDefinedOutputPath=true")]
    public async Task Only_a_package_builds_the_extensions_of_the_host(string built, params string[] arguments) =>
        Assert.Equal(
            built,
            (
                await Checkout.DotnetAsync([
                    "msbuild",
                    Checkout.AppProject,
                    "-getProperty:_FunctionsBuildEnabled",
                    "-nodeReuse:false",
                    .. arguments,
                ])
            ).Trim()
        );

    // The property is the SDK's own: should it be renamed, the inner build would run again, and be seen here.
    [Fact]
    public void The_ordinary_build_leaves_the_extensions_out() =>
        Assert.DoesNotContain(
            Directory
                .EnumerateFileSystemEntries(Path.Combine(Path.GetDirectoryName(Checkout.AppProject)!, "bin", "Debug", "net10.0"))
                .Select(e => Path.GetFileName(e)),
            name => name is ".azurefunctions" or "extensions.json"
        );

    [Fact]
    public void A_test_project_that_references_the_app_gets_no_files_of_the_Functions_host() =>
        Assert.DoesNotContain(
            Directory.EnumerateFileSystemEntries(AppContext.BaseDirectory).Select(e => Path.GetFileName(e)),
            name => name is ".azurefunctions" or "functions.metadata" or "extensions.json" or "worker.config.json"
        );
}

/// <summary>The checkout that these tests were built from.</summary>
internal static class Checkout
{
    public static string Root { get; } = Local.RepositoryRoot.Find();

    public static string AppProject { get; } = Path.Combine(Root, "src", "ComplianceFunctions", "ComplianceFunctions.csproj");

    /// <summary>Runs <c>dotnet</c> and gives what it printed; a failure is the test's.</summary>
    public static async Task<string> DotnetAsync(params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = Root,
                // A build inside a test run must not take the test run's own settings for its own.
                Environment = { ["MSBUILDDISABLENODEREUSE"] = "1" },
            }
        )!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var text = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"dotnet {arguments[0]} ended with {process.ExitCode}: {text}{await error}");
        return text;
    }
}
