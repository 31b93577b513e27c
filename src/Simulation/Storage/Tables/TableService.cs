using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Simulation.Storage.Tables;

/// <summary>The table service of one account.</summary>
/// <param name="storage">Clock, versions and bounds.</param>
/// <param name="account">The contents.</param>
internal sealed class TableService(MemoryStorage storage, MemoryAccount account)
{
    private const string JsonType = "application/json;odata=minimalmetadata;streaming=true;charset=utf-8";

    /// <summary>What a request would do.</summary>
    public StorageStep Plan(StorageCall call)
    {
        if (call.Path == "$batch")
            return Transaction(call);
        var path = Uri.UnescapeDataString(call.Path);
        if (path == "Tables" || path.StartsWith("Tables(", StringComparison.Ordinal))
            return Tables(call, path);
        var at = EntityPath.Parse(path);
        if (at.PartitionKey is null)
        {
            return call.Method switch
            {
                "GET" => new(StorageOperation.QueryEntities, at.Table, () => Query(at.Table, call)),
                "POST" => Insert(at.Table, call),
                _ => throw call.NotServed(),
            };
        }
        if (call.Method == "GET")
            return new(StorageOperation.GetEntity, at.Resource, () => Get(at, call.Parameter("$select")));
        var change = Change(call.Method, at, call.Header("If-Match"), call.Body) ?? throw call.NotServed();
        return new(change.Operation, at.Resource, () => Single(change));
    }

    private StorageStep Tables(StorageCall call, string path)
    {
        switch (call.Method)
        {
            case "GET":
                return new(StorageOperation.QueryTables, "", () => QueryTables(call));
            case "POST":
                using (var body = JsonDocument.Parse(call.Body))
                {
                    var name = body.RootElement.GetProperty("TableName").GetString()!;
                    return new(StorageOperation.CreateTable, name, () => Create(name, call.Header("Prefer")));
                }
            case "DELETE":
                var at = "Tables(".Length;
                var gone = QuotedText.Read(path, ref at) ?? throw call.NotServed();
                return new(StorageOperation.DeleteTable, gone, () => Delete(gone));
            default:
                throw call.NotServed();
        }
    }

