namespace Infra.Tests;

/// <summary>
/// Every resource that a deployment would make, with every property: a change of a template is seen as what changes in Azure.
/// </summary>
public sealed class SnapshotTests(Templates templates)
{
    [Theory]
    [InlineData("report")]
    [InlineData("enforce")]
    [InlineData("evidence")]
    [InlineData("evidence-locked")]
    public void What_is_deployed_is_what_was_reviewed(string name) =>
        ReviewedFile.AssertSame(Templates.Folder("tests", "Infra.Tests", "Snapshots", $"{name}.json"), templates.Snapshot(name) + "\n");
}
