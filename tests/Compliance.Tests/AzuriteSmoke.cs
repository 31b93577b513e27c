using Testing;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace Compliance.Tests;

public sealed class AzuriteSmoke(AzuriteFixture azurite)
{
    [Fact]
    public async Task Azurite_answers()
    {
        var c = azurite.Blobs.GetBlobContainerClient("smoke");
        await c.CreateIfNotExistsAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(await c.ExistsAsync(TestContext.Current.CancellationToken));
    }
}