    private Answer Create(string name, string? prefer)
    {
        if (account.Tables.ContainsKey(name))
            return Refused(409, "TableAlreadyExists", "The table specified already exists.");
        account.Tables = account.Tables.Add(name, new(name, []));
        if (prefer == "return-no-content")
            return new Answer(204) { Changes = [name] }.With("Preference-Applied", prefer);
        var body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["TableName"] = name });
        return new(201, body, JsonType) { Changes = [name] };
    }

    private Answer Delete(string name)
    {
        if (!account.Tables.ContainsKey(name))
            return Refused(404, "ResourceNotFound", "The specified resource does not exist.");
        account.Tables = account.Tables.Remove(name);
        return new(204) { Changes = [name] };
    }

    private Answer QueryTables(StorageCall call)
    {
        var filter = TableFilter.Parse(call.Parameter("$filter"));
        // The service filters tables by the property TableName: a row with that property does.
        var names = account
            .Tables.Values.Select(t => t.Name)
            .Where(n => filter.Matches(new("", "", [new("TableName", PropertyType.String, n)], default, "")))
            .Where(n => call.Parameter("NextTableName") is not { } next || string.CompareOrdinal(n, next) >= 0)
            .ToList();
        var value = names.Take(storage.TablePage).Select(n => new Dictionary<string, string> { ["TableName"] = n });
        return new Answer(200, JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object> { ["value"] = value }), JsonType).With(
            "x-ms-continuation-NextTableName",
            names.ElementAtOrDefault(storage.TablePage)
        );
    }

    private StorageStep Insert(string table, StorageCall call)
    {
        var row = RowJson.Read(call.Body);
        var change = new RowChange(StorageOperation.InsertEntity, new(table, row.PartitionKey, row.RowKey), null, row);
        return new(StorageOperation.InsertEntity, change.At.Resource, () => Single(change));
    }

    private static RowChange? Change(string method, EntityPath at, string? ifMatch, byte[] body) =>
        (method, ifMatch) switch
        {
            ("PUT", null) => new(StorageOperation.InsertOrReplaceEntity, at, null, RowJson.Read(body)),
            ("PUT", _) => new(StorageOperation.UpdateEntity, at, ifMatch, RowJson.Read(body)),
            ("PATCH" or "MERGE", null) => new(StorageOperation.InsertOrMergeEntity, at, null, RowJson.Read(body)),
            ("PATCH" or "MERGE", _) => new(StorageOperation.MergeEntity, at, ifMatch, RowJson.Read(body)),
            ("DELETE", _) => new(StorageOperation.DeleteEntity, at, ifMatch ?? "*", new()),
            _ => null,
        };

    private Answer Single(RowChange change)
    {
        if (!account.Tables.TryGetValue(change.At.Table, out var table))
            return NoTable();
        var applied = Apply(table, change);
        if (applied.Error is { } error)
            return error;
        account.Tables = account.Tables.SetItem(table.Name, applied.Table);
        return new Answer(204) { Changes = [change.At.Resource] }
            .With("ETag", applied.Version)
            .With("Preference-Applied", change.Operation == StorageOperation.InsertEntity ? "return-no-content" : null);
    }

    private StorageStep Transaction(StorageCall call)
    {
        var requests = TableBatch.Read(call.Body);
        var changes = new List<RowChange>(requests.Count);
        foreach (var request in requests)
        {
            var at = EntityPath.Parse(Uri.UnescapeDataString(request.Path));
            if (request.Method == "POST")
            {
                var row = RowJson.Read(request.Body);
                changes.Add(new(StorageOperation.InsertEntity, new(at.Table, row.PartitionKey, row.RowKey), null, row));
            }
            else
            {
                changes.Add(Change(request.Method, at, request.IfMatch, request.Body) ?? throw call.NotServed());
            }
        }
        var first = changes[0].At;
        return new(StorageOperation.EntityGroupTransaction, $"{first.Table}/{first.PartitionKey}", () => Commit(changes, call.Body.Length));
    }

    private Answer Commit(List<RowChange> changes, int bytes)
    {
        const int MaxRows = 100;
        const int MaxBytes = 4 << 20;
        if (bytes > MaxBytes)
            return Refused(413, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit.");
        var number = storage.NextVersion();
        if (changes.Count > MaxRows)
            return TableBatch.Refused(
                Refused(400, "InvalidInput", "The batch request operation exceeds the maximum 100 changes per change set."),
                number
            );
        if (!account.Tables.TryGetValue(changes[0].At.Table, out var table))
            return TableBatch.Refused(At(0, 404, "TableNotFound"), number);
        var versions = new List<string?>(changes.Count);
        var rows = new HashSet<string?>(StringComparer.Ordinal);
        for (var i = 0; i < changes.Count; i++)
        {
            if (changes[i].At.PartitionKey != changes[0].At.PartitionKey)
                return TableBatch.Refused(At(i, 400, "CommandsInBatchActOnDifferentPartitions"), number);
            if (!rows.Add(changes[i].At.RowKey))
                return TableBatch.Refused(At(i, 400, "InvalidDuplicateRow"), number);
            var applied = Apply(table, changes[i]);
            if (applied.Error is { } error)
                return TableBatch.Refused(At(i, error.Status, error.Code!), number);
            versions.Add(applied.Version);
            table = applied.Table;
        }
        account.Tables = account.Tables.SetItem(table.Name, table);
        var done = TableBatch.Done(versions, number);
        done.Changes = [.. changes.Select(c => c.At.Resource)];
        return done;
    }

    private Applied Apply(MemoryTable table, RowChange change)
    {
        var (at, row) = (change.At, change.Row);
        if (at.PartitionKey is null || at.RowKey is null)
            return new(table, null, Refused(400, "PropertiesNeedValue", "The values are not specified for all properties in the entity."));
        if (Array.Find([at.PartitionKey, at.RowKey], k => k.AsSpan().IndexOfAny("/\\#?") >= 0 || k.Any(char.IsControl)) is { } strange)
            return new(table, null, Refused(400, "OutOfRangeInput", $"The key '{strange}' has a character that keys may not have."));
        if (row.Bound(at.PartitionKey.Length + at.RowKey.Length) is { } bound)
            return new(table, null, Refused(bound.Status, bound.Code));

        var there = table.Find(at.PartitionKey, at.RowKey);
        if (change.Operation == StorageOperation.InsertEntity && there is not null)
            return new(table, null, Refused(409, "EntityAlreadyExists"));
        if (change.IfMatch is { } wanted)
        {
            if (there is null)
                return new(table, null, Refused(404, "ResourceNotFound"));
            if (wanted != "*" && wanted != there.ETag)
                return new(table, null, Refused(412, "UpdateConditionNotSatisfied"));
        }
        if (change.Operation == StorageOperation.DeleteEntity)
            return new(table.Without(there!), null, null);

        var merges = change.Operation is StorageOperation.MergeEntity or StorageOperation.InsertOrMergeEntity;
        var properties = merges && there is not null ? Merged(there.Properties, row.Properties) : row.Properties;
        var version = string.Create(CultureInfo.InvariantCulture, $"W/\"0x{storage.NextVersion():X}\"");
        return new(table.With(new(at.PartitionKey, at.RowKey, properties, storage.Now, version)), version, null);
    }

    private static List<TableProperty> Merged(IReadOnlyList<TableProperty> before, List<TableProperty> changes)
    {
        var merged = before.ToList();
        foreach (var change in changes)
        {
            var at = merged.FindIndex(p => p.Name == change.Name);
            if (at >= 0)
                merged[at] = change;
            else
                merged.Add(change);
        }
        return merged;
    }

    private Answer Get(EntityPath at, string? select)
    {
        if (!account.Tables.TryGetValue(at.Table, out var table))
            return NoTable();
        if (table.Find(at.PartitionKey!, at.RowKey!) is not { } row)
            return Refused(404, "ResourceNotFound");
        var body = new MemoryStream();
        body.Write("{"u8);
        body.Write(select is null ? row.Json : RowJson.Write(row, select.Split(',')));
        body.Write("}"u8);
        return new Answer(200, body.GetBuffer().AsMemory(0, (int)body.Length), JsonType).With("ETag", row.ETag);
    }

    private Answer Query(string name, StorageCall call)
    {
        if (!account.Tables.TryGetValue(name, out var table))
            return NoTable();
        TableFilter filter;
        try
        {
            filter = TableFilter.Parse(call.Parameter("$filter"));
        }
        catch (FormatException e)
        {
            return Refused(400, "InvalidInput", e.Message);
        }
        var select = call.Parameter("$select")?.Split(',');
        var most = Math.Min(
            storage.TablePage,
            call.Parameter("$top") is { } top ? int.Parse(top, CultureInfo.InvariantCulture) : int.MaxValue
        );
        var (fromPartition, fromRow) = Start(filter, call);
        var at = table.IndexOf(fromPartition, fromRow);
        at = at >= 0 ? at : ~at;

        var body = new MemoryStream();
        body.Write("{\"value\":["u8);
        var (found, seen) = (0, 0);
        TableRow? next = null;
        for (; at < table.Rows.Count; at++)
        {
            var row = table.Rows[at];
            if (filter.EndsBefore(row))
                break;
            if (found == most || seen == storage.TableScan)
            {
                next = row;
                break;
            }
            seen++;
            if (!filter.Matches(row))
                continue;
            body.Write(found++ == 0 ? "{"u8 : ",{"u8);
            body.Write(select is null ? row.Json : RowJson.Write(row, select));
            body.Write("}"u8);
        }
        body.Write("]}"u8);
        return new Answer(200, body.GetBuffer().AsMemory(0, (int)body.Length), JsonType)
            .With("x-ms-continuation-NextPartitionKey", next is null ? null : Token(next.PartitionKey))
            .With("x-ms-continuation-NextRowKey", next is null ? null : Token(next.RowKey));
    }

    private static (string Partition, string Row) Start(TableFilter filter, StorageCall call)
    {
        if (call.Parameter("NextPartitionKey") is { } partition)
            return (Key(partition), Key(call.Parameter("NextRowKey") ?? ""));
        var from = filter.Partitions.First ?? "";
        return (from, filter.OnePartition && filter.Rows.First is { } row ? row : "");
    }

    // As the service does it: keys may have characters that no header may have.
    private static string Token(string key)
    {
        var text = Convert.ToBase64String(Encoding.UTF8.GetBytes(key)).Replace('+', '-').Replace('/', '_').TrimEnd('=');
        return string.Create(CultureInfo.InvariantCulture, $"1!{text.Length}!{text}");
    }

    private static string Key(string token)
    {
        var text = token.Split('!')[^1].Replace('-', '+').Replace('_', '/');
        return Encoding.UTF8.GetString(Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '=')));
    }

    private static Answer NoTable() => Refused(404, "TableNotFound");

    private static Answer At(int index, int status, string code) =>
        Refused(status, code, string.Create(CultureInfo.InvariantCulture, $"{index}:{Text(code)}"));

    private static Answer Refused(int status, string code, string? text = null) =>
        Refusal.Answer(StorageService.Table, status, code, text ?? Text(code));

    private static string Text(string code) =>
        code switch
        {
            "EntityAlreadyExists" => "The specified entity already exists.",
            "ResourceNotFound" => "The specified resource does not exist.",
            "TableNotFound" => "The table specified does not exist.",
            "UpdateConditionNotSatisfied" => "The update condition specified in the request was not satisfied.",
            "CommandsInBatchActOnDifferentPartitions" => "All commands in a batch must operate on same entity group.",
            "InvalidDuplicateRow" => "The batch request contains multiple changes with same row key.",
            "EntityTooLarge" => "The entity is larger than the maximum size permitted.",
            "PropertyValueTooLarge" => "The property value is larger than the maximum size permitted.",
            "TooManyProperties" => "The entity contains more properties than allowed.",
            _ => code,
        };

    private sealed record RowChange(StorageOperation Operation, EntityPath At, string? IfMatch, NewRow Row);

    private readonly record struct Applied(MemoryTable Table, string? Version, Answer? Error);
}

