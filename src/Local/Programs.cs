namespace Local;

/// <summary>What the launcher starts, each as a command line's beginning.</summary>
/// <param name="RepositoryRoot">The checkout.</param>
/// <param name="Sandbox">The sandbox tenant; its options follow.</param>
/// <param name="App">The app; configured by environment alone.</param>
internal sealed record Programs(string RepositoryRoot, IReadOnlyList<string> Sandbox, IReadOnlyList<string> App)
{
    /// <summary>Those of this checkout, in the configuration this program was built in.</summary>
    /// <exception cref="LaunchException">The checkout or dotnet is not there.</exception>
    public static Programs OfCheckout()
    {
        var root = Local.RepositoryRoot.Find();
        var output = new DirectoryInfo(AppContext.BaseDirectory); // .../bin/Debug/net10.0
        string Dll(string project) => Path.Combine(root, "src", project, "bin", output.Parent!.Name, output.Name, project + ".dll");
        var dotnet = Tool.Dotnet();
        return new Programs(root, [dotnet, Dll("SandboxTenant")], [dotnet, Dll("ComplianceFunctions")]);
    }
}
