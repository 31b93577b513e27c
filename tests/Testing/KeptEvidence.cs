using System.Collections.Concurrent;
using Compliance.Ledger;
using Compliance.Ledger.Format;

namespace Testing;

/// <summary>A ledger in memory that keeps records by id, as the real one does: the same record twice is one.</summary>
public sealed class KeptEvidence : IEvidenceLog
{
    private readonly ConcurrentDictionary<string, EvidenceRecord> _records = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<string> _conflicts = [];

    /// <summary>What is kept, by id.</summary>
    public IReadOnlyDictionary<string, EvidenceRecord> Records => _records;

    /// <summary>Ids under which another content came as well: the program must write none.</summary>
    public IReadOnlyCollection<string> Conflicts => _conflicts;

    /// <summary>True while it is down.</summary>
    public bool Fails { get; set; }

    /// <inheritdoc/>
    public Task<EvidenceReceipt> AppendAsync(EvidenceRecord record, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (Fails)
            throw new Azure.RequestFailedException(500, "the evidence account is down");
        var line = EvidenceLine.NotYet(record);
        if (!line.AsSpan().SequenceEqual(EvidenceLine.NotYet(_records.GetOrAdd(record.Id, record))))
        {
            _conflicts.Add(record.Id);
            throw new InvalidOperationException($"record {record.Id} was written with another content");
        }
        return Task.FromResult(new EvidenceReceipt(record.Id, "ledger/x", 0, EvidenceLine.Sha256(line)));
    }
}
