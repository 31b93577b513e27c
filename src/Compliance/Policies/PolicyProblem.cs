namespace Compliance.Policies;

/// <summary>Something wrong in a policy file, at a place.</summary>
/// <param name="File">File name as given.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
/// <param name="Message">What is wrong and the rule it breaks.</param>
public sealed record PolicyProblem(string File, long Line, long Column, string Message)
{
    /// <summary><c>file(line,column): message</c>.</summary>
    public override string ToString() => $"{File}({Line},{Column}): {Message}";
}

/// <summary>A policy file that cannot be used. The app does not start with it and a run does not run with it.</summary>
public sealed class PolicyException(IReadOnlyList<PolicyProblem> problems) : Exception(string.Join(Environment.NewLine, problems))
{
    /// <summary>Every problem found, in file order.</summary>
    public IReadOnlyList<PolicyProblem> Problems { get; } = problems;
}
