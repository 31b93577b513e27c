using Compliance.Controls;

namespace Compliance.Changes.Pauses;

/// <summary>The control of a pause, and the guard that its request for approval names.</summary>
internal static class PauseControls
{
    /// <summary>Acts are paused.</summary>
    public const string Paused = ControlCatalogue.ActsPaused;

    /// <summary>Name of the guard, as stored and printed: two people let acts continue.</summary>
    public const string Resume = "resume";
}
