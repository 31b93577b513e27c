using System.Globalization;
using System.Text;

namespace Simulation.Storage.Tables;

/// <summary>One request inside a transaction.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path without its leading slash, escaped.</param>
/// <param name="IfMatch">The version it is held to; null when it is held to none.</param>
/// <param name="Body">Its body.</param>
internal sealed record BatchRequest(string Method, string Path, string? IfMatch, byte[] Body);

/// <summary>
/// The multipart form of a transaction. Each request in it reads, after the lines of its part:
/// <c>PATCH https://account/table(PartitionKey='t',RowKey='r')?$format=… HTTP/1.1</c>, headers, an empty line, the row.
/// </summary>
internal static class TableBatch
{
    private const string Line = "\r\n";

    /// <summary>Takes a transaction's body apart.</summary>
    /// <exception cref="FormatException">It is not of this form.</exception>
    public static IReadOnlyList<BatchRequest> Read(byte[] body)
    {
        var text = Encoding.UTF8.GetString(body);
        const string Boundary = "boundary=";
        var at = text.IndexOf(Boundary, StringComparison.Ordinal);
        if (at < 0)
            throw new FormatException("a transaction without a change set");
        var end = text.IndexOf(Line, at, StringComparison.Ordinal);
        var boundary = text[(at + Boundary.Length)..end].Trim('"', ' ');
        var sections = text[end..].Split($"--{boundary}");
        // The first is what comes before the first boundary, the last what follows the closing one.
        return [.. sections.Skip(1).SkipLast(1).Select(Request)];
    }

    /// <summary>A transaction that was applied.</summary>
    /// <param name="versions">The version of each row; null for one that is gone.</param>
    /// <param name="number">Makes the boundaries.</param>
    public static Answer Done(IReadOnlyList<string?> versions, long number)
    {
        var text = Begin(number);
        foreach (var version in versions)
        {
            BeginResponse(text, number, "204 No Content");
            text.Append("DataServiceVersion: 3.0;").Append(Line);
            if (version is not null)
                text.Append("ETag: ").Append(version).Append(Line);
            text.Append(Line).Append(Line);
        }
        return End(text, number);
    }

    /// <summary>A transaction that was refused as a whole.</summary>
    /// <param name="error">The error of the request that was refused.</param>
    /// <param name="number">Makes the boundaries.</param>
    public static Answer Refused(Answer error, long number)
    {
        var text = Begin(number);
        BeginResponse(text, number, string.Create(CultureInfo.InvariantCulture, $"{error.Status} {error.ReasonPhrase}"));
        text.Append("DataServiceVersion: 3.0;").Append(Line);
        text.Append("Content-Type: application/json;odata=minimalmetadata;charset=utf-8").Append(Line).Append(Line);
        text.Append(error.Content).Append(Line);
        return End(text, number, error.Code);
    }

    private static BatchRequest Request(string section)
    {
        // Lines of the part, lines of the request, the row: each ended by an empty line.
        var pieces = section.Split(Line + Line, 3);
        if (pieces.Length < 3)
            throw new FormatException($"a part of a transaction without a request: {section}");
        var lines = pieces[1].Split(Line, StringSplitOptions.RemoveEmptyEntries);
        var first = lines[0].Split(' ');
        var uri = new Uri(first[1]);
        var ifMatch = lines
            .Skip(1)
            .FirstOrDefault(l => l.StartsWith("If-Match:", StringComparison.OrdinalIgnoreCase))
            ?["If-Match:".Length..].Trim();
        return new(first[0], uri.AbsolutePath.TrimStart('/'), ifMatch, Encoding.UTF8.GetBytes(pieces[2].Trim('\r', '\n')));
    }

    private static StringBuilder Begin(long number) =>
        new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"--batchresponse_{number}")
            .Append(Line)
            .Append(CultureInfo.InvariantCulture, $"Content-Type: multipart/mixed; boundary=changesetresponse_{number}")
            .Append(Line)
            .Append(Line);

    private static void BeginResponse(StringBuilder text, long number, string status) =>
        text.Append(CultureInfo.InvariantCulture, $"--changesetresponse_{number}")
            .Append(Line)
            .Append("Content-Type: application/http")
            .Append(Line)
            .Append("Content-Transfer-Encoding: binary")
            .Append(Line)
            .Append(Line)
            .Append("HTTP/1.1 ")
            .Append(status)
            .Append(Line);

    private static Answer End(StringBuilder text, long number, string? code = null)
    {
        text.Append(CultureInfo.InvariantCulture, $"--changesetresponse_{number}--").Append(Line);
        text.Append(CultureInfo.InvariantCulture, $"--batchresponse_{number}--").Append(Line);
        var type = string.Create(CultureInfo.InvariantCulture, $"multipart/mixed; boundary=batchresponse_{number}");
        return new(202, Encoding.UTF8.GetBytes(text.ToString()), type) { Code = code };
    }
}
