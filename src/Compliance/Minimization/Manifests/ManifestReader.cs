using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Compliance.Ledger.Format;
using Compliance.Text;

namespace Compliance.Minimization.Manifests;

/// <summary>A manifest is not the one that was planned.</summary>
internal sealed class ManifestException(string message) : Exception(message);

/// <summary>Reads a manifest as it comes, and shows at its end that it is the plan with its id.</summary>
internal static class ManifestReader
{
    // A name has 1,024 characters at most, and a reason is short.
    private const int MaxLine = 64 * 1024;

    // The writer ends a part with the line that reaches its size.
    private const int MaxPart = ManifestWriter.PartBytes + MaxLine;

    /// <summary>
    /// The rows. Act on none before the last one was read: only then it is known that they are those of the plan.
    /// </summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="planId">Id of the plan, lower-case hex.</param>
    /// <param name="cancellationToken">Cancels between reads.</param>
    /// <exception cref="ManifestException">It is none, was cut off or changed, or is another plan's.</exception>
    public static async IAsyncEnumerable<ManifestRow> ReadAsync(
        Stream manifest,
        string planId,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var tree = new MerkleFrontier();
        await foreach (var line in LinesAsync(manifest, cancellationToken))
        {
            Append(tree, line);
            if (Row(line, tree.Size) is { } row)
                yield return row;
        }
        ExpectPlan(tree, planId);
    }

    /// <summary>
    /// The rows, each part checked against its digest before the first of its rows is given: where the list of parts is to be trusted, what
    /// was read of a part can be used before the manifest was read to its end.
    /// </summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="planId">Id of the plan, lower-case hex.</param>
    /// <param name="parts">Its parts in their order, as <see cref="ManifestWriter"/> gave them.</param>
    /// <param name="cancellationToken">Cancels between reads.</param>
    /// <exception cref="ManifestException">A part or the whole is not what was planned.</exception>
    public static async IAsyncEnumerable<ManifestRow> ReadAsync(
        Stream manifest,
        string planId,
        IReadOnlyList<ManifestPart> parts,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var tree = new MerkleFrontier();
        foreach (var part in parts)
        {
            var first = tree.Size + 1;
            var bytes = await BytesAsync(manifest, part, first, cancellationToken);
            foreach (var line in Lines(bytes, part, first))
            {
                Append(tree, line.Span);
                if (Row(line.Span, tree.Size) is { } row)
                    yield return row;
            }
        }
        await ExpectEndAsync(manifest, "the manifest", parts.Sum(p => p.Bytes), cancellationToken);
        ExpectPlan(tree, planId);
    }

    /// <summary>The rows of one part, read by itself: all of it is checked against its digest before any is given.</summary>
    /// <param name="part">The part and nothing after it.</param>
    /// <param name="expected">What <see cref="ManifestWriter"/> gave for it.</param>
    /// <param name="firstRow">Number of its first line in the manifest, from 1: the lines of the parts before it and one.</param>
    /// <param name="cancellationToken">Cancels between reads.</param>
    /// <exception cref="ManifestException">It is not the part that was written; the message names it by its lines.</exception>
    public static async Task<IReadOnlyList<ManifestRow>> ReadPartAsync(
        Stream part,
        ManifestPart expected,
        long firstRow,
        CancellationToken cancellationToken
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(firstRow, 1);
        var bytes = await BytesAsync(part, expected, firstRow, cancellationToken);
        await ExpectEndAsync(part, Name(expected, firstRow), expected.Bytes, cancellationToken);
        var rows = new List<ManifestRow>();
        var number = firstRow;
        foreach (var line in Lines(bytes, expected, firstRow))
            if (Row(line.Span, number++) is { } row)
                rows.Add(row);
        return rows;
    }

    // The first line is the header and no row.
    private static ManifestRow? Row(ReadOnlySpan<byte> line, long number)
    {
        if (number > 1)
            return Parse<ManifestRow>(line, number);
        if (Parse<ManifestHeader>(line, 1) is { Format: ManifestHeader.Name, Version: ManifestHeader.Current })
            return null;
        throw new ManifestException($"line 1 is not the header of a {ManifestHeader.Name}, version {ManifestHeader.Current}");
    }

    private static void Append(MerkleFrontier tree, ReadOnlySpan<byte> line)
    {
        Span<byte> leaf = stackalloc byte[MerkleHash.Size];
        MerkleHash.Leaf(line, leaf);
        tree.Append(leaf);
    }

    private static void ExpectPlan(MerkleFrontier tree, string planId)
    {
        var found = Convert.ToHexStringLower(tree.Root());
        if (found != planId)
            throw new ManifestException($"its {tree.Size} lines are those of plan {found} and not of {planId}: it was cut off or changed");
    }

    private static async Task<byte[]> BytesAsync(Stream stream, ManifestPart part, long firstRow, CancellationToken cancellationToken)
    {
        if (part.Bytes is < 0 or > MaxPart)
            throw new ManifestException($"{Name(part, firstRow)} has {part.Bytes} bytes by its list, and no part has more than {MaxPart}");
        var bytes = new byte[part.Bytes];
        var read = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        if (read < bytes.Length)
            throw new ManifestException($"{Name(part, firstRow)} has {read} bytes and not {part.Bytes}: it was cut off");
        var found = Convert.ToHexStringLower(SHA256.HashData(bytes));
        return found == part.Sha256
            ? bytes
            : throw new ManifestException($"{Name(part, firstRow)} has SHA-256 {found} and not {part.Sha256}: it was changed");
    }

    private static async Task ExpectEndAsync(Stream stream, string name, long bytes, CancellationToken cancellationToken)
    {
        if (await stream.ReadAsync(new byte[1], cancellationToken) > 0)
            throw new ManifestException($"{name} has more than its {bytes} bytes: something was added");
    }

    private static List<ReadOnlyMemory<byte>> Lines(byte[] bytes, ManifestPart part, long firstRow)
    {
        var lines = new List<ReadOnlyMemory<byte>>();
        ReadOnlyMemory<byte> rest = bytes;
        while (rest.Span.IndexOf((byte)'\n') is >= 0 and var end)
        {
            lines.Add(rest[..end]);
            rest = rest[(end + 1)..];
        }
        if (rest.IsEmpty && lines.Count == part.Rows)
            return lines;
        throw new ManifestException($"{Name(part, firstRow)} has {lines.Count} whole lines and not {part.Rows}: its list is another's");
    }

    private static string Name(ManifestPart part, long firstRow) => $"the part with lines {firstRow} to {firstRow + part.Rows - 1}";

    private static T Parse<T>(ReadOnlySpan<byte> line, long number)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, ComplianceJson.Compact) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new ManifestException($"line {number} is no row of a manifest: {e.Message}");
        }
    }

    private static async IAsyncEnumerable<byte[]> LinesAsync(Stream manifest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(manifest, new StreamPipeReaderOptions(leaveOpen: true));
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(cancellationToken);
                var rest = read.Buffer;
                while (rest.PositionOf((byte)'\n') is { } end)
                {
                    yield return rest.Slice(0, end).ToArray();
                    rest = rest.Slice(rest.GetPosition(1, end));
                }
                if (rest.Length > MaxLine)
                    throw new ManifestException($"a line is longer than {MaxLine} bytes");
                if (read.IsCompleted)
                {
                    if (rest.Length > 0)
                        throw new ManifestException("its last line has no end: it was cut off");
                    break;
                }
                reader.AdvanceTo(rest.Start, rest.End);
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }
}