/// <summary>The path of a table, <c>table</c> or <c>table()</c>, or of a row, <c>table(PartitionKey='t',RowKey='it''s')</c>.</summary>
internal sealed record EntityPath(string Table, string? PartitionKey, string? RowKey)
{
    /// <summary>In the form of <see cref="StorageRequest.Resource"/>.</summary>
    public string Resource => $"{Table}/{PartitionKey}/{RowKey}";

    /// <summary>Reads a path that is not escaped any more.</summary>
    /// <exception cref="FormatException">It is not of this form.</exception>
    public static EntityPath Parse(string path)
    {
        const string Partition = "PartitionKey=";
        const string Row = ",RowKey=";
        var open = path.IndexOf('(', StringComparison.Ordinal);
        if (open < 0)
            return new(path, null, null);
        var at = open + 1;
        if (string.CompareOrdinal(path, at, Partition, 0, Partition.Length) != 0)
            return path.EndsWith("()", StringComparison.Ordinal)
                ? new(path[..open], null, null)
                : throw new FormatException($"{path} is no path of a row");
        at += Partition.Length;
        var partition = QuotedText.Read(path, ref at);
        if (string.CompareOrdinal(path, at, Row, 0, Row.Length) != 0)
            throw new FormatException($"{path} is no path of a row");
        at += Row.Length;
        return new(path[..open], partition, QuotedText.Read(path, ref at));
    }
}
