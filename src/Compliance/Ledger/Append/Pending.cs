using Compliance.Ledger.Format;

namespace Compliance.Ledger.Append;

/// <summary>A record on its way to the log.</summary>
/// <param name="record">The record.</param>
/// <param name="cancellationToken">Set when whoever brought it waits no more.</param>
/// <exception cref="ArgumentException">It cannot be kept, see <see cref="EvidenceLine.NotYet"/>.</exception>
internal sealed class Pending(EvidenceRecord record, CancellationToken cancellationToken)
{
    private readonly TaskCompletionSource<EvidenceReceipt> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<Pending>? _same;
    private int? _loggedAt;

    /// <summary>The record's id.</summary>
    public string Id { get; } = record.Id;

    /// <summary>Hash of the id.</summary>
    public ulong Hash { get; } = IdIndex.HashOf(record.Id);

    /// <summary>When what it shows happened.</summary>
    public DateTimeOffset Time { get; } = record.Time;

    /// <summary>Its line, with the time of the last try to append it.</summary>
    public byte[] Line { get; } = EvidenceLine.NotYet(record);

    /// <summary>True when nobody waits for it.</summary>
    public bool Abandoned => cancellationToken.IsCancellationRequested;

    /// <summary>Those that brought a record of the same id at the same time.</summary>
    public IReadOnlyList<Pending> Same => _same ?? (IReadOnlyList<Pending>)[];

    /// <summary>The receipt, or why it is not known to be kept.</summary>
    public Task<EvidenceReceipt> Done => _done.Task;

    /// <summary>Sets the time it is appended at.</summary>
    /// <param name="loggedAt">As <see cref="EvidenceLine.Stamp"/> gives it.</param>
    public void Stamp(byte[] loggedAt) => loggedAt.CopyTo(Line, _loggedAt ??= EvidenceLine.LoggedAtOf(Line));

    /// <summary>Another of the same id waits for this one.</summary>
    public void Join(Pending other) => (_same ??= []).Add(other);

    /// <summary>It is kept, and so is what joined it.</summary>
    public void Kept(EvidenceReceipt receipt)
    {
        _done.TrySetResult(receipt);
        foreach (var other in Same)
            other._done.TrySetResult(receipt);
    }

    /// <summary>It is not known to be kept.</summary>
    public void Failed(Func<string, Exception> why)
    {
        _done.TrySetException(why(Id));
        foreach (var other in Same)
            other._done.TrySetException(why(Id));
    }
}
