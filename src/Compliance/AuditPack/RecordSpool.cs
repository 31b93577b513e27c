using System.Runtime.CompilerServices;

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
        // Longer than any record, so that each is whole in it.
        var buffer = new byte[BufferSize];
        var filled = 0;
        for (int read; (read = await File.ReadAsync(buffer.AsMemory(filled), cancellationToken)) > 0;)
        {
            filled += read;
            var start = 0;
            for (int length; (length = buffer.AsSpan(start, filled - start).IndexOf((byte)'\n')) >= 0; start += length + 1)
                yield return buffer.AsMemory(start, length);
            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            filled -= start;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => File.DisposeAsync();
}
