namespace ComplianceFunctions.Tests.Histories;

/// <summary>
/// Marks a fault that is known and not put right yet. Its history must break its invariant; once it does not, the build fails until the
/// mark is taken off, so
/// that the history stays as an ordinary test.
/// </summary>
internal static class KnownFault
{
    /// <summary>
    /// Whether what was broken is what a known fault breaks: a random history goes on then. Each line goes with its fault, once that is put
    /// right.
    /// </summary>
    public static bool Explains(BrokenInvariantException broken) => broken.Invariant switch
    {
        // A1: the first match is kept over rounds.
        Invariant.OnlyTheLeaver => true,
        // A4: an old employment's case goes on.
        Invariant.NotWhileEmployed => true,
        // B3: deciding again resolves what it does not see.
        Invariant.ResolvedWhenGone => true,
        // C1: a stuck removal records each pass.
        Invariant.GrowsWithChanges => true,
        _ => false,
    };

    /// <summary>Lives a history that breaks an invariant.</summary>
    /// <param name="id">Names the fault.</param>
    /// <param name="invariant">What it breaks.</param>
    /// <param name="liveAsync">Lives the history.</param>
    public static async Task BreaksAsync(string id, Invariant invariant, Func<Task> liveAsync)
    {
        try
        {
            await liveAsync();
        }
        catch (BrokenInvariantException e) when (e.Invariant == invariant)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"known fault {id}: {e.Message}");
            return;
        }
        Assert.Fail($"fault {id} is gone: {invariant} holds in its history. Take the mark off, so that the history stays as a test");
    }
}
