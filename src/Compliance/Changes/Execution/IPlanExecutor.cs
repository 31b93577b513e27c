using Compliance.Changes.Plans;

namespace Compliance.Changes.Execution;

/// <summary>Carries plans out. Every step is idempotent: doing it again says <see cref="StepResult.AlreadySo"/>.</summary>
internal interface IPlanExecutor
{
    /// <summary>
    /// Does the steps, wave by wave, as few requests as can be; one failed step does not keep others from being done, but a later wave's
    /// step that needs it is left as failed. Before each request or group of requests it asks <see cref="Pauses.IPause"/>; what that holds
    /// has no outcome.
    /// </summary>
    /// <param name="plan">The plan. One that blocks is done at once and whole; another only as far as Graph's quota of writes has
    /// room.</param>
    /// <param name="settled">Ids of steps that were in effect before: they are not done again.</param>
    /// <param name="tried">Ids of steps that an earlier pass of this attempt tried: they are left out, and count as not in effect.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    Task<PlanPass> RunAsync(ActionPlan plan, IReadOnlySet<string> settled, IReadOnlySet<string> tried, CancellationToken cancellationToken);
}

/// <summary>How far one pass over a plan came.</summary>
/// <param name="Outcomes">One for every step that was tried, in the plan's order. All that were neither settled nor tried before, unless
/// the quota had no room for more, or acts were paused.</param>
/// <param name="Wait">How long until there is room for the next pass, or until it is to be asked again whether acts are paused; zero when
/// it is not known or none is needed, and whenever something was tried.</param>
internal sealed record PlanPass(IReadOnlyList<StepOutcome> Outcomes, TimeSpan Wait);
