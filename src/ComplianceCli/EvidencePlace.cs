using System.CommandLine;
using Azure;
using Azure.Identity;
using Azure.Storage.Blobs;
using Compliance.AuditPack;
using Compliance.Ledger.Checkpoints;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;

namespace ComplianceCli;

/// <summary>Which ledger, and which keys are trusted: the options that all commands about evidence share.</summary>
internal sealed class EvidencePlace
{
    private const int MaxKeyBytes = 100_000;

    private readonly Option<DirectoryInfo?> _folder = new("--folder")
    {
        Description = "A downloaded ledger; nothing else is read then",
        HelpName = "DIR",
        Recursive = true,
    };
    private readonly Option<Uri?> _account = AccountOption.Create(
        "The evidence account, opened as the Azure CLI's user (Storage Blob Data Reader)",
        "blob"
    );
    private readonly Option<string?> _tenant = new("--tenant")
    {
        Description = "Which tenant's ledger",
        HelpName = "ID",
        Recursive = true,
    };
    private readonly Option<FileInfo[]> _keys = new("--key-file")
    {
        Description = "Public keys to trust: verifier keys, one a line, or PEM. Repeat it after a key was changed",
        HelpName = "FILE",
        Recursive = true,
    };
    private readonly Option<FileInfo?> _connection;

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="connection">The option that names the launcher's file.</param>
    public EvidencePlace(Command command, Option<FileInfo?> connection)
    {
        _connection = connection;
        _account.Recursive = true;
        foreach (var option in new Option[] { _folder, _account, _tenant, _keys })
            command.Options.Add(option);
    }

    /// <summary>The ledger that the options name: a folder, an account, or the one of the app that ./scripts/run started.</summary>
    /// <exception cref="CliException">They name none.</exception>
    public LedgerSource Source(ParseResult parsed)
    {
        var tenant = parsed.GetValue(_tenant);
        if (parsed.GetValue(_folder) is { } folder)
            return DownloadedLedger.Open(folder.FullName, tenant);
        return new BlobLedgerSource(Service(parsed, ref tenant), tenant);
    }

    /// <summary>The evidence account that the options name, and the tenant.</summary>
    /// <exception cref="CliException">They name none, or a folder.</exception>
    public (BlobServiceClient Service, string Tenant) Account(ParseResult parsed)
    {
        var tenant = parsed.GetValue(_tenant);
        return (Service(parsed, ref tenant), tenant);
    }

    /// <summary>Whether the ledger is a folder, with nothing beside it.</summary>
    public bool IsFolder(ParseResult parsed) => parsed.GetValue(_folder) is not null;

    /// <summary>The tenant that the options name or mean; null for a folder that is not said to be any tenant's.</summary>
    /// <exception cref="CliException">They name none.</exception>
    public string? Tenant(ParseResult parsed) => IsFolder(parsed) ? parsed.GetValue(_tenant) : Account(parsed).Tenant;

    /// <summary>The state account of the app that ./scripts/run started; null when another ledger is asked for.</summary>
    public string? StateStorage(ParseResult parsed) =>
        parsed.GetValue(_folder) is null && parsed.GetValue(_account) is null
            ? Connection.From(null, null, parsed.GetValue(_connection)).StateStorage
            : null;

    /// <summary>What the ledger has to be called in its checkpoints; null when nothing says which tenant's it is.</summary>
    /// <exception cref="CliException">The options name no ledger.</exception>
    public string? Origin(ParseResult parsed) => Tenant(parsed) is { } tenant ? CheckpointKeys.OriginOf(tenant) : null;

    /// <summary>What a ledger of the tenant that was named outright has to be called; null when none was named.</summary>
    public string? OriginGiven(ParseResult parsed) => parsed.GetValue(_tenant) is { } tenant ? CheckpointKeys.OriginOf(tenant) : null;

