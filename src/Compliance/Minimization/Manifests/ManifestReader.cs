using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
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

    /// <summary>
    /// The rows. Act on none before the last one was read: only then it is known that they are those of the plan.
    /// </summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="planId">Id of the plan, lower-case hex.</param>
    /// <param name="cancellationToken">Stops between reads.</param>
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
            var leaf = new byte[MerkleHash.Size];
            MerkleHash.Leaf(line, leaf);
            tree.Append(leaf);
            if (tree.Size > 1)
                yield return Parse<ManifestRow>(line, tree.Size);
            else if (Parse<ManifestHeader>(line, 1) is not { Format: ManifestHeader.Name, Version: ManifestHeader.Current })
                throw new ManifestException($"line 1 is not the header of a {ManifestHeader.Name}, version {ManifestHeader.Current}");
        }
        var found = Convert.ToHexStringLower(tree.Root());
        if (found != planId)
            throw new ManifestException($"its {tree.Size} lines are those of plan {found} and not of {planId}: it was cut off or changed");
    }

    private static T Parse<T>(byte[] line, long number)
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
