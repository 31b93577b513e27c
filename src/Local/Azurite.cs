using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using SandboxTenant.Demo;

namespace Local;

/// <summary>
/// One Azurite process on loopback, with a state account, an evidence account and those of the demo tenant as in Azure.
/// It is stopped with TERM: a killed Azurite loses up to five seconds of acknowledged writes.
/// </summary>
internal sealed class Azurite : IAsyncDisposable
{
    /// <summary>Name of the account for state: tables, queues, documents.</summary>
    public const string StateAccount = "devstoreaccount1";

    /// <summary>Name of the account for evidence.</summary>
    public const string EvidenceAccount = "devstoreevidence";

    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(30);

    private readonly ChildProcess _child;

    private Azurite(ChildProcess child, string key, (int Blob, int Queue, int Table) ports)
    {
        _child = child;
        (BlobPort, QueuePort, TablePort) = ports;
        StateConnection = ConnectionString(StateAccount, key, BlobPort, QueuePort, TablePort);
        EvidenceConnection = ConnectionString(EvidenceAccount, key, BlobPort, QueuePort, TablePort);
        DataConnections = DemoTenant.StorageAccounts.ToDictionary(
            name => name,
            name => ConnectionString(name, key, BlobPort, QueuePort, TablePort)
        );
    }

    /// <summary>Connection string of the state account.</summary>
    public string StateConnection { get; }

    /// <summary>Connection string of the evidence account.</summary>
    public string EvidenceConnection { get; }

    /// <summary>Connection strings of the demo tenant's storage accounts, by name.</summary>
    public IReadOnlyDictionary<string, string> DataConnections { get; }

    /// <summary>Loopback port of the blob service.</summary>
    public int BlobPort { get; }

    /// <summary>Loopback port of the queue service.</summary>
    public int QueuePort { get; }

    /// <summary>Loopback port of the table service.</summary>
    public int TablePort { get; }

    /// <summary>The process, for whoever watches that it stays alive.</summary>
    public Process Process => _child.Process;

    /// <summary>Starts Azurite and returns when all three services listen.</summary>
    /// <param name="repositoryRoot">The checkout; Azurite's pinned version is in <c>scripts/azurite</c>.</param>
    /// <param name="dataDirectory">Where it keeps its state; created when absent.</param>
    /// <param name="ports">Blob, queue and table port; 0 lets it bind a free one.</param>
    /// <param name="time">Clock for the time-out of the start.</param>
    /// <param name="cancellationToken">Ends the wait, and with it the process.</param>
    /// <param name="logFile">File that gets what it prints; null for none.</param>
    /// <param name="started">Gets the process as soon as it runs; null for none.</param>
    /// <param name="progress">Gets a line or two when it is installed first; null for none.</param>
    /// <exception cref="LaunchException">Node or npm is missing, a port is taken, or it did not get ready.</exception>
    public static async Task<Azurite> StartAsync(
        string repositoryRoot,
        string dataDirectory,
        (int Blob, int Queue, int Table) ports,
        TimeProvider time,
        CancellationToken cancellationToken,
        string? logFile = null,
        Action<ChildProcess>? started = null,
        Action<string>? progress = null
    )
    {
        await AzuriteInstallation.EnsureAsync(repositoryRoot, time, cancellationToken, progress);
        Directory.CreateDirectory(dataDirectory);
        Ports.Check(Wanted(ports.Blob), Wanted(ports.Queue), Wanted(ports.Table));
        var key = AccountKey(dataDirectory);
        var bound = new AzuritePorts();
        var child = ChildProcess.Start(
            new ChildSpec(
                "azurite",
                [
                    Tool.Find("node", AzuriteInstallation.Remedy),
                    "--require",
                    Path.Combine(repositoryRoot, "scripts", "azurite", "end-with-parent.js"),
                    AzuriteInstallation.EntryPoint(repositoryRoot),
                    "--silent",
                    "--skipApiVersionCheck",
                    "--disableTelemetry",
                    "--location",
                    dataDirectory,
                    "--blobHost",
                    "127.0.0.1",
                    "--blobPort",
                    Text(ports.Blob),
                    "--queueHost",
                    "127.0.0.1",
                    "--queuePort",
                    Text(ports.Queue),
                    "--tableHost",
                    "127.0.0.1",
                    "--tablePort",
                    Text(ports.Table),
                ]
            )
            {
                WorkingDirectory = dataDirectory,
                Environment = new Dictionary<string, string> { ["AZURITE_ACCOUNTS"] = Accounts(key) },
                LogFile = logFile,
                OnLine = bound.Read,
            }
        );
        started?.Invoke(child);
        try
        {
            return new Azurite(child, key, await child.WhenReadyAsync(bound.Listening.WaitAsync, ReadyWithin, time, cancellationToken));
        }
        catch
        {
            await child.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops the process with TERM and waits until it has saved and gone.</summary>
    public ValueTask DisposeAsync() => _child.DisposeAsync();

    private static string Accounts(string key) =>
        string.Join(';', new[] { StateAccount, EvidenceAccount }.Concat(DemoTenant.StorageAccounts).Select(name => $"{name}:{key}"));

    private static WantedPort Wanted(int port) => new(port, "--azurite-port");

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    private static string ConnectionString(string account, string key, int blob, int queue, int table) =>
        $"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={key};BlobEndpoint=http://127.0.0.1:{blob}/{account};"
        + $"QueueEndpoint=http://127.0.0.1:{queue}/{account};TableEndpoint=http://127.0.0.1:{table}/{account};";

    // A key of this folder's own: nothing well known opens the data.
    private static string AccountKey(string dataDirectory)
    {
        var file = Path.Combine(dataDirectory, "account.key");
        if (!File.Exists(file))
            File.WriteAllText(file, Convert.ToBase64String(RandomNumberGenerator.GetBytes(64)));
        return File.ReadAllText(file);
    }
}
