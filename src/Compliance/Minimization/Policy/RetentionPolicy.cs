namespace Compliance.Minimization.Policy;

/// <summary>
/// What data is kept for how long. Read from <c>policy/retention.yaml</c>, checked against the schema that ships with it.
/// </summary>
/// <param name="Sha256">SHA-256 of the file, lower-case hex.</param>
/// <param name="DataSets">The data sets, in the file's order.</param>
/// <param name="HoldTag">Index tag or metadata whose presence keeps a blob whatever a rule says.</param>
internal sealed record RetentionPolicy(string Sha256, IReadOnlyList<DataSet> DataSets, string HoldTag)
{
    /// <summary>Data sets that can have the same data: found when the policy is loaded, and no error.</summary>
    public IReadOnlyList<DataSetOverlap> Overlaps { get; init; } = [];

    /// <summary>Ask for two approvals of the first plan under a new or changed policy. Default true.</summary>
    public bool ApproveFirstAct { get; init; } = true;

    /// <summary>How long approvers have; past it nothing is deleted and a finding is escalated. Default 7 days.</summary>
    public TimeSpan ApprovalWithin { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long an approver's yes counts before the plan is begun; after that it has to be given again. Default 14 days.</summary>
    public TimeSpan ApprovalValidFor { get; init; } = TimeSpan.FromDays(14);

    /// <summary>How long certificates and manifests are kept: the names in them can name people. Default 3 years.</summary>
    public RetentionPeriod KeepCertificates { get; init; } = new(36, 0);
}

/// <summary>Data that has one purpose and one owner.</summary>
internal sealed record DataSet
{
    /// <summary>Its id, which findings and certificates name.</summary>
    public required string Id { get; init; }

    /// <summary>Where it is. No blob is in one without containers, as a data set of tables is.</summary>
    public required DataPlace Place { get; init; }

    /// <summary>Which rows of the accounts' tables it is; null for blobs.</summary>
    public TablePlace? Tables { get; init; }

    /// <summary>How sensitive it is.</summary>
    public required Classification Classification { get; init; }

    /// <summary>What it is kept for.</summary>
    public required string Purpose { get; init; }

    /// <summary>Why it may be kept, for example a clause of the GDPR.</summary>
    public required string LawfulBasis { get; init; }

    /// <summary>Who answers for it: mail address or Entra object id.</summary>
    public required string Owner { get; init; }

    /// <summary>Who is asked beside the owner: mail address or Entra object id; null for whoever has the role.</summary>
    public string? Approver { get; init; }

    /// <summary>
    /// The day on which its purpose ends; null when it has no end. From then on everything in it that a rule could delete is due.
    /// </summary>
    public DateOnly? PurposeEnds { get; init; }

    /// <summary>Why nothing of it may be deleted, for example a litigation; null when something may.</summary>
    public string? Hold { get; init; }

    /// <summary>Patterns (<c>*</c>, <c>?</c>) of names that stay.</summary>
    public IReadOnlyList<string> Except { get; init; } = [];

    /// <summary>So many of the newest in each container stay, but for what a rule has a number of its own.</summary>
    public int KeepNewest { get; init; }

    /// <summary>The greatest number of newest ones that one of its rules leaves in each container.</summary>
    public int MaxKeepNewest
    {
        get
        {
            var max = 0;
            for (var i = 0; i < Rules.Count; i++)
                max = Math.Max(max, Rules[i].KeepNewest ?? KeepNewest);
            return max;
        }
    }

    /// <summary>What is done when.</summary>
    public required IReadOnlyList<RetentionRule> Rules { get; init; }

    /// <summary>The greatest share of it, 0 to 1, that one sweep deletes without two people.</summary>
    public double MaxShare { get; init; } = 0.5;

    /// <summary>The most bytes of it that one sweep deletes without two people; null for no limit.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>The line of the policy file it is at, from 1.</summary>
    public long Line { get; init; }
}

/// <summary>Where a data set is. Everything that is given has to fit.</summary>
/// <param name="Accounts">Patterns of storage account names.</param>
/// <param name="Containers">Patterns of container names.</param>
/// <param name="Prefix">What names begin with, case-sensitive; empty for all.</param>
/// <param name="Tags">Index tags with their values, case-sensitive.</param>
/// <param name="Metadata">Metadata with their values; keys in any case.</param>
internal sealed record DataPlace(
    IReadOnlyList<string> Accounts,
    IReadOnlyList<string> Containers,
    string Prefix,
    IReadOnlyDictionary<string, string> Tags,
    IReadOnlyDictionary<string, string> Metadata
);

/// <summary>Which rows of tables a data set is. Everything that is given has to fit.</summary>
/// <param name="Names">Patterns of table names.</param>
/// <param name="PartitionPrefix">What partition keys begin with, case-sensitive; empty for all.</param>
/// <param name="Partitions">Partition keys, case-sensitive; none for all that begin with the prefix.</param>
/// <param name="Rows">Properties with their values as text, case-sensitive.</param>
internal sealed record TablePlace(
    IReadOnlyList<string> Names,
    string PartitionPrefix,
    IReadOnlyList<string> Partitions,
    IReadOnlyDictionary<string, string> Rows
);

/// <summary>How sensitive data is; ordered.</summary>
internal enum Classification
{
    /// <summary>For anybody.</summary>
    Public,

    /// <summary>For everybody in the organisation.</summary>
    Internal,

    /// <summary>For those who need it.</summary>
    Confidential,

    /// <summary>For those who are named.</summary>
    Restricted,
}

/// <summary>What is done with data that is due; ordered, so that of several rules that are due the last one counts.</summary>
internal enum RetentionAction
{
    /// <summary>It is reported.</summary>
    Report,

    /// <summary>It is moved to tier Cool.</summary>
    Cool,

    /// <summary>It is moved to tier Cold.</summary>
    Cold,

    /// <summary>It is moved to tier Archive.</summary>
    Archive,

    /// <summary>It is deleted.</summary>
    Delete,
}

/// <summary>From which date the time of keeping is counted.</summary>
internal enum DateSource
{
    /// <summary>When it was made.</summary>
    Created,

    /// <summary>When it was last written.</summary>
    LastModified,

    /// <summary>When it was last read: tracked once a day, and of block blobs only.</summary>
    LastAccessed,

    /// <summary>A date in its name.</summary>
    Name,

    /// <summary>A date in its metadata.</summary>
    Metadata,

    /// <summary>A date in an index tag.</summary>
    Tag,

    /// <summary>When a row of a table was last written.</summary>
    Timestamp,

    /// <summary>A date in a property of a row.</summary>
    Property,
}

/// <summary>What is done when data is old enough.</summary>
/// <param name="Id">Its id within the data set.</param>
/// <param name="After">How long it is kept.</param>
/// <param name="From">From which date.</param>
/// <param name="Key">Metadata key, tag or property; null for another source.</param>
/// <param name="Template">Where the date is in the name; null for another source.</param>
/// <param name="Action">What is done.</param>
internal sealed record RetentionRule(
    string Id,
    RetentionPeriod After,
    DateSource From,
    string? Key,
    NameTemplate? Template,
    RetentionAction Action
)
{
    /// <summary>So many of the newest in each container stay from this rule; null: as many as the data set keeps.</summary>
    public int? KeepNewest { get; init; }
}
