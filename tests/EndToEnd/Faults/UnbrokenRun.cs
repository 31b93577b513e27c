[assembly: AssemblyFixture(typeof(EndToEnd.Faults.UnbrokenRun))]

namespace EndToEnd.Faults;

/// <summary>The case to which nothing happens: how all others must end. It is lived once, with the first test that asks.</summary>
public sealed class UnbrokenRun
{
    private readonly Lazy<Task<CaseOutcome>> _outcome;

    public UnbrokenRun() => _outcome = new(LiveAsync);

    // One and the same for all runs, so that they start from the same tenant.
    internal DateTimeOffset Now { get; } = TimeProvider.System.GetUtcNow();

    internal Task<CaseOutcome> OutcomeAsync() => _outcome.Value;

    private async Task<CaseOutcome> LiveAsync()
    {
        await using var run = await LeaverRun.StartAsync(Now, TimeSpan.FromMinutes(3));
        return await CaseOutcome.OfAsync(run, await run.ToTheEndAsync());
    }
}
