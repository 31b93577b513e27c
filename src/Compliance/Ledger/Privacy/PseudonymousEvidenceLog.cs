namespace Compliance.Ledger.Privacy;

/// <summary>
/// Puts pseudonyms in the place of the people that a record names (<see cref="EvidenceRecord.People"/>), and salts the digests of their
/// documents, before anything is written: what is in the ledger stays there for ever.
/// </summary>
/// <param name="log">Where the record goes.</param>
/// <param name="pseudonyms">Who is who.</param>
internal sealed class PseudonymousEvidenceLog(IEvidenceLog log, BlobPseudonyms pseudonyms) : IEvidenceLog
{
    /// <inheritdoc/>
    public async Task<EvidenceReceipt> AppendAsync(EvidenceRecord record, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (record.People.Count == 0)
            return await log.AppendAsync(record, cancellationToken);
        var people = new List<Pseudonym>(record.People.Count);
        foreach (var person in record.People.Distinct(StringComparer.Ordinal))
            people.Add(await pseudonyms.GetOrCreateAsync(record.TenantId, person, cancellationToken));
        // The longest first: an id may begin with another.
        var names = people.OrderByDescending(p => p.Id.Length).ToList();
        return await log.AppendAsync(
            record with
            {
                Id = Hidden(record.Id),
                Actor = Hidden(record.Actor),
                Subject = record.Subject is { } subject ? Hidden(subject) : null,
                Reason = record.Reason is { } reason ? Hidden(reason) : null,
                CorrelationId = Hidden(record.CorrelationId),
                // Salted by the first: the one the record is about.
                DetailsSha256 = record.DetailsSha256?.ToDictionary(d => d.Key, d => people[0].Digest(d.Value), StringComparer.Ordinal),
                People = [],
            },
            cancellationToken
        );

        string Hidden(string text) => names.Aggregate(text, (t, p) => t.Replace(p.Id, p.Name, StringComparison.OrdinalIgnoreCase));
    }
}
