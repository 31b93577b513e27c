namespace Local;

/// <summary>Finds the checkout that this build came from.</summary>
internal static class RepositoryRoot
{
    /// <summary>The folder that holds <c>ComplianceFunctions.sln</c>, at or above the running program.</summary>
    /// <exception cref="LaunchException">The program was copied out of its checkout.</exception>
    public static string Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "ComplianceFunctions.sln")))
                return at.FullName;
        throw new LaunchException($"no ComplianceFunctions.sln at or above {AppContext.BaseDirectory}: run the launcher from its checkout");
    }
}
