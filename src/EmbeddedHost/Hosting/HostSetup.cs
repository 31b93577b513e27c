using System.Reflection;
using Azure.Core;
using EmbeddedHost.Durable;

namespace EmbeddedHost.Hosting;

/// <summary>What a test may put in the place of the process's surroundings.</summary>
internal sealed record HostSetup
{
    /// <summary>Key in <see cref="FunctionsApplicationBuilder.Properties"/> under which an <see cref="Assembly"/> replaces the entry assembly.</summary>
    public const string AssemblyProperty = "EmbeddedHost.Assembly";

    /// <summary>The classes to look for functions in; null: all of the assembly.</summary>
    public IReadOnlyList<Type>? FunctionTypes { get; init; }

    /// <summary>The folder of host.json and local.settings.json; null: beside the program, else the current one.</summary>
    public string? ContentRoot { get; init; }

    /// <summary>Reads an environment variable (for the check that this is not Azure).</summary>
    public Func<string, string?> ReadEnvironment { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>How long a received message stays invisible unless renewed; the real host's ten minutes.</summary>
    public TimeSpan QueueLease { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Adds to the options of each storage client, such as a policy that counts calls.</summary>
    public Action<ClientOptions>? ConfigureStorage { get; init; }

    /// <summary>Awaited before and after each commit of an orchestration.</summary>
    public Func<CommitPoint, Task>? OnCommit { get; init; }

    public string FindContentRoot() =>
        ContentRoot ?? (File.Exists(Path.Combine(AppContext.BaseDirectory, "host.json")) ? AppContext.BaseDirectory : Directory.GetCurrentDirectory());
}
