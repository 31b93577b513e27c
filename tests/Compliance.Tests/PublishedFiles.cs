using Local;

namespace Compliance.Tests;

/// <summary>
/// Schemas and vectors that others publish and this repository does not hold: in <c>shared/schemas</c> beside the checkout, or where the
/// variable says.
/// </summary>
internal static class PublishedFiles
{
    /// <summary>Names the folder, where it is not beside the checkout.</summary>
    public const string Variable = "COMPLIANCE_SCHEMAS";

    /// <summary>The file or folder; null when it is not here.</summary>
    /// <param name="name">Its name in the folder.</param>
    public static string? Find(string name)
    {
        var folders = new List<string>();
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
            folders.Add(given);
        for (var folder = new DirectoryInfo(RepositoryRoot.Find()); folder is not null; folder = folder.Parent)
            folders.Add(Path.Combine(folder.FullName, "shared", "schemas"));
        return folders.Select(f => Path.Combine(f, name)).FirstOrDefault(Path.Exists);
    }
}
