using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Compliance.Evidence.Ledger;
using Compliance.Evidence.Pack;
using Compliance.Evidence.Verify;
using Compliance.Findings;

namespace ComplianceCli;

/// <summary><c>compliance evidence pack</c>: the zip for an auditor. Exit codes: 0 made, 1 the ledger does not verify, 2 it cannot be told, 64 wrong usage.</summary>
internal static class PackCommand
{
    private const string EvidenceVariable = "EvidenceStorage";
    private const string StateVariable = "AzureWebJobsStorage";

    private static readonly string[] TimeFormats = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>The command.</summary>
    /// <param name="output">Told what was made.</param>
    /// <param name="errors">Told why nothing was.</param>
    /// <param name="json">The option that asks for JSON.</param>
    /// <param name="connection">The option that names the launcher's file.</param>
    public static Command Create(TextWriter output, TextWriter errors, Option<bool> json, Option<FileInfo?> connection)
    {
        var from = new Option<string>("--from") { Description = "First day, or instant, whose records are in the pack (UTC)", Required = true, HelpName = "DATE" };
        var to = new Option<string>("--to") { Description = "First day, or instant, after them (UTC)", Required = true, HelpName = "DATE" };
        var framework = new Option<string>("--framework") { Description = $"Whom it is for: {Known()}", Required = true, HelpName = "NAME" };
        var key = new Option<FileInfo[]>("--key") { Description = "File with the log's public keys, also those rotated out: verifier keys, one a line, or PEM", Required = true, HelpName = "FILE" };
        var file = new Option<FileInfo?>("--out") { Description = "The zip; without it evidence-NAME-FROM-TO.zip here", HelpName = "FILE" };
        var tenant = new Option<string?>("--tenant") { Description = "The tenant; needed where there are several", HelpName = "ID" };
        var folder = new Option<DirectoryInfo?>("--folder") { Description = "A downloaded ledger; findings and approvals are then not in the pack", HelpName = "DIR" };
        var storage = new Option<string?>("--storage") { Description = $"Blob address of the evidence account (az login), or a connection string; without it {EvidenceVariable}, then the launcher's file", HelpName = "URL" };
        var state = new Option<string?>("--state") { Description = $"Table address of the state account (az login), or a connection string; without it {StateVariable}, then none", HelpName = "URL" };
        var command = new Command("pack", "One zip for an auditor: records, proofs, findings, approvals, and how to check them") { from, to, framework, key, file, tenant, folder, storage, state };
        command.SetAction(async (parsed, stop) =>
        {
            try
            {
                var wanted = Find(parsed.GetValue(framework)!);
                var (first, end) = (Time("--from", parsed.GetValue(from)!), Time("--to", parsed.GetValue(to)!));
                if (parsed.GetValue(folder) is not null && (parsed.GetValue(storage) ?? parsed.GetValue(state)) is not null)
                    throw new PackException(PackRefusal.Usage, "--folder is a ledger on its own: it goes with neither --storage nor --state");
                var (source, stored, name) = await OpenAsync(
                    parsed.GetValue(folder), parsed.GetValue(storage), parsed.GetValue(state), parsed.GetValue(tenant), parsed.GetValue(connection), stop);
                var made = await new EvidencePack(source, stored).MakeAsync(
                    new() { From = first, To = end, Framework = wanted, Keys = await KeysAsync(parsed.GetValue(key)!, source, name, stop), Origin = name },
                    parsed.GetValue(file)?.FullName ?? Path.GetFullPath($"evidence-{wanted.Key}-{Short(first)}-{Short(end)}.zip"), stop);
                await ShowAsync(output, made, wanted, parsed.GetValue(json));
                return 0;
            }
            catch (PackException e)
            {
                await errors.WriteLineAsync(e.Message);
                return e.Refusal switch { PackRefusal.Usage => 64, PackRefusal.Tampered => 1, _ => 2 };
            }
            catch (Exception e) when ((SourceFailure.IsOne(e) || e is CliException) && !stop.IsCancellationRequested)
            {
                await errors.WriteLineAsync(Plain.Text(e.Message, 500));
                return 2;
            }
        });
        return command;
    }

    private static string Known() => string.Join(", ", Framework.All.Select(f => f.Key));

    private static Framework Find(string name) => Framework.TryFind(name, out var found)
        ? found
        : throw new PackException(PackRefusal.Usage, $"no control serves a framework {Plain.Text(name, 100)}: there are {Known()}");

    private static DateTimeOffset Time(string option, string text) =>
        DateTimeOffset.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw new PackException(PackRefusal.Usage, $"{option} {Plain.Text(text, 100)} is no date (2026-04-01) and no instant (2026-04-01T06:00:00Z)");

