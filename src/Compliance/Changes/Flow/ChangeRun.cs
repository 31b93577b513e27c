using System.Globalization;

namespace Compliance.Changes.Flow;

/// <summary>What an orchestration of a change carries from one of its histories to the next.</summary>
/// <typeparam name="TRun">Its type.</typeparam>
public interface IChangeRun<TRun>
{
    /// <summary>Attempts so far; a new history goes on counting.</summary>
    int Attempt { get; }

    /// <summary>The same with another number of attempts.</summary>
    TRun WithAttempt(int attempt);
}

/// <summary>What an orchestration of a change is started with, and gives to each of its steps.</summary>
/// <param name="TenantId">Entra tenant id.</param>
/// <param name="CaseId">The case: all rounds of one change have the same.</param>
/// <param name="Round">Which round of the case; what was answered in one never counts in another.</param>
/// <param name="SubjectId">Whom or what it is about: may not approve.</param>
public sealed record ChangeRun(string TenantId, string CaseId, int Round, string SubjectId) : IChangeRun<ChangeRun>
{
    /// <summary>Object ids of who asked for it: may not approve.</summary>
    public IReadOnlyList<string> Requesters { get; init; } = [];

    /// <summary>Attempts so far; a new history goes on counting.</summary>
    public int Attempt { get; init; }

    /// <summary>Which pass of the attempt.</summary>
    public int Pass { get; init; }

    /// <summary>Instance id of the round's orchestration.</summary>
    public string InstanceId => $"{CaseId}-{Round.ToString(CultureInfo.InvariantCulture)}";

    /// <inheritdoc/>
    public ChangeRun WithAttempt(int attempt) => this with { Attempt = attempt };
}
