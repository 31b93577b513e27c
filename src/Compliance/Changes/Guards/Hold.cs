namespace Compliance.Changes.Guards;

/// <summary>Why an act does not go on by itself.</summary>
/// <param name="Guard">The guard's name, as stored and printed.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record Hold(string Guard, string Reason)
{
    /// <summary>Something the guards need could not be read or counted.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>The first act under a new or changed policy.</summary>
    public const string FirstActOfPolicy = "first-act-of-policy";
}
