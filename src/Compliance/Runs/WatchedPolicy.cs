using Compliance.Controls;
using Compliance.Findings;
using Compliance.Policies;

namespace Compliance.Runs;

/// <summary>A policy file that is read afresh for every run: one that cannot be used any more keeps its controls from running.</summary>
/// <param name="Name">What it is the policy of.</param>
/// <param name="Load">Reads and checks it, by the clock's time (UTC).</param>
internal sealed record WatchedPolicy(string Name, Action<DateTimeOffset> Load)
{
    /// <summary>Part of the finding.</summary>
    public const string Part = "policy";

    /// <summary>What is wrong with the file now; null when it can be used.</summary>
    public Detection? Wrong(DateTimeOffset now)
    {
        try
        {
            Load(now);
            return null;
        }
        catch (PolicyException e)
        {
            return Found(string.Join("; ", e.Problems));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Found(e.Message);
        }
    }

    private Detection Found(string why) =>
        new()
        {
            ControlId = RunWatch.Missed,
            Severity = Severity.High,
            Subject = new(SubjectTypes.Control, $"policy/{Name}", $"{Name} policy"),
            Part = Part,
            Source = Sources.Schedule,
            Reason = $"The {Name} policy cannot be used, and nothing is done under it until it can: {why}",
            NextStep = "Correct the file, or put back the one from before; what waits for it continues by itself",
        };
}
