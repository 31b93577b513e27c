using System.Runtime.CompilerServices;
using Compliance.Ledger.Format;

namespace Compliance.AuditPack;

/// <summary>The records of a pack on their way into it: a file beside the zip that is gone when this is closed.</summary>
internal sealed class RecordSpool : IAsyncDisposable
{
    private const int BufferSize = 256 * 1024;

    /// <summary>Makes the file.</summary>
    /// <param name="path">Its path; what is there is overwritten.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public RecordSpool(string path) =>
        File = new(
            path,
            FileMode.Create,
            FileAccess.ReadWrite,
            FileShare.None,
            BufferSize,
            FileOptions.Asynchronous | FileOptions.DeleteOnClose
        );

    /// <summary>The file.</summary>
    public FileStream File { get; }

    /// <summary>Reads it from its begin, line by line.</summary>
    /// <returns>The lines without their line feeds, each valid until the next is asked for.</returns>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> LinesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await File.FlushAsync(cancellationToken);
        File.Position = 0;
        var (cutter, block) = (new LineCutter(), new byte[BufferSize]);
        for (int read; (read = await File.ReadAsync(block.AsMemory(LineCutter.Room), cancellationToken)) > 0;)
        {
            var bytes = block.AsMemory(LineCutter.Room, read);
            while (cutter.TryCut(block, ref bytes, out var part))
            {
                while (LogPart.TryTake(ref part, out var line))
                    yield return line.Bytes;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => File.DisposeAsync();
}
