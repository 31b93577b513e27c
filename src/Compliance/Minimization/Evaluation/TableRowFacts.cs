namespace Compliance.Minimization.Evaluation;

/// <summary>What is known of one row of a table. What was not read is null, and never taken for nothing.</summary>
internal sealed record TableRowFacts
{
    /// <summary>Storage account.</summary>
    public required string Account { get; init; }

    /// <summary>Table.</summary>
    public required string Table { get; init; }

    /// <summary>PartitionKey.</summary>
    public required string PartitionKey { get; init; }

    /// <summary>RowKey.</summary>
    public required string RowKey { get; init; }

    /// <summary>Its ETag.</summary>
    public string? ETag { get; init; }

    /// <summary>When it was last written (UTC).</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>
    /// All its properties, as the service's client gives them; null where not all were read, as in a query that selects some.
    /// </summary>
    public IReadOnlyDictionary<string, object>? Properties { get; init; }
}
