using Simulation;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>Watches a life.</summary>
internal interface IHistoryWatch
{
    /// <summary>Something is about to happen.</summary>
    void BeforeHappening(Happening happening);

    /// <summary>It has happened.</summary>
    void AfterHappening(Happening happening);

    /// <summary>A step was taken. What it throws ends the life.</summary>
    Task AfterStepAsync(Step step);
}

/// <summary>Watches nothing, for measuring.</summary>
internal sealed class NothingWatched : IHistoryWatch
{
    public void BeforeHappening(Happening happening) { }

    public void AfterHappening(Happening happening) { }

    public Task AfterStepAsync(Step step) => Task.CompletedTask;
}

/// <summary>Lives through a history.</summary>
internal static class HistoryRun
{
    /// <summary>Lives through it.</summary>
    /// <param name="history">What happens.</param>
    /// <param name="world">A world at its beginning.</param>
    /// <param name="watch">Gets everything that happens and each step.</param>
    public static async Task LiveAsync(LeaverHistory history, LeaverWorld world, IHistoryWatch watch)
    {
        world.Simulation.AfterStep = watch.AfterStepAsync;
        var recovers = DateTimeOffset.MaxValue;
        foreach (var happening in history.Happenings)
        {
            await RunUntilAsync(LeaverWorld.Start + happening.At);
            watch.BeforeHappening(happening);
            await world.HappenAsync(happening);
            if (happening is ServiceFails fails)
                recovers = world.Now + fails.For;
            watch.AfterHappening(happening);
        }
        await RunUntilAsync(LeaverWorld.Start + TimeSpan.FromDays(history.Days));

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
