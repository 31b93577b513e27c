namespace Compliance.Ledger.Verification;

/// <summary>Collects what a verification finds, of which there may be any number, in little memory.</summary>
internal sealed class VerifyReport
{
    private const int MaxWarnings = 50;

    private readonly List<LedgerProblem> _problems = [];
    private readonly List<string> _warnings = [];
    private readonly Dictionary<LedgerProblemKind, int> _ofKind = [];

    /// <summary>What is wrong so far.</summary>
    public IReadOnlyList<LedgerProblem> Problems => _problems;

    /// <summary>What an auditor should know that is no tampering.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Problems that are not in <see cref="Problems"/>.</summary>
    public long More { get; private set; }

    /// <summary>The verdict so far.</summary>
    public LedgerVerdict Verdict { get; private set; }

    /// <summary>Adds a problem. Of each kind the first few are kept and the others counted.</summary>
    public void Add(LedgerProblem problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        if (Verdict != LedgerVerdict.Tampered)
            Verdict = problem.Says;
        var count = _ofKind.GetValueOrDefault(problem.Kind);
        _ofKind[problem.Kind] = count + 1;
        if (count < LedgerVerifier.MaxProblemsOfAKind)
            _problems.Add(problem);
        else
            More++;
    }

    /// <summary>Counts a problem of which enough are kept, so that nothing need be made of it: there may be millions.</summary>
    /// <returns>False when it has to be added.</returns>
    public bool OnlyCounts(LedgerProblemKind kind)
    {
        if (_ofKind.GetValueOrDefault(kind) < LedgerVerifier.MaxProblemsOfAKind)
            return false;
        More++;
        return true;
    }

    /// <summary>Whether another warning would be kept.</summary>
    public bool TakesWarnings => _warnings.Count < MaxWarnings;

    /// <summary>Adds a warning.</summary>
    public void Warn(string warning)
    {
        if (TakesWarnings)
            _warnings.Add(warning);
    }
}
