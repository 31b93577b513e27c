using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Local;

/// <summary>
/// One Azurite process on loopback, with a state account and an evidence account as in Azure.
/// It is stopped with TERM: a killed Azurite loses up to five seconds of acknowledged writes.
/// </summary>
internal sealed class Azurite : IAsyncDisposable
{
    /// <summary>Name of the account for state: tables, queues, documents.</summary>
    public const string StateAccount = "devstoreaccount1";

    /// <summary>Name of the account for evidence.</summary>
    public const string EvidenceAccount = "devstoreevidence";

    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(30);

    private readonly Process _process;

    private Azurite(Process process, string key, int blob, int queue, int table)
    {
        _process = process;
        StateConnection = ConnectionString(StateAccount, key, blob, queue, table);
        EvidenceConnection = ConnectionString(EvidenceAccount, key, blob, queue, table);
        BlobPort = blob;
        QueuePort = queue;
        TablePort = table;
    }

    /// <summary>Connection string of the state account.</summary>
    public string StateConnection { get; }

    /// <summary>Connection string of the evidence account.</summary>
    public string EvidenceConnection { get; }

    /// <summary>Loopback port of the blob service.</summary>
    public int BlobPort { get; }

    /// <summary>Loopback port of the queue service.</summary>
    public int QueuePort { get; }

    /// <summary>Loopback port of the table service.</summary>
    public int TablePort { get; }

    /// <summary>The process, for whoever watches that it stays alive.</summary>
    public Process Process => _process;

    /// <summary>Starts Azurite and returns when all three services accept connections.</summary>
    /// <param name="repositoryRoot">The checkout; Azurite's pinned version is in <c>scripts/azurite</c>.</param>
    /// <param name="dataDirectory">Where it keeps its state; created when absent.</param>
    /// <param name="ports">Blob, queue and table port; 0 takes a free one.</param>
    /// <param name="time">Clock for the time-out of the start.</param>
    /// <param name="stop">Ends the wait, and with it the process.</param>
    /// <exception cref="LaunchException">Node or npm is missing, a port is taken, or it did not get ready.</exception>
    public static async Task<Azurite> StartAsync(
        string repositoryRoot, string dataDirectory, (int Blob, int Queue, int Table) ports, TimeProvider time, CancellationToken stop)
    {
        await AzuriteInstallation.EnsureAsync(repositoryRoot, time, stop);
        Directory.CreateDirectory(dataDirectory);
        var (blob, queue, table) = (Free(ports.Blob), Free(ports.Queue), Free(ports.Table));
        var key = AccountKey(dataDirectory);
        var start = new ProcessStartInfo("node")
        {
            WorkingDirectory = dataDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                AzuriteInstallation.EntryPoint(repositoryRoot),
                "--silent", "--skipApiVersionCheck", "--disableTelemetry", "--location", dataDirectory,
                "--blobHost", "127.0.0.1", "--blobPort", blob.ToString(CultureInfo.InvariantCulture),
                "--queueHost", "127.0.0.1", "--queuePort", queue.ToString(CultureInfo.InvariantCulture),
                "--tableHost", "127.0.0.1", "--tablePort", table.ToString(CultureInfo.InvariantCulture),
            },
            Environment = { ["AZURITE_ACCOUNTS"] = $"{StateAccount}:{key};{EvidenceAccount}:{key}" },
        };
        var process = ProcessStart.Start(start, "node", "install Node.js 20 or newer");
        var errors = new LastLines(20);
        process.ErrorDataReceived += (_, e) => errors.Add(e.Data);
        process.OutputDataReceived += (_, e) => errors.Add(e.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();

        var azurite = new Azurite(process, key, blob, queue, table);
        try
        {
            var began = time.GetTimestamp();
            foreach (var port in new[] { blob, queue, table })
                while (!await AcceptsAsync(port, stop))
                {
                    if (process.HasExited)
                        throw new LaunchException($"Azurite ended while starting (exit {process.ExitCode}): {errors.Text}");
                    if (time.GetElapsedTime(began) > ReadyWithin)
                        throw new LaunchException($"Azurite was not ready on port {port} within {ReadyWithin.TotalSeconds:0} s: {errors.Text}");
                    await Task.Delay(TimeSpan.FromMilliseconds(50), time, stop);
                }
            return azurite;
        }
        catch
        {
            await azurite.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops the process with TERM and waits until it has saved and gone.</summary>
    public async ValueTask DisposeAsync()
    {
        await ProcessStart.TerminateAsync(_process, TimeSpan.FromSeconds(15));
        _process.Dispose();
    }

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

    private static int Free(int wanted)
    {
        using var probe = new TcpListener(IPAddress.Loopback, wanted);
        try
        {
            probe.Start();
        }
        catch (SocketException)
        {
            throw new LaunchException($"port {wanted} on 127.0.0.1 is taken: stop what uses it, or choose another with --azurite-port");
        }
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static async Task<bool> AcceptsAsync(int port, CancellationToken stop)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, stop);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