    /// <summary>That the storage which the options name did not answer at all, where that is why a command failed; else null.</summary>
    public string? NoAnswer(ParseResult parsed, Exception failure)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            // Several tries that got no answer come as one AggregateException.
            var request = e is AggregateException { InnerException: { } first } ? first : e;
            if (request is not RequestFailedException { Status: 0 })
                continue;
            return parsed.GetValue(_account) is { } account
                ? $"{account.Host} does not answer: is --account right, and is this machine online?"
                : "the local ledger's storage does not answer: start the app with ./scripts/run, or name a ledger with --folder DIR, "
                    + "or with --account URL --tenant ID";
        }
        return null;
    }

    /// <summary>The public keys that are trusted.</summary>
    /// <param name="parsed">The options.</param>
    /// <param name="source">The ledger, whose name a PEM key takes: the key alone counts.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CliException">There are none, or a file cannot be used.</exception>
    /// <exception cref="IOException">The ledger cannot be read.</exception>
    public async Task<IReadOnlyList<NoteKey>> KeysAsync(ParseResult parsed, ILedgerSource source, CancellationToken cancellationToken) =>
        await KeysAsync(parsed, await NameAsync(source, cancellationToken), cancellationToken);

    /// <inheritdoc cref="KeysAsync(ParseResult, ILedgerSource, CancellationToken)"/>
    /// <param name="parsed">The options.</param>
    /// <param name="name">What a PEM key is called: the name of the ledger; null when it is not known.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<NoteKey>> KeysAsync(ParseResult parsed, string? name, CancellationToken cancellationToken)
    {
        var files = (parsed.GetValue(_keys) ?? []).Select(f => f.FullName).ToList();
        if (
            files.Count == 0
            && parsed.GetValue(_folder) is null
            && parsed.GetValue(_account) is null
            && Path.Combine(Path.GetDirectoryName(Connection.PathOf(parsed.GetValue(_connection)))!, "evidence-key.vkey") is var local
            && File.Exists(local)
        )
            files.Add(local);
        if (files.Count == 0)
            throw new CliException(
                "no key is given: --key-file names the public key that the checkpoints were signed with. It has to come to you by "
                    + "another way than the ledger"
            );
        var keys = new List<NoteKey>();
        foreach (var file in files)
            keys.AddRange(await ReadAsync(file, name, cancellationToken));
        return keys;
    }

    // From the first checkpoint that can be read, so that one that was spoilt is reported by the verification and not here.
    private static async Task<string?> NameAsync(ILedgerSource source, CancellationToken cancellationToken)
    {
        foreach (
            var path in (string[])
                [LedgerLayout.Head, .. (await source.CheckpointsAsync(cancellationToken)).Reverse().Select(LedgerLayout.Checkpoint)]
        )
        {
            try
            {
                // A copy whose line ends a tool changed has its name all the same.
                if (await source.FindAsync(path, SignedNote.MaxBytes, cancellationToken) is { } note)
                    return Checkpoint.Parse(SignedNote.Parse(await PutBackLineEnds.RestoreAsync(note, cancellationToken)).Text).Origin;
            }
            catch (LedgerFormatException)
            {
                // The next.
            }
        }
        return null;
    }

    private BlobServiceClient Service(ParseResult parsed, [System.Diagnostics.CodeAnalysis.NotNull] ref string? tenant)
    {
        if (parsed.GetValue(_account) is { } account)
        {
            tenant ??= Missing();
            return new BlobServiceClient(account, new AzureCliCredential());
        }
        var connection = Connection.From(null, null, parsed.GetValue(_connection));
        tenant ??=
            connection.TenantSettings.GetValueOrDefault("Tenant:Id")
            ?? connection.TenantSettings.GetValueOrDefault("Tenant__Id")
            ?? Missing();
        var storage =
            connection.EvidenceStorage ?? throw new CliException("the connection names no evidence account: give --folder or --account");
        try
        {
            // On this machine storage answers, or does not run.
            return new BlobServiceClient(storage, new BlobClientOptions { Retry = { MaxRetries = 1 } });
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            // The parser's own text may quote the key: it is not passed on.
            throw new CliException("the connection's evidenceStorage is no connection string of a storage account");
        }

        static string Missing() => throw new CliException("--tenant is needed: the id of the tenant whose ledger it is");
    }

    private static async Task<IEnumerable<NoteKey>> ReadAsync(string file, string? name, CancellationToken cancellationToken)
    {
        try
        {
            if (new FileInfo(file).Length > MaxKeyBytes)
                throw new CliException($"{file} is too long for a file of public keys");
            var text = await File.ReadAllTextAsync(file, cancellationToken);
            return PublicKeys.Read(text, name);
        }
        catch (LedgerFormatException e)
        {
            throw new CliException($"{file}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{file} cannot be read: {e.Message}", e);
        }
    }
}
