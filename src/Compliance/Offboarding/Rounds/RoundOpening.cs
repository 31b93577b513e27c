using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>What each step after blocking does first.</summary>
internal sealed class RoundOpening(LeaverRounds rounds, RoundGate gate, BlockAgain again, RoundOutcomes outcomes, BlockingFirst urgent)
{
    // With the orchestration's wait between, half a minute at most.
    private const int MaxYields = 15;

    /// <summary>Whether others are being blocked, and this round yields to them: a few times.</summary>
    public bool Yields(CaseRun run) => run.Pass < MaxYields && urgent.Any;

    /// <summary>
    /// Loads policy and case, and tries again what could not be blocked, unless another round or nothing at all goes on in this one's
    /// place.
    /// </summary>
    public async Task<OpenedRound> OpenAsync(CaseRun run, CancellationToken cancellationToken)
    {
        var policy = rounds.LoadPolicy();
        var (known, isSuperseded) = await gate.LoadAsync(run, policy, cancellationToken);
        var isDecided = isSuperseded || await again.IfNotBlockedAsync(run, known, policy, cancellationToken);
        return new(policy, known, isSuperseded) { MustDecideAgain = !isDecided };
    }

    /// <summary>The same for a step that changes nothing in the tenant.</summary>
    public async Task<OpenedRound> OpenToReadAsync(CaseRun run, CancellationToken cancellationToken)
    {
        var policy = rounds.LoadPolicy();
        var (known, isSuperseded) = await gate.LoadAsync(run, policy, cancellationToken);
        return new(policy, known, isSuperseded);
    }

    /// <inheritdoc cref="RoundOutcomes.RecordCutOffAsync"/>
    public Task RecordCutOffAsync(CaseRun run, OpenedRound opened, CancellationToken cancellationToken) =>
        outcomes.RecordCutOffAsync(run, opened.Known, opened.Policy, cancellationToken);
}

/// <summary>A round as a step found it.</summary>
/// <param name="Policy">The policy in force.</param>
/// <param name="Known">The case.</param>
/// <param name="IsSuperseded">Whether another round or nothing at all goes on in its place.</param>
internal sealed record OpenedRound(OffboardingPolicy Policy, LeaverCase Known, bool IsSuperseded)
{
    /// <summary>
    /// Whether it has to be decided again if the person may be blocked, before anything else is done: the round's orchestration ends, and
    /// the sweep starts it from its first step.
    /// </summary>
    public bool MustDecideAgain { get; init; }
}
