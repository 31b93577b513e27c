namespace Compliance.Ledger.Format;

/// <summary>A log that was downloaded: one folder with what <see cref="LedgerLayout"/> names, from both containers.</summary>
/// <param name="folder">The folder.</param>
internal sealed class FolderLedgerSource(string folder) : LedgerSource
{
    /// <inheritdoc/>
    public override bool IsNear => true;

    /// <inheritdoc/>
    public override Task<IReadOnlyList<LedgerFile>> LogsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<LedgerFile>>([
            .. Files(LedgerLayout.LogFolder)
                .Where(f => LedgerLayout.TryParseLog(LedgerLayout.LogFolder + f.Name, out _))
                .Select(f => new LedgerFile(LedgerLayout.LogFolder + f.Name, f.Length))
                .OrderBy(f => f.Path, StringComparer.Ordinal),
        ]);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<long>> CheckpointsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<long>>([
            .. Files(LedgerLayout.CheckpointFolder)
                .Select(f => LedgerLayout.TryParseCheckpoint(LedgerLayout.CheckpointFolder + f.Name, out var size) ? size : -1)
                .Where(s => s >= 0)
                .Order(),
        ]);

    /// <inheritdoc/>
    public override Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            var full = Path.Combine([folder, .. path.Split('/')]);
            var file = File.OpenHandle(full, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, FileOptions.SequentialScan);
            return Task.FromResult<Stream>(new ForwardFile(file, offset));
        }
        catch (DirectoryNotFoundException e)
        {
            throw new FileNotFoundException($"there is no {path}", path, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private IEnumerable<FileInfo> Files(string path)
    {
        var folderOf = new DirectoryInfo(Path.Combine(folder, path));
        return folderOf.Exists ? folderOf.EnumerateFiles() : [];
    }
}
