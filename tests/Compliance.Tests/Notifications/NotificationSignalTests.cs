using Compliance.Notifications;
using Compliance.Storage;
using Compliance.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Simulation.Storage;

namespace Compliance.Tests.Notifications;

public sealed class NotificationSignalTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(503)]
    [InlineData(0)] // no answer to any attempt
    public async Task Whoever_asks_people_goes_on_where_the_signal_is_lost(int status)
    {
        var memory = new MemoryStorage(new FakeTimeProvider(Some.Monday));
        memory.Faults = _ => status == 0 ? StorageFault.LoseAnswer : StorageFault.FailBefore(status);
        var storage = new StateStorage(
            StorageOptions.Read(
                Settings.Of(("AzureWebJobsStorage", MemoryStorage.StateConnection), ("EvidenceStorage", MemoryStorage.EvidenceConnection))
            ),
            memory.Open(),
            TimeSpan.FromMilliseconds(1)
        );

        await new NotificationSignal(storage, NullLogger<NotificationSignal>.Instance).AskedAsync(Some.Request(), Stop);
    }
}