    private static string Short(DateTimeOffset time) => time.ToString(time.TimeOfDay == TimeSpan.Zero ? "yyyyMMdd" : "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    private static async Task<(ILedgerSource Source, IPackState? State, string? Origin)> OpenAsync(
        DirectoryInfo? folder, string? storage, string? state, string? tenant, FileInfo? connection, CancellationToken stop)
    {
        if (folder is not null)
        {
            if (!folder.Exists)
                throw new PackException(PackRefusal.CannotTell, $"there is no folder {folder.FullName}");
            // A container that was downloaded as a whole has a folder for each tenant.
            var own = tenant is not null && Directory.Exists(Path.Combine(folder.FullName, tenant)) ? Path.Combine(folder.FullName, tenant) : folder.FullName;
            return (new FolderLedgerSource(own), null, tenant is null ? null : Origin(tenant));
        }
        var evidence = Blobs(storage ?? Environment.GetEnvironmentVariable(EvidenceVariable) ?? Connection.Of(null, null, connection).EvidenceStorage
            ?? throw new PackException(PackRefusal.Usage, "say where the ledger is: --folder DIR, or --storage URL"));
        var id = tenant ?? await OnlyTenantAsync(evidence, stop);
        return (new BlobLedgerSource(evidence, id),
            (state ?? Environment.GetEnvironmentVariable(StateVariable)) is { Length: > 0 } account ? new StoredPackState(Tables(account), evidence, id) : null, Origin(id));
    }

    private static string Origin(string tenant) => $"compliancefunctions/{tenant}";

    private static BlobServiceClient Blobs(string account) => Made(account, "--storage", uri => new BlobServiceClient(uri, new AzureCliCredential()), text => new BlobServiceClient(text));

    private static TableServiceClient Tables(string account) => Made(account, "--state", uri => new TableServiceClient(uri, new AzureCliCredential()), text => new TableServiceClient(text));

    private static T Made<T>(string account, string option, Func<Uri, T> of, Func<string, T> ofConnection)
    {
        // The token goes to this address: never in clear.
        if (Uri.TryCreate(account, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps)
            return of(uri);
        try
        {
            return ofConnection(account);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            // The parser's own text may quote the key: it is not passed on.
            throw new PackException(PackRefusal.Usage, $"{option} is neither an https:// address nor a connection string");
        }
    }

    private static async Task<string> OnlyTenantAsync(BlobServiceClient evidence, CancellationToken stop)
    {
        const string Slash = "/";
        var tenants = new List<string>();
        try
        {
            await foreach (var item in evidence.GetBlobContainerClient(LedgerLayout.Container).GetBlobsByHierarchyAsync(new() { Delimiter = Slash }, stop))
                if (item.IsPrefix)
                    tenants.Add(item.Prefix.TrimEnd('/'));
        }
        catch (Azure.RequestFailedException e) when (e.Status == 404)
        {
            throw new PackException(PackRefusal.CannotTell, $"there is no ledger at {evidence.Uri.Host}: nothing was ever logged here, or this is another account", e);
        }
        return tenants switch
        {
            [var only] => only,
            [] => throw new PackException(PackRefusal.CannotTell, $"the ledger at {evidence.Uri.Host} is empty"),
            _ => throw new PackException(PackRefusal.Usage, $"there are several tenants, name one with --tenant: {Plain.Text(string.Join(", ", tenants), 500)}"),
        };
    }

    private static async Task<IReadOnlyCollection<NoteKey>> KeysAsync(FileInfo[] files, ILedgerSource source, string? name, CancellationToken stop)
    {
        var keys = new List<NoteKey>();
        foreach (var file in files)
        {
            try
            {
                keys.AddRange(PublicKeys.Read(await File.ReadAllTextAsync(file.FullName, stop), name ??= await NameAsync(source, stop)));
            }
            catch (Exception e) when (e is LedgerFormatException or IOException or UnauthorizedAccessException)
            {
                throw new PackException(PackRefusal.CannotTell, $"{file.FullName} cannot be used as a key: {Plain.Text(e.Message, 300)}", e);
            }
        }
        return keys;
    }

    // Only to give a key without a name one: whether the key signed it is verified afterwards.
    private static async Task<string?> NameAsync(ILedgerSource source, CancellationToken stop)
    {
        try
        {
            return await source.FindAsync(LedgerLayout.Head, SignedNote.MaxBytes, stop) is { } head ? Checkpoint.Parse(SignedNote.Parse(head).Text).Origin : null;
        }
        catch (LedgerFormatException)
        {
            return null;
        }
    }

    private static async Task ShowAsync(TextWriter output, MadePack made, Framework framework, bool json)
    {
        if (json)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(made, ComplianceJson.Readable));
            return;
        }
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{made.File}\n  {made.Records} records, each proven to the checkpoint of {made.CheckpointSize} records\n  SHA-256 {made.Sha256}"));
        await output.WriteLineAsync(made.Findings is { } findings
            ? string.Create(CultureInfo.InvariantCulture, $"  {findings} findings")
            : "  findings, waivers and approvals are not in it: no state account was given");
        if (made.WithoutEvidence.Count > 0)
        {
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"  no evidence in this period for {made.WithoutEvidence.Count} of {framework.Controls.Count} controls: {string.Join(", ", made.WithoutEvidence)}"));
        }
        await output.WriteLineAsync("How to check it by hand is in its VERIFY.md.");
    }
}
