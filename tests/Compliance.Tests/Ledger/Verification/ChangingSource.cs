using Compliance.Ledger.Format;

namespace Compliance.Tests.Ledger.Verification;

/// <summary>A log that is changed once it was listed so many times.</summary>
internal sealed class ChangingSource(ILedgerSource source, int afterLogs, Action change) : ILedgerSource
{
    private int _logs;

    public Task<IReadOnlyList<LedgerFile>> LogsAsync(CancellationToken cancellationToken)
    {
        if (_logs++ == afterLogs)
            change();
        return source.LogsAsync(cancellationToken);
    }

    public Task<IReadOnlyList<long>> CheckpointsAsync(CancellationToken cancellationToken) => source.CheckpointsAsync(cancellationToken);

    public Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken) =>
        source.OpenAsync(path, offset, cancellationToken);

    public Task<byte[]?> FindAsync(string path, int most, CancellationToken cancellationToken) =>
        source.FindAsync(path, most, cancellationToken);

    public Task<byte[]> ReadAsync(TileRef tile, CancellationToken cancellationToken) => source.ReadAsync(tile, cancellationToken);
}
