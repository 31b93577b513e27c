using System.Globalization;
using Azure.Data.Tables;
using Compliance.Controls;
using Compliance.Storage;

namespace Compliance.Findings;

/// <summary>
/// A finding as a table row. Plain columns rather than one document, so that whoever opens the table can read and filter it. Enums are kept
/// by name and times as round-trip text in UTC.
/// </summary>
internal static class FindingRow
{
    /// <summary>Column of the status, for filters.</summary>
    public const string Status = "Status";

    /// <summary>What <see cref="Status"/> holds for a resolved finding.</summary>
    public const string Resolved = nameof(FindingStatus.Resolved);

    /// <summary>One partition a tenant and control, so that a control's findings are read and written together.</summary>
    public static string Partition(string tenantId, string controlId) => Prefix(tenantId) + StateKeys.Safe(controlId, "a control id");

    /// <summary>Where all partitions of a tenant start. A tenant id cannot hold the separator.</summary>
    public static string Prefix(string tenantId) => StateKeys.Safe(tenantId, "a tenant id") + '|';

    /// <summary>The first partition key behind all of a tenant's: <c>}</c> follows <c>|</c>.</summary>
    public static string PrefixEnd(string tenantId) => StateKeys.Safe(tenantId, "a tenant id") + '}';

    /// <summary>The row to write.</summary>
    public static TableEntity ToRow(Finding finding)
    {
        var d = FindingText.Fit(finding.Detection);
        var row = new TableEntity(Partition(finding.TenantId, d.ControlId), finding.Id)
        {
            ["Tenant"] = finding.TenantId,
            ["Control"] = d.ControlId,
            [Status] = finding.Status.ToString(),
            ["Severity"] = d.Severity.ToString(),
            ["SubjectType"] = d.Subject.Type,
            ["SubjectId"] = d.Subject.Id,
            ["SubjectName"] = d.Subject.Name,
            ["Part"] = d.Part,
            ["Source"] = d.Source,
            ["Unknown"] = d.Unknown,
            ["Reason"] = d.Reason,
            ["NextStep"] = d.NextStep,
            ["OpenedAt"] = Text(finding.OpenedAt),
            ["ChangedAt"] = Text(finding.ChangedAt),
            ["Reopened"] = finding.Reopened,
            ["RunId"] = finding.RunId,
        };
        Put(row, "ResourceId", d.ResourceId);
        Put(row, "Since", Text(d.Since));
        Put(row, "Expires", Text(d.Expires));
        Put(row, "ResolvedAt", Text(finding.ResolvedAt));
        if (d.Owner is { } owner)
        {
            Put(row, "OwnerId", owner.Id);
            row["OwnerName"] = owner.Name;
            row["OwnerAddress"] = owner.Address;
            row["OwnerVia"] = owner.Via;
        }
        if (d.Waiver is { } waiver)
        {
            row["WaiverId"] = waiver.Id;
            row["WaiverReason"] = waiver.Reason;
            row["WaiverApprovedBy"] = waiver.ApprovedBy;
            row["WaiverExpires"] = Text(waiver.Expires);
        }
        return row;
    }

    /// <summary>The finding a row holds.</summary>
    /// <exception cref="InvalidDataException">The row is not one this app writes; the text names row and column.</exception>
    public static StoredFinding Read(TableEntity row)
    {
        var detection = new Detection
        {
            ControlId = Must(row, "Control"),
            Severity = MustBe<Severity>(row, "Severity"),
            Subject = new(Must(row, "SubjectType"), Must(row, "SubjectId"), Must(row, "SubjectName")),
            Part = Must(row, "Part"),
            Source = Must(row, "Source"),
            ResourceId = May(row, "ResourceId"),
            Unknown = row.TryGetValue("Unknown", out var unknown) && unknown is true,
            Reason = Must(row, "Reason"),
            NextStep = Must(row, "NextStep"),
            Since = MayBeTime(row, "Since"),
            Expires = MayBeTime(row, "Expires"),
            Owner = May(row, "OwnerVia") is { } via
                ? new(May(row, "OwnerId"), Must(row, "OwnerName"), Must(row, "OwnerAddress"), via)
                : null,
            Waiver = May(row, "WaiverId") is { } waiver
                ? new(waiver, Must(row, "WaiverReason"), Must(row, "WaiverApprovedBy"), MustBeTime(row, "WaiverExpires"))
                : null,
        };
        return new(
            new()
            {
                Id = row.RowKey,
                TenantId = Must(row, "Tenant"),
                Status = MustBe<FindingStatus>(row, Status),
                Detection = detection,
                OpenedAt = MustBeTime(row, "OpenedAt"),
                ChangedAt = MustBeTime(row, "ChangedAt"),
                ResolvedAt = MayBeTime(row, "ResolvedAt"),
                Reopened = row.TryGetValue("Reopened", out var reopened) && reopened is int times ? times : 0,
                RunId = Must(row, "RunId"),
            },
            row.ETag == default ? null : row.ETag.ToString()
        );
    }

    /// <summary>An upper bound for the row's bytes in a transaction: six a character, as JSON escapes the worst of them.</summary>
    public static int Weight(TableEntity row) => 1_000 + row.Sum(column => 60 + (6 * ((column.Value as string)?.Length ?? 10)));

    private static void Put(TableEntity row, string column, string? value)
    {
        if (value is not null)
            row[column] = value;
    }

    private static string? Text(DateTimeOffset? time) => time?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static string? May(TableEntity row, string column) => row.TryGetValue(column, out var value) ? value as string : null;

    private static string Must(TableEntity row, string column) => May(row, column) ?? throw Bad(row, column);

    private static T MustBe<T>(TableEntity row, string column)
        where T : struct, Enum =>
        Enum.TryParse<T>(Must(row, column), out var value) && Enum.IsDefined(value) ? value : throw Bad(row, column);

    private static DateTimeOffset? MayBeTime(TableEntity row, string column) => May(row, column) is null ? null : MustBeTime(row, column);

    private static DateTimeOffset MustBeTime(TableEntity row, string column) =>
        DateTimeOffset.TryParseExact(Must(row, column), "O", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw Bad(row, column);

    private static InvalidDataException Bad(TableEntity row, string column) =>
        new(
            $"table {TableFindingStore.Table}, row {row.PartitionKey} / {row.RowKey}: column {column} is missing or is not what this app "
                + "writes"
        );
}
