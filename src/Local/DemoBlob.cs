namespace Local;

/// <summary>One blob of the demo tenant's data.</summary>
/// <param name="Account">Its storage account.</param>
/// <param name="Container">Its container.</param>
/// <param name="Name">Its name.</param>
internal sealed record DemoBlob(string Account, string Container, string Name)
{
    /// <summary>Its metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Its index tags; an account with directories has none.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether somebody holds a lease of it without an end.</summary>
    public bool IsLeased { get; init; }

    /// <summary>How many snapshots it has.</summary>
    public int Snapshots { get; init; }
}
