namespace EndToEnd.Faults;

/// <summary>The case to which nothing happens: how all others must end.</summary>
public sealed class UnbrokenRun : IAsyncLifetime
{
    // One and the same for all runs of a class, so that they start from the same tenant.
    internal DateTimeOffset Now { get; } = TimeProvider.System.GetUtcNow();

    internal CaseOutcome Outcome { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await using var run = await LeaverRun.StartAsync(Now, TimeSpan.FromMinutes(3));
        Outcome = await CaseOutcome.OfAsync(run, await run.ToTheEndAsync());
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
