namespace Infra.Tests;

/// <summary>The page of the reference is what the templates make.</summary>
public sealed class AzureResourcesPageTests(Templates templates)
{
    [Fact]
    public void The_page_lists_what_the_templates_make() =>
        ReviewedFile.AssertSame(Templates.Folder("docs", "reference", "azure-resources.md"), AzureResourcesPage.Write(templates));
}
