using System.Globalization;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;

namespace EmbeddedHost.Durable;

/// <summary>Instances and history events as table rows. A text longer than a property may be (64 KiB) is cut over several.</summary>
internal static class InstanceRows
{
    public const string InstanceKey = "instance";

    // 32,000 UTF-16 characters are just below a property's 64 KiB; a row holds 1 MiB.
    private const int Piece = 32_000;
    private const int MostPieces = 12;

    /// <summary>A partition key for any instance id: characters the service refuses are written as _XXXX.</summary>
    public static string Partition(string instanceId)
    {
        var key = new StringBuilder(instanceId.Length);
        foreach (var c in instanceId)
            _ = c is '/' or '\\' or '#' or '?' or '_' || char.IsControl(c) ? key.Append('_').Append(((int)c).ToString("X4", CultureInfo.InvariantCulture)) : key.Append(c);
        return key.ToString();
    }

    public static string HistoryKey(int execution, int number) => string.Create(CultureInfo.InvariantCulture, $"h{execution:D8}-{number:D8}");

    public static TableEntity Of(InstanceState state)
    {
        var row = new TableEntity(Partition(state.Id), InstanceKey)
        {
            ["Id"] = state.Id,
            ["Name"] = state.Name,
            ["Status"] = state.Status.ToString(),
            ["CreatedAt"] = state.CreatedAt,
            ["UpdatedAt"] = state.UpdatedAt,
            ["Execution"] = state.Execution,
            ["Length"] = state.Length,
            ["Commit"] = state.Commit,
        };
        Write(row, "Input", state.Input);
        Write(row, "Output", state.Output);
        Write(row, "CustomStatus", state.CustomStatus);
        Write(row, "Failure", state.Failure is null ? null : JsonSerializer.Serialize(state.Failure));
        if (state.StartAt is { } at)
            row["StartAt"] = at;
        if (state.ParentId is not null)
            (row["ParentId"], row["ParentName"], row["ParentTask"], row["ParentExecution"]) = (state.ParentId, state.ParentName, state.ParentTask, state.ParentExecution);
        return row;
    }

    public static InstanceState Instance(TableEntity row) => new()
    {
        Id = row.GetString("Id"),
        Name = row.GetString("Name"),
        Status = Enum.Parse<OrchestrationRuntimeStatus>(row.GetString("Status")),
        CreatedAt = row.GetDateTimeOffset("CreatedAt")!.Value,
        UpdatedAt = row.GetDateTimeOffset("UpdatedAt")!.Value,
        Execution = row.GetInt32("Execution")!.Value,
        Length = row.GetInt32("Length")!.Value,
        Commit = row.GetString("Commit"),
        StartAt = row.GetDateTimeOffset("StartAt"),
        Input = Read(row, "Input"),
        Output = Read(row, "Output"),
        CustomStatus = Read(row, "CustomStatus"),
        Failure = Read(row, "Failure") is { } failure ? JsonSerializer.Deserialize<TaskFailureDetails>(failure) : null,
        ParentId = row.GetString("ParentId"),
        ParentName = row.GetString("ParentName"),
        ParentTask = row.GetInt32("ParentTask") ?? -1,
        ParentExecution = row.GetInt32("ParentExecution") ?? 0,
        Version = row.ETag,
    };

    public static TableEntity Of(string instanceId, int execution, int number, HistoryEvent e)
    {
        var row = new TableEntity(Partition(instanceId), HistoryKey(execution, number)) { ["Kind"] = (int)e.Kind, ["At"] = e.At, ["Task"] = e.Id };
        if (e.Name is not null)
            row["Name"] = e.Name;
        if (e.Target is not null)
            row["Target"] = e.Target;
        if (e.FireAt is { } at)
            row["FireAt"] = at;
        Write(row, "Data", e.Data);
        Write(row, "Failure", e.Failure is null ? null : JsonSerializer.Serialize(e.Failure));
        return row;
    }

    public static HistoryEvent Event(TableEntity row) => new((HistoryKind)row.GetInt32("Kind")!.Value, row.GetDateTimeOffset("At")!.Value)
    {
        Id = row.GetInt32("Task") ?? -1,
        Name = row.GetString("Name"),
        Target = row.GetString("Target"),
        FireAt = row.GetDateTimeOffset("FireAt"),
        Data = Read(row, "Data"),
        Failure = Read(row, "Failure") is { } failure ? JsonSerializer.Deserialize<TaskFailureDetails>(failure) : null,
    };

    /// <exception cref="InvalidOperationException">The text does not fit a row.</exception>
    private static void Write(TableEntity row, string name, string? text)
    {
        if (text is null)
            return;
        if (text.Length > Piece * MostPieces)
            throw new InvalidOperationException($"{name} has {text.Length} characters, more than the {Piece * MostPieces} this host keeps: keep it in a blob and pass its name");
        var pieces = Math.Max(1, (text.Length + Piece - 1) / Piece);
        row[name + "Pieces"] = pieces;
        for (var i = 0; i < pieces; i++)
            row[$"{name}{i}"] = text.Substring(i * Piece, Math.Min(Piece, text.Length - (i * Piece)));
    }

    private static string? Read(TableEntity row, string name)
    {
        if (row.GetInt32(name + "Pieces") is not { } pieces)
            return null;
        return pieces == 1 ? row.GetString(name + "0") : string.Concat(Enumerable.Range(0, pieces).Select(i => row.GetString($"{name}{i}")));
    }
}
