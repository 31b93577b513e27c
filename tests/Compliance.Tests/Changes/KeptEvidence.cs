using System.Collections.Concurrent;
using Compliance.Ledger;
using Compliance.Ledger.Format;

namespace Compliance.Tests.Changes;

/// <summary>A ledger in memory: the same record twice is one, and another content under the same id fails the test.</summary>
internal sealed class KeptEvidence : IEvidenceLog
{
    public ConcurrentDictionary<string, EvidenceRecord> Records { get; } = new(StringComparer.Ordinal);

    public bool Fails { get; set; }

    public Task<EvidenceReceipt> AppendAsync(EvidenceRecord record, CancellationToken cancellationToken)
    {
        if (Fails)
            throw new Azure.RequestFailedException(500, "the evidence account is down");
        var kept = Records.GetOrAdd(record.Id, record);
        Assert.Equal(Convert.ToHexString(EvidenceLine.NotYet(kept)), Convert.ToHexString(EvidenceLine.NotYet(record)));
        return Task.FromResult(new EvidenceReceipt(record.Id, "ledger/x", 0, EvidenceLine.Sha256(EvidenceLine.NotYet(record))));
    }
}
