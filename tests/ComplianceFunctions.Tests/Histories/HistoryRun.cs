namespace ComplianceFunctions.Tests.Histories;

/// <summary>Lives through a history, and watches the invariants after each step.</summary>
internal static class HistoryRun
{
    /// <summary>Lives through it.</summary>
    /// <param name="history">What happens.</param>
    /// <param name="world">A world at its beginning.</param>
    /// <exception cref="BrokenInvariantException">An invariant was broken.</exception>
    /// <param name="tolerates">Whether a broken invariant is a known fault; null for none.</param>
    public static async Task<LeaverInvariants> LiveAsync(LeaverHistory history, LeaverWorld world, Func<BrokenInvariantException, bool>? tolerates = null)
    {
        var invariants = new LeaverInvariants(world, tolerates);
        world.Simulation.AfterStep = invariants.AfterStepAsync;
        var recovers = DateTimeOffset.MaxValue;
        foreach (var happening in history.Happenings)
        {
            await RunUntilAsync(LeaverWorld.Start + happening.At);
            invariants.BeforeHappening(happening);
            await world.HappenAsync(happening);
            if (happening is ServiceFails fails)
                recovers = world.Now + fails.For;
            invariants.AfterHappening(happening);
        }
        await RunUntilAsync(LeaverWorld.Start + TimeSpan.FromDays(history.Days));
        return invariants;

        async Task RunUntilAsync(DateTimeOffset end)
        {
            if (recovers < end)
            {
                await world.RunUntilAsync(recovers);
                world.ServicesRecover();
                recovers = DateTimeOffset.MaxValue;
            }
            await world.RunUntilAsync(end);
        }
    }
}
