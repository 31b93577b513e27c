using Azure;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Compliance.Evidence.Ledger;
using Compliance.Evidence.Verify;

namespace ComplianceCli;

/// <summary>Where a log is read from, and which keys it is held to.</summary>
/// <param name="Source">The log.</param>
/// <param name="Origin">What it has to be called; null when nothing says so.</param>
internal sealed record EvidenceAccess(ILedgerSource Source, string? Origin)
{
    /// <summary>The file with the public keys that lies beside the connection file.</summary>
    public const string KeyFileName = "evidence-key.vkey";

    private const string TenantSetting = "Tenant:Id";

    /// <summary>Finds the log.</summary>
    /// <param name="folder">A folder with a download; null for an account.</param>
    /// <param name="account">Address of the evidence account's blobs, read as whoever is signed in with <c>az login</c>; null for the connection file's.</param>
    /// <param name="tenant">Which tenant's; null when there is one alone.</param>
    /// <param name="connection">The connection file.</param>
    /// <param name="stop">Stops the reading.</param>
    /// <exception cref="CliException">There is no such log, or nothing says which.</exception>
    public static async Task<EvidenceAccess> FindAsync(DirectoryInfo? folder, Uri? account, string? tenant, FileInfo? connection, CancellationToken stop)
    {
        if (folder is not null)
        {
            try
            {
                var downloaded = DownloadedLedger.Open(folder.FullName, tenant);
                return new(downloaded, downloaded.Tenant is { } named ? OriginOf(named) : null);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new CliException(e.Message, e);
            }
        }
        BlobServiceClient service;
        if (account is not null)
        {
            service = new BlobServiceClient(account, new AzureCliCredential());
        }
        else
        {
            var file = Connection.Of(null, null, connection);
            service = Service(file.EvidenceStorage ?? throw new CliException("the connection file names no evidence account: give --folder or --account"));
            tenant ??= file.TenantSettings.GetValueOrDefault(TenantSetting);
        }
        tenant ??= await OnlyTenantAsync(service, stop);
        return new(new BlobLedgerSource(service, tenant), OriginOf(tenant));
    }

    /// <summary>Reads the keys.</summary>
    /// <param name="files">Their files; none for the one beside the connection file.</param>
    /// <param name="connection">The connection file.</param>
    /// <param name="stop">Stops the reading.</param>
    /// <exception cref="CliException">One cannot be read or is none.</exception>
    public async Task<IReadOnlyList<NoteKey>> KeysAsync(IReadOnlyList<FileInfo> files, FileInfo? connection, CancellationToken stop)
    {
        var paths = files.Count > 0 ? files.Select(f => f.FullName) : [DefaultKeys(connection)];
        var keys = new List<NoteKey>();
        string? name = null;
        foreach (var path in paths)
        {
            var text = System.Text.Encoding.UTF8.GetString(await ReadAsync(path, KeyFile.MostBytes, stop));
            try
            {
                name ??= Origin ?? await KeyFile.OriginAsync(Source, stop) ?? "unknown";
                keys.AddRange(KeyFile.Parse(text, name));
            }
            catch (LedgerFormatException e)
            {
                throw new CliException($"{path} holds no public key: {Plain.Text(e.Message, 300)}", e);
            }
        }
        return keys;
    }

    /// <summary>The file with the public keys that lies beside the connection file.</summary>
    public static string DefaultKeys(FileInfo? connection) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(Connection.PathOf(connection)))!, KeyFileName);

    /// <summary>Reads a small file whole.</summary>
    /// <exception cref="CliException">It cannot be read, or is larger.</exception>
    public static async Task<byte[]> ReadAsync(string path, int most, CancellationToken stop)
    {
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[most + 1];
            var length = await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, stop);
            return length <= most ? bytes[..length] : throw new CliException($"{path} has more than {most} bytes");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private static BlobServiceClient Service(string connectionString)
    {
        try
        {
            return new(connectionString);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            // It is a secret: nothing of it may be told.
            throw new CliException("the connection file's evidence account is no connection string of a storage account", e);
        }
    }

    private static string OriginOf(string tenant) => $"compliancefunctions/{tenant}";

    private static async Task<string> OnlyTenantAsync(BlobServiceClient service, CancellationToken stop)
    {
        var tenants = new List<string>();
        try
        {
            await foreach (var item in service.GetBlobContainerClient(LedgerLayout.Container).GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", null, stop))
            {
                if (item.IsPrefix)
                    tenants.Add(item.Prefix.TrimEnd('/'));
            }
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            throw new CliException("the account has no ledger", e);
        }
        return tenants.Count == 1 ? tenants[0] : throw new CliException(tenants.Count == 0 ? "the account's ledger is empty" : $"choose a tenant with --tenant: {string.Join(", ", tenants.Select(t => Plain.Text(t, 100)))}");
    }
}
