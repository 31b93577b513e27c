using Compliance.Ledger.Format;

namespace Compliance.Tests.Ledger.Verification;

/// <summary>A log in memory, for tests to spoil by the thousand.</summary>
/// <param name="all">Its files by path; one without bytes is not there.</param>
internal sealed class MemoryLedger(IReadOnlyDictionary<string, byte[]> all) : LedgerSource
{
    private readonly Dictionary<string, byte[]> _files = all.Where(f => f.Value is not null).ToDictionary(StringComparer.Ordinal);

    public static MemoryLedger Of(LedgerFolder ledger) =>
        new(
            Directory
                .EnumerateFiles(ledger.Root, "*", SearchOption.AllDirectories)
                .ToDictionary(f => Path.GetRelativePath(ledger.Root, f).Replace('\\', '/'), File.ReadAllBytes)
        );

    public IReadOnlyDictionary<string, byte[]> Files => _files;

    public override Task<IReadOnlyList<LedgerFile>> LogsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<LedgerFile>>([
            .. _files
                .Where(f => LedgerLayout.TryParseLog(f.Key, out _))
                .Select(f => new LedgerFile(f.Key, f.Value.Length))
                .OrderBy(f => f.Path, StringComparer.Ordinal),
        ]);

    public override Task<IReadOnlyList<long>> CheckpointsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<long>>([
            .. _files.Keys.Select(f => LedgerLayout.TryParseCheckpoint(f, out var size) ? size : -1).Where(s => s >= 0).Order(),
        ]);

    public override Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken) =>
        _files.TryGetValue(path, out var bytes)
            ? Task.FromResult<Stream>(
                new MemoryStream(bytes, (int)Math.Min(offset, bytes.Length), (int)Math.Max(0, bytes.Length - offset), writable: false)
            )
            : throw new FileNotFoundException($"there is no {path}", path);
}
