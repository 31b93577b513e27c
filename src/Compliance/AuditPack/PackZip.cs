using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Compliance.AuditPack;

/// <summary>
/// Writes the zip: files in the order in which they are added, with one time and one way to compress, so that the same files give the same
/// bytes.
/// </summary>
/// <param name="output">Where it goes; stays open.</param>
internal sealed class PackZip(Stream output) : IDisposable
{
    /// <summary>The file with the digests of all others.</summary>
    public const string Sums = "SHA256SUMS";

    // rw-r--r-- of a plain file, in the upper half as Unix has it.
    private const int PlainFile = 0x81A4 << 16;

    // The first that a zip can hold.
    private static readonly DateTimeOffset Time = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ZipArchive _zip = new(output, ZipArchiveMode.Create, leaveOpen: true, Encoding.UTF8);
    private readonly List<(string Name, string Sha256)> _files = [];

    /// <summary>The files so far: name and SHA-256, lower-case hex.</summary>
    public IReadOnlyList<(string Name, string Sha256)> Files => _files;

    /// <summary>Adds a file.</summary>
    /// <param name="name">Its name in the zip.</param>
    /// <param name="write">Writes it.</param>
    /// <returns>SHA-256 of what was written, lower-case hex.</returns>
    public async Task<string> AddAsync(string name, Func<Stream, Task> write)
    {
        var entry = _zip.CreateEntry(name, CompressionLevel.Optimal);
        entry.LastWriteTime = Time;
        entry.ExternalAttributes = PlainFile;
        using var digest = SHA256.Create();
        await using (var content = await entry.OpenAsync())
        await using (var hashed = new CryptoStream(content, digest, CryptoStreamMode.Write, leaveOpen: true))
            await write(hashed);
        var sha256 = Convert.ToHexStringLower(digest.Hash!);
        _files.Add((name, sha256));
        return sha256;
    }

    /// <summary>Adds a file that is small.</summary>
    public Task<string> AddAsync(string name, ReadOnlyMemory<byte> content) => AddAsync(name, s => s.WriteAsync(content).AsTask());

    /// <summary>Adds a text in UTF-8.</summary>
    public Task<string> AddAsync(string name, string text) => AddAsync(name, Encoding.UTF8.GetBytes(text));

    /// <summary>Adds the digests of all files, as <c>sha256sum -c</c> reads them; the last file.</summary>
    public Task EndAsync() =>
        AddAsync(Sums, string.Concat(_files.OrderBy(f => f.Name, StringComparer.Ordinal).Select(f => $"{f.Sha256}  {f.Name}\n")));

    /// <inheritdoc/>
    public void Dispose() => _zip.Dispose();
}
