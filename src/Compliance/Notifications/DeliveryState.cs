namespace Compliance.Notifications;

/// <summary>
/// What is kept of one recipient. A message is claimed before it is sent and marked as sent afterwards: who is cut off in between sends it
/// again after <see cref="ClaimFor"/>, so that a message may arrive twice and never not at all.
/// </summary>
internal sealed record DeliveryState
{
    /// <summary>So long a claim holds.</summary>
    public static readonly TimeSpan ClaimFor = TimeSpan.FromMinutes(5);

    /// <summary>The longest wait between attempts.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromHours(1);

    // A failure that may be over by itself becomes a finding with the second one.
    private const int AttemptsBeforeFinding = 2;

    /// <summary>Keys of the urgent items that were sent and are still open, as digests, in order.</summary>
    public IReadOnlyList<string> Sent { get; init; } = [];

    /// <summary>The day of the last digest, in the recipient's time zone.</summary>
    public DateOnly? DigestDay { get; init; }

    /// <summary>When a message last arrived (UTC).</summary>
    public DateTimeOffset? DeliveredAt { get; init; }

    /// <summary>
    /// What arrived and is not known to be in the ledger: written down together with its being sent, so that none is lost.
    /// </summary>
    public IReadOnlyList<DeliveryNote> Unrecorded { get; init; } = [];

    /// <summary>Until when somebody is sending (UTC).</summary>
    public DateTimeOffset? ClaimedUntil { get; init; }

    /// <summary>Claim of the run that is sending.</summary>
    public string? ClaimedBy { get; init; }

    /// <summary>Attempts that failed since the last success.</summary>
    public int Attempts { get; init; }

    /// <summary>When the next attempt is due (UTC).</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>Why the last attempt failed; null when it did not.</summary>
    public string? Failure { get; init; }

    /// <summary>Whether it will fail until somebody changes something.</summary>
    public bool IsPermanent { get; init; }

    /// <summary>Whether the failure is a finding.</summary>
    public bool IsFinding => Failure is not null && (IsPermanent || Attempts >= AttemptsBeforeFinding);

    /// <summary>Whether a message may be sent now. A time that a clock of the future left does not hold anything back.</summary>
    public bool IsFree(DateTimeOffset now) => !IsAhead(ClaimedUntil, now, ClaimFor) && !IsAhead(RetryAt, now, MaxWait);

    /// <summary>A run is about to send.</summary>
    public DeliveryState Claim(string claim, DateTimeOffset now) =>
        IsFree(now) ? this with { ClaimedBy = claim, ClaimedUntil = now + ClaimFor } : this;

    /// <summary>The run of a claim sends no more. A claim of another run holds.</summary>
    public DeliveryState Release(string claim) =>
        ClaimedBy == claim ? this with { ClaimedBy = null, ClaimedUntil = null } : this;

    /// <summary>A message arrived.</summary>
    /// <param name="sent">Digests of the urgent items in it.</param>
    /// <param name="digestDay">The day of the digest; null for another message.</param>
    /// <param name="now">When (UTC).</param>
    public DeliveryState Delivered(IEnumerable<string> sent, DateOnly? digestDay, DateTimeOffset now) =>
        this with
        {
            Sent = [.. Sent.Union(sent, StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            DigestDay = digestDay ?? DigestDay,
            DeliveredAt = now,
            Attempts = 0,
            RetryAt = null,
            Failure = null,
            IsPermanent = false,
        };

    /// <summary>A message is to be recorded.</summary>
    public DeliveryState Note(DeliveryNote note) => this with { Unrecorded = [.. Unrecorded, note] };

    /// <summary>The ledger has these.</summary>
    public DeliveryState Recorded(IEnumerable<DeliveryNote> notes)
    {
        var ids = notes.Select(n => n.Id).ToHashSet(StringComparer.Ordinal);
        return this with { Unrecorded = [.. Unrecorded.Where(n => !ids.Contains(n.Id))] };
    }

    /// <summary>A message did not arrive.</summary>
    public DeliveryState Failed(string reason, bool isPermanent, DateTimeOffset now)
    {
        var wait = TimeSpan.FromMinutes(5 * Math.Pow(2, Math.Min(Attempts, 10)));
        return this with
        {
            Attempts = Attempts + 1,
            RetryAt = now + (wait < MaxWait ? wait : MaxWait),
            Failure = reason,
            IsPermanent = isPermanent,
        };
    }

    /// <summary>
    /// Whether what was read at a time shows what is over: what has been sent since may have opened since. A time that a clock of the
    /// future left does not count.
    /// </summary>
    public bool IsOlderThan(DateTimeOffset readAt, DateTimeOffset now) => !(DeliveredAt >= readAt) || DeliveredAt > now + ClaimFor;

    /// <summary>Without what is over: it grows with what is open, not with time.</summary>
    public DeliveryState Without(Func<string, bool> isOver) =>
        Sent.Any(isOver) ? this with { Sent = [.. Sent.Where(s => !isOver(s))] } : this;

    private static bool IsAhead(DateTimeOffset? until, DateTimeOffset now, TimeSpan longest) => until > now && until <= now + longest;
}
