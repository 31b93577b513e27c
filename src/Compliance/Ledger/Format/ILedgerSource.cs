namespace Compliance.Ledger.Format;

/// <summary>A file of a log.</summary>
/// <param name="Path">Its path, see <see cref="LedgerLayout"/>.</param>
/// <param name="Length">Its length in bytes when it was listed; it may have grown.</param>
internal sealed record LedgerFile(string Path, long Length);

/// <summary>
/// One tenant's log, read from storage or from a downloaded folder. Nothing it gives need be trusted: the checkpoints' signatures and the
/// tree show.
/// </summary>
internal interface ILedgerSource : ITileSource
{
    /// <summary>Whether it is on this machine: a task that reads ahead would cost more than it brings.</summary>
    bool IsNear => false;

    /// <summary>The append blobs in the log's order.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    Task<IReadOnlyList<LedgerFile>> LogsAsync(CancellationToken cancellationToken);

    /// <summary>Sizes of the numbered checkpoints, the smallest first.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    Task<IReadOnlyList<long>> CheckpointsAsync(CancellationToken cancellationToken);

    /// <summary>Opens a file for reading forward.</summary>
    /// <param name="path">Its path, see <see cref="LedgerLayout"/>.</param>
    /// <param name="offset">From which byte on.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>The file's bytes from there to where it ended when it was opened.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken);

    /// <summary>Reads a small file whole.</summary>
    /// <param name="path">Its path, see <see cref="LedgerLayout"/>.</param>
    /// <param name="max">The most bytes it may have.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>Its bytes; null when there is no such file.</returns>
    /// <exception cref="LedgerFormatException">It is longer.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    Task<byte[]?> FindAsync(string path, int max, CancellationToken cancellationToken);
}
