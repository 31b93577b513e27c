namespace Compliance.Findings;

/// <summary>One run of a control.</summary>
/// <param name="Id">Its id.</param>
/// <param name="StartedAt">When it started (UTC).</param>
public sealed record RunStamp(string Id, DateTimeOffset StartedAt);
