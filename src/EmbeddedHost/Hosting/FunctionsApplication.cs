using EmbeddedHost.Hosting;

namespace EmbeddedHost;

/// <summary>
/// Where a functions app begins.
/// Stands for Microsoft.Azure.Functions.Worker.Builder.FunctionsApplication.
/// </summary>
#pragma warning disable CA1052 // the official type is not static
public class FunctionsApplication
#pragma warning restore CA1052
{
    /// <summary>Starts an app: reads host.json, local.settings.json, the environment and the command line.</summary>
    /// <param name="args">The command line; <c>--port N</c> sets the HTTP port.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="InvalidOperationException">
    /// This runs in Azure (WEBSITE_INSTANCE_ID is set), or one of the files is unreadable: the message names file, JSON path and rule.
    /// </exception>
    public static FunctionsApplicationBuilder CreateBuilder(string[] args) => new(args, new HostSetup());
}
