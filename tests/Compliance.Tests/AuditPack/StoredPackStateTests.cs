using Compliance.AuditPack;
using Compliance.Tests.Storage;
using Testing;

namespace Compliance.Tests.AuditPack;

public sealed class StoredPackStateTests
{
    [Fact]
    public async Task An_account_that_no_run_ever_used_is_refused_and_is_not_one_without_findings()
    {
        var empty = Faults.Storage(new MemoryStorageFixture());
        var state = new StoredPackState(empty.Tables, empty.Evidence, "pack-nowhere");

        var refused = await Assert.ThrowsAsync<IOException>(() => state.ReadAsync(["CRED-001"], TestContext.Current.CancellationToken));

        Texts.AuditPack.Expect("an account that no run ever used", refused.Message);
    }
}
