using Compliance.Ledger.Format;

namespace Compliance.Tests.Ledger.Verification;

/// <summary>A log that is changed once it was listed so many times.</summary>
internal sealed class ChangingSource(ILedgerSource source, int afterLogs, Action change) : ILedgerSource
{
    private int _logs;

    public Task<IReadOnlyList<LedgerFile>> LogsAsync(CancellationToken stop)
    {
        if (_logs++ == afterLogs)
            change();
        return source.LogsAsync(stop);
    }

    public Task<IReadOnlyList<long>> CheckpointsAsync(CancellationToken stop) => source.CheckpointsAsync(stop);

    public Task<Stream> OpenAsync(string path, long offset, CancellationToken stop) => source.OpenAsync(path, offset, stop);

    public Task<byte[]?> FindAsync(string path, int most, CancellationToken stop) => source.FindAsync(path, most, stop);

    public Task<byte[]> ReadAsync(TileRef tile, CancellationToken stop) => source.ReadAsync(tile, stop);
}
