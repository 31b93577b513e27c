using System.Globalization;
using SandboxTenant.Data;

namespace SandboxTenant.Http;

/// <summary>One request in the log. It never holds a token, a secret or a body.</summary>
/// <param name="Time">When it was answered, by the real clock.</param>
/// <param name="Method">Its method.</param>
/// <param name="Host"><c>graph</c>, <c>arm</c>, <c>login</c> or the vault's name.</param>
/// <param name="Path">Path and query.</param>
/// <param name="Status">The status answered; 0 where the connection was dropped.</param>
/// <param name="Fault">The fault rules that acted, as they were given; null for none.</param>
/// <param name="Ms">How long it took, in milliseconds.</param>
/// <param name="Bytes">The size of the body answered.</param>
/// <param name="Batch">For a request inside a batch, the request id of that batch; else null.</param>
/// <param name="RequestId">The id answered in the <c>request-id</c> header.</param>
internal sealed record RequestLogEntry(
    DateTimeOffset Time,
    string Method,
    string Host,
    string Path,
    int Status,
    string? Fault,
    double Ms,
    long Bytes,
    string? Batch,
    string RequestId
)
{
    /// <summary>The entry as one line of JSON.</summary>
    public byte[] Line() =>
        Json.Bytes(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("time", Time.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            writer.WriteString("method", Method);
            writer.WriteString("host", Host);
            writer.WriteString("path", Path);
            writer.WriteNumber("status", Status);
            writer.WriteString("fault", Fault);
            writer.WriteNumber("ms", Math.Round(Ms, 2));
            writer.WriteNumber("bytes", Bytes);
            writer.WriteString("batch", Batch);
            writer.WriteString("requestId", RequestId);
            writer.WriteEndObject();
        });
}

/// <summary>Keeps the last requests in memory and, where a file is named, all of them there as JSON lines.</summary>
internal sealed class RequestLog : IDisposable
{
    private const int Kept = 50_000;
    private readonly Lock _gate = new();
    private readonly Queue<RequestLogEntry> _entries = [];
    private readonly FileStream? _file;

    /// <summary>Opens the log; a file is appended to.</summary>
    /// <exception cref="SandboxException">The file cannot be written.</exception>
    public RequestLog(string? file)
    {
        try
        {
            if (file is not null)
                _file = new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, 1);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"the request log {file} cannot be written: {e.Message}", e);
        }
    }

    /// <summary>The last 50,000 requests, oldest first.</summary>
    public IReadOnlyList<RequestLogEntry> Entries
    {
        get
        {
            lock (_gate)
                return [.. _entries];
        }
    }

    /// <summary>Forgets what is in memory; the file stays.</summary>
    public void Clear()
    {
        lock (_gate)
            _entries.Clear();
    }

    /// <summary>Adds one request.</summary>
    public void Add(RequestLogEntry entry)
    {
        byte[]? line = _file is null ? null : [.. entry.Line(), (byte)'\n'];
        lock (_gate)
        {
            if (_entries.Count == Kept)
                _entries.Dequeue();
            _entries.Enqueue(entry);
            if (line is not null)
                _file!.Write(line);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();
}
