using Compliance.Runs;

namespace Compliance.Offboarding.Cases;

/// <summary>The checks that one daily function makes, each watched under a name of its own.</summary>
internal static class DailyCheck
{
    /// <summary>The function that makes them.</summary>
    public const string FunctionName = "LeaverWatch";

    /// <summary>What the watch over the controls expects of a check.</summary>
    /// <param name="name">Its name.</param>
    public static ScheduledControl Expected(string name) => new(name, TimeSpan.FromDays(1), TimeSpan.FromHours(6), FunctionName);
}
