using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Compliance.Text;

namespace Compliance.Minimization.Sweeps;

/// <summary>
/// The outcomes of one part of a manifest while they come in: a file with a line an item, appended to batch by batch, so that a crash loses
/// the outcomes of the batches on their way and no others. An item has one line, whatever was tried again.
/// </summary>
internal sealed class OpenPart : IDisposable
{
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Dictionary<long, SweepResult> _known = [];
    private readonly Dictionary<SweepResult, SliceTotal> _results = [];
    private readonly AppendedFile _file;
    private readonly string _name;
    private DateTimeOffset? _startedAt;
    private DateTimeOffset? _endedAt;

    private OpenPart(int number, string name, AppendedFile file) => (Number, _name, _file) = (number, name, file);

    /// <summary>Number of the manifest's part.</summary>
    public int Number { get; }

    /// <summary>Name of the file of a part's outcomes.</summary>
    public static string FileName(Slice slice, int part) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{slice.Manifest}.outcomes-{part:D6}.jsonl");

    /// <summary>Begins a part, or goes on with what is there of it.</summary>
    public static async Task<OpenPart> OpenAsync(
        SweepFiles files,
        string sweepId,
        Slice slice,
        int number,
        CancellationToken cancellationToken
    )
    {
        var name = FileName(slice, number);
        var (file, content) = await files.OpenAsync(name, cancellationToken);
        var part = new OpenPart(number, name, file);
        if (content.IsEmpty)
            await part.BeginAsync(sweepId, slice, cancellationToken);
        else
            part.Restore(content);
        return part;
    }

    /// <summary>Whether the outcome of a row is known, and another try would not change it.</summary>
    public bool IsKnown(long row)
    {
        lock (_known)
            return _known.TryGetValue(row, out var result) && !DonePart.IsOpen(result);
    }

    /// <summary>Adds outcomes. They are kept when this returns.</summary>
    /// <exception cref="Azure.RequestFailedException">They are not known to be kept; another process may work on the part.</exception>
    public async Task AppendAsync(IReadOnlyList<OutcomeRow> rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
            return;
        var lines = new ArrayBufferWriter<byte>(rows.Count * 256);
        foreach (var row in rows)
            Write(lines, row);
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            await _file.AppendAsync(lines.WrittenMemory, cancellationToken);
            _hash.AppendData(lines.WrittenSpan);
            foreach (var row in rows)
                Count(row);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>What came of the part, once all its outcomes are kept.</summary>
    public DonePart Finish() => new(Number, _name, Convert.ToHexStringLower(_hash.GetCurrentHash()), _results, _startedAt, _endedAt);

    /// <inheritdoc/>
    public void Dispose()
    {
        _oneAtATime.Dispose();
        _hash.Dispose();
    }

    private async Task BeginAsync(string sweepId, Slice slice, CancellationToken cancellationToken)
    {
        var lines = new ArrayBufferWriter<byte>();
        Write(
            lines,
            new OutcomeHeader(
                OutcomeHeader.Name,
                OutcomeHeader.Current,
                sweepId,
                slice.DataSet!,
                slice.Account,
                slice.Container,
                slice.PlanId,
                Number,
                Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))
            )
        );
        await _file.AppendAsync(lines.WrittenMemory, cancellationToken);
        _hash.AppendData(lines.WrittenSpan);
    }

    private void Restore(ReadOnlyMemory<byte> content)
    {
        _hash.AppendData(content.Span);
        foreach (var row in OutcomeFile.Rows(content))
            Count(row);
    }

    private void Count(OutcomeRow row)
    {
        lock (_known)
        {
            if (_known.TryGetValue(row.Row, out var before))
                Add(before, -1, -row.Size);
            _known[row.Row] = row.Result;
        }
        Add(row.Result, 1, row.Size);
        _startedAt = _startedAt < row.At ? _startedAt : row.At;
        _endedAt = _endedAt > row.At ? _endedAt : row.At;
    }

    private void Add(SweepResult result, long items, long bytes)
    {
        var sum = _results.GetValueOrDefault(result, SliceTotal.None) + new SliceTotal(items, bytes);
        if (sum.Items == 0)
            _results.Remove(result);
        else
            _results[result] = sum;
    }

    private static void Write<T>(ArrayBufferWriter<byte> lines, T line)
    {
        using (var json = new Utf8JsonWriter(lines))
            JsonSerializer.Serialize(json, line, ComplianceJson.Compact);
        lines.Write("\n"u8);
    }
}
