using System.CommandLine;

namespace ComplianceCli;

/// <summary><c>compliance evidence download</c>: copies a ledger into a folder.</summary>
internal sealed class EvidenceDownload(LedgerCommands commands)
{
    private readonly Argument<DirectoryInfo> _folder = new("DIR") { Description = "An empty or new folder" };
    private readonly Option<bool> _force = OutputFile.Force();

    /// <summary>The command.</summary>
    public Command Create() =>
        commands.Make("download", "Copy a ledger into a folder, to verify it elsewhere", RunAsync, _folder, _force);

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (service, tenant) = commands.Place.Account(parsed);
        var folder = parsed.GetValue(_folder)!;
        OutputFile.Require(folder, parsed.GetValue(_force));
        var files = await LedgerDownload.CopyAsync(service, tenant, folder.FullName, cancellationToken);
        await commands.Output.WriteLineAsync(
            $"{files} files are in {folder.FullName}. Verify them with: compliance evidence verify --folder {folder.FullName} "
                + "--key-file FILE"
        );
        return 0;
    }
}
