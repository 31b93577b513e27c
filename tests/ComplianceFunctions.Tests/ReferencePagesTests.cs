using System.Reflection;
using Local;
using Microsoft.Azure.Functions.Worker;

namespace ComplianceFunctions.Tests;

/// <summary>The pages of the reference name what there is.</summary>
public sealed class ReferencePagesTests
{
    [Fact]
    public void The_page_of_functions_names_every_function_that_has_a_trigger_of_its_own()
    {
        var page = Page("functions.md");
        var functions = typeof(OffboardingFunctions)
            .Assembly.GetTypes()
            .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static))
            .Where(m => !m.GetParameters().Any(p => p.IsDefined(typeof(ActivityTriggerAttribute))))
            .Select(m => m.GetCustomAttribute<FunctionAttribute>()?.Name)
            .OfType<string>()
            .ToList();

        Assert.NotEmpty(functions);
        Assert.All(functions, f => Assert.Contains($"`{f}`", page));
    }

    [Fact]
    public void The_page_of_settings_names_every_setting_that_the_app_knows()
    {
        var page = Page("settings.md");

        var settings = KnownSettings.All.Select(s => s.Replace(":", "__", StringComparison.Ordinal));

        Assert.All(settings, s => Assert.Contains($"`{s}`", page));
    }

    private static string Page(string name) => File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "docs", "reference", name));
}
