using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Compliance.Findings;
using Compliance.Storage;

namespace Compliance.Runs;

/// <summary>Runs in table <c>controlruns</c>: one partition a tenant, one row a control.</summary>
internal sealed class TableRunLog(StateStorage storage) : IRunLog
{
    /// <summary>The table.</summary>
    public const string Table = "controlruns";

    private const string ExpectedSince = "ExpectedSince";
    private const string LastRunId = "LastRunId";
    private const string LastRunStartedAt = "LastRunStartedAt";
    private const string LastComplete = "LastComplete";

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, ControlRuns>> LoadAsync(string tenantId, CancellationToken cancellationToken)
    {
        var tenant = StateKeys.Safe(tenantId, "a tenant id");
        var table = await storage.TableAsync(Table, cancellationToken);
        var runs = new Dictionary<string, ControlRuns>(StringComparer.OrdinalIgnoreCase);
        await foreach (
            var row in table.QueryAsync<TableEntity>(
                TableClient.CreateQueryFilter($"PartitionKey eq {tenant}"),
                cancellationToken: cancellationToken
            )
        )
        {
            var read = Read(row);
            runs[read.Control] = read;
        }
        return runs;
    }

    /// <inheritdoc/>
    public async Task ExpectAsync(string tenantId, string control, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        try
        {
            await table.AddEntityAsync(Row(tenantId, new(control, now, LastRun: null, LastComplete: null)), cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 409)
        {
            // Known already: since when it is expected does not change.
        }
    }

    /// <inheritdoc/>
    public async Task CompletedAsync(string tenantId, string control, RunStamp run, bool complete, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var unknown = new ControlRuns(control, run.StartedAt, LastRun: null, LastComplete: null);
        var key = Row(tenantId, unknown);
        await table.ChangeRowAsync(
            key.PartitionKey,
            key.RowKey,
            row =>
            {
                var before = row is null ? null : Read(row);
                var after = With(before ?? unknown, run, complete);
                return after == before ? null : Row(tenantId, after);
            },
            cancellationToken
        );
    }

    /// <summary>
    /// What is remembered after a run ended, in whatever order runs end. Of two that started together the greater id counts as the newer.
    /// </summary>
    internal static ControlRuns With(ControlRuns before, RunStamp run, bool complete)
    {
        var newer =
            before.LastRun is not { } last
            || last.StartedAt < run.StartedAt
            || (last.StartedAt == run.StartedAt && string.CompareOrdinal(last.Id, run.Id) < 0);
        return before with
        {
            LastRun = newer ? run : before.LastRun,
            LastComplete = complete && !(before.LastComplete >= run.StartedAt) ? run.StartedAt : before.LastComplete,
        };
    }

    private static TableEntity Row(string tenantId, ControlRuns runs)
    {
        var row = new TableEntity(StateKeys.Safe(tenantId, "a tenant id"), StateKeys.Safe(runs.Control, "a control's name"))
        {
            ["Control"] = runs.Control,
            [ExpectedSince] = Text(runs.ExpectedSince),
        };
        if (runs.LastRun is { } last)
        {
            row[LastRunId] = last.Id;
            row[LastRunStartedAt] = Text(last.StartedAt);
        }
        if (runs.LastComplete is { } complete)
            row[LastComplete] = Text(complete);
        return row;
    }

    private static ControlRuns Read(TableEntity row) =>
        new(
            row.GetString("Control") ?? row.RowKey,
            Time(row, ExpectedSince) ?? throw Bad(row, ExpectedSince),
            row.GetString(LastRunId) is { } id ? new(id, Time(row, LastRunStartedAt) ?? throw Bad(row, LastRunStartedAt)) : null,
            Time(row, LastComplete)
        );

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset? Time(TableEntity row, string column)
    {
        if (row.GetString(column) is not { } text)
            return null;
        return DateTimeOffset.TryParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw Bad(row, column);
    }

    private static InvalidDataException Bad(TableEntity row, string column) =>
        new($"table {Table}, row {row.PartitionKey} / {row.RowKey}: column {column} is missing or is not what this app writes");
}
