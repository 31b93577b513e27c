using System.Text.Json;
using Compliance.Text;

namespace Compliance.Minimization.Sweeps;

/// <summary>Reads a file of outcomes.</summary>
internal static class OutcomeFile
{
    /// <summary>Its header.</summary>
    /// <exception cref="JsonException">It is not what this program wrote.</exception>
    public static OutcomeHeader Header(ReadOnlyMemory<byte> content) =>
        JsonSerializer.Deserialize<OutcomeHeader>(content.Span[..content.Span.IndexOf((byte)'\n')], ComplianceJson.Compact)
        ?? throw new JsonException("it is null");

    /// <summary>Its rows, without the header.</summary>
    /// <exception cref="JsonException">It is not what this program wrote.</exception>
    public static IEnumerable<OutcomeRow> Rows(ReadOnlyMemory<byte> content)
    {
        var isHeader = true;
        while (content.Span.IndexOf((byte)'\n') is var end and >= 0)
        {
            var line = content[..end];
            content = content[(end + 1)..];
            if (!isHeader)
                yield return JsonSerializer.Deserialize<OutcomeRow>(line.Span, ComplianceJson.Compact)
                    ?? throw new JsonException("it is null");
            isHeader = false;
        }
    }
}
