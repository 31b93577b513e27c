using Compliance.Ledger.Format;

namespace ComplianceCli;

/// <summary>
/// A log that was downloaded, in whichever way: one folder with what both containers hold of one tenant; a folder with
/// <c>ledger/{tenant}</c> and <c>ledger-head/{tenant}</c>; or one with folders of tenants, each with what both containers hold of it.
/// </summary>
internal sealed class DownloadedLedger : LedgerSource
{
    private readonly FolderLedgerSource _ledger;
    private readonly FolderLedgerSource _head;

    private DownloadedLedger(string ledger, string head) => (_ledger, _head) = (new(ledger), new(head));

    /// <summary>Finds the log in a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="tenant">Which tenant's; null when there is one alone.</param>
    /// <exception cref="CliException">There is no log, or there are several to choose from.</exception>
    public static DownloadedLedger Open(string folder, string? tenant)
    {
        if (!Directory.Exists(folder))
            throw new CliException($"there is no folder {folder}");
        if (tenant is not null && (tenant.Length == 0 || tenant.AsSpan().IndexOfAny('/', '\\') >= 0 || tenant is "." or ".."))
            throw new CliException($"'{tenant}' is no tenant's id");
        if (IsLog(folder))
            return new(folder, folder);
        var (ledgers, heads) = (Path.Combine(folder, LedgerLayout.Container), Path.Combine(folder, LedgerLayout.HeadContainer));
        var both = Directory.Exists(ledgers) || Directory.Exists(heads);
        var tenants = (
            both
                ? Folders(ledgers).Union(Folders(heads), StringComparer.Ordinal)
                : Folders(folder).Where(t => IsLog(Path.Combine(folder, t)))
        )
            .Order(StringComparer.Ordinal)
            .ToList();
        var one =
            tenant
            ?? (
                tenants.Count == 1
                    ? tenants[0]
                    : throw new CliException(
                        tenants.Count == 0
                            ? $"there is no log in {folder}: it has neither log/ nor checkpoints/ nor {LedgerLayout.Container}/"
                            : $"{folder} holds the logs of several tenants, choose one with --tenant: {string.Join(", ", tenants)}"
                    )
            );
        if (!tenants.Contains(one, StringComparer.Ordinal))
            throw new CliException(
                $"{folder} holds no log of tenant {one}{(tenants.Count == 0 ? "" : $", only of {string.Join(", ", tenants)}")}"
            );
        return both ? new(Path.Combine(ledgers, one), Path.Combine(heads, one)) : new(Path.Combine(folder, one), Path.Combine(folder, one));
    }

    /// <inheritdoc/>
    public override Task<IReadOnlyList<LedgerFile>> LogsAsync(CancellationToken cancellationToken) => _ledger.LogsAsync(cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<long>> CheckpointsAsync(CancellationToken cancellationToken) =>
        _ledger.CheckpointsAsync(cancellationToken);

    /// <inheritdoc/>
    public override Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken) =>
        (LedgerLayout.IsHead(path) ? _head : _ledger).OpenAsync(path, offset, cancellationToken);

    // 'checkpoint' and the folders of either container.
    private static bool IsLog(string folder) =>
        File.Exists(Path.Combine(folder, LedgerLayout.Head))
        || Directory.Exists(Path.Combine(folder, "log"))
        || Directory.Exists(Path.Combine(folder, "checkpoints"));

    private static IEnumerable<string> Folders(string folder) =>
        Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateDirectories().Select(d => d.Name) : [];
}
