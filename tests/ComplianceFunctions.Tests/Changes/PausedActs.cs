using Compliance.Changes.Pauses;

namespace ComplianceFunctions.Tests.Changes;

/// <summary>Pauses acts without the people who ask and answer.</summary>
internal static class PausedActs
{
    /// <summary>Pauses acts, or lets them continue.</summary>
    public static Task SetAsync(this TablePause pause, bool isPaused, DateTimeOffset now) =>
        pause.ChangeAsync(
            s =>
                s with
                {
                    Latest = new ActPause
                    {
                        Number = (s.Latest?.Number ?? 0) + 1,
                        PausedBy = "ann",
                        Reason = "a bad policy",
                        At = now,
                        ResumedAt = isPaused ? null : now,
                    },
                },
            TestContext.Current.CancellationToken
        );
}
