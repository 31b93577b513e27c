namespace Local;

/// <summary>What the launcher starts, each as a command line's beginning.</summary>
/// <param name="RepositoryRoot">The checkout.</param>
/// <param name="Sandbox">The sandbox tenant; its options follow.</param>
/// <param name="App">The host with the app, whose assembly comes last; configured by environment alone.</param>
/// <param name="AppProject">The app's project folder, where the Core Tools are started.</param>
/// <param name="BuildForCoreTools">Builds the app, with the extensions of the Functions host, into
/// <see cref="LocalSettingsFile.BuildOutput"/>.</param>
internal sealed record Programs(
    string RepositoryRoot,
    IReadOnlyList<string> Sandbox,
    IReadOnlyList<string> App,
    string AppProject,
    IReadOnlyList<string> BuildForCoreTools
)
{
    /// <summary>Those of this checkout, in the configuration this program was built in.</summary>
    /// <exception cref="LaunchException">The checkout or dotnet is not there.</exception>
    public static Programs OfCheckout()
    {
        var root = Local.RepositoryRoot.Find();
        var output = new DirectoryInfo(AppContext.BaseDirectory); // .../bin/Debug/net10.0
        string Dll(string project) => Path.Combine(root, "src", project, "bin", output.Parent!.Name, output.Name, project + ".dll");
        var dotnet = Tool.Dotnet();
        var app = Path.Combine(root, "src", "ComplianceFunctions");
        return new Programs(
            root,
            [dotnet, Dll("SandboxTenant")],
            [dotnet, Dll("LocalHost"), Dll("ComplianceFunctions")],
            app,
            // A build server would keep this process's output open after the build.
            [
                dotnet,
                "build",
                app,
                "-o",
                Path.Combine(app, LocalSettingsFile.BuildOutput),
                "-v",
                "quiet",
                "-nologo",
                "-clp:NoSummary",
                "--disable-build-servers",
            ]
        );
    }
}
