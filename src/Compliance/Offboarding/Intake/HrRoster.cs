using System.Globalization;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Compliance.Storage;
using CsvHelper;
using CsvHelper.Configuration;

namespace Compliance.Offboarding.Intake;

/// <summary>Whom HR employs.</summary>
/// <param name="AsOf">As of when (UTC).</param>
/// <param name="Employed">Employee ids, without regard to case.</param>
internal sealed record HrRoster(DateTimeOffset AsOf, IReadOnlySet<string> Employed);

/// <summary>
/// Reads a roster. CSV: a header line, then a line an employment: <c>employeeId,status,asOf</c>; the last two may be left out. JSON: an
/// array of objects with the same names, or
/// <c>{"asOf":"2026-11-23T02:00:00Z","employees":[{"employeeId":"NW-1042","status":"active"}]}</c>. A roster that is wrong anywhere is no
/// roster.
/// </summary>
internal static class HrRosterReader
{
    /// <summary>Largest roster that is read, in bytes.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    private static readonly HashSet<string> Employed = new(
        ["", "active", "employed", "leave", "onLeave"],
        StringComparer.OrdinalIgnoreCase
    );
    private static readonly HashSet<string> Left = new(["terminated", "left", "former", "inactive"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads a roster.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="name">Its name; one that ends in <c>.json</c> is JSON, any other CSV.</param>
    /// <param name="written">When it was written: as of then, unless it says otherwise itself.</param>
    /// <exception cref="FormatException">It is no roster; the message names the line or entry and the rule, and nobody.</exception>
    public static HrRoster Read(BinaryData bytes, string name, DateTimeOffset written)
    {
        try
        {
            var text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true)
                .GetString(bytes.ToMemory().Span)
                .TrimStart('\uFEFF');
            return name.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? Json(text, written) : From(Csv(text), null, written);
        }
        catch (DecoderFallbackException e)
        {
            throw new FormatException("it is not UTF-8 text", e);
        }
        catch (JsonException e)
        {
            throw new FormatException($"it is not JSON (line {e.LineNumber + 1})", e);
        }
        catch (CsvHelperException e)
        {
            throw new FormatException($"it is not CSV (line {e.Context?.Parser?.RawRow ?? 0})", e);
        }
    }

    private static HrRoster From(IEnumerable<Row> rows, DateTimeOffset? asOf, DateTimeOffset written)
    {
        var employed = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var row in rows)
        {
            var id = row.EmployeeId?.Trim();
            if (string.IsNullOrEmpty(id))
                throw new FormatException($"{row.Where}: employeeId is missing");
            var status = row.Status?.Trim() ?? "";
            if (Employed.Contains(status))
                employed.Add(id);
            else if (!Left.Contains(status))
                throw new FormatException(
                    $"{row.Where}: status must be one of {string.Join(", ", Employed.Skip(1))} (employed), {string.Join(", ", Left)} (not)"
                );
            if (string.IsNullOrWhiteSpace(row.AsOf))
                continue;
            var time = Time(row.AsOf, row.Where);
            asOf = asOf is { } earlier && earlier <= time ? earlier : time;
        }
        // A roster is as old as its oldest line.
        return new(asOf ?? written.ToUniversalTime(), employed);
    }

    private static IEnumerable<Row> Csv(string text)
    {
        using var csv = new CsvReader(
            new StringReader(text),
            new CsvConfiguration(CultureInfo.InvariantCulture)
            {
                PrepareHeaderForMatch = h => h.Header.Trim().ToUpperInvariant(),
                DetectColumnCountChanges = true,
            }
        );
        if (
            !csv.Read()
            || !csv.ReadHeader()
            || !csv.HeaderRecord!.Any(h => h.Trim().Equals("employeeId", StringComparison.OrdinalIgnoreCase))
        )
            throw new FormatException("line 1: the header must name employeeId (and may name status and asOf)");
        var (status, asOf) = (Has(csv, "status"), Has(csv, "asOf"));
        while (csv.Read())
            yield return new(
                $"line {csv.Parser.RawRow}",
                csv.GetField("employeeId"),
                status ? csv.GetField("status") : null,
                asOf ? csv.GetField("asOf") : null
            );
    }

    private static bool Has(CsvReader csv, string name) =>
        csv.HeaderRecord!.Any(h => h.Trim().Equals(name, StringComparison.OrdinalIgnoreCase));

    private static HrRoster Json(string text, DateTimeOffset written)
    {
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        var list = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("employees", out var employees) ? employees : root;
        if (list.ValueKind != JsonValueKind.Array)
            throw new FormatException("it must be an array, or an object with an array 'employees'");
        DateTimeOffset? asOf =
            root.ValueKind == JsonValueKind.Object && root.TryGetProperty("asOf", out var given) ? Time(Text(given, "asOf"), "asOf") : null;
        return From(list.EnumerateArray().Select((e, i) => RowOf(e, $"entry {i + 1}")), asOf, written);
    }

    private static Row RowOf(JsonElement entry, string where)
    {
        if (entry.ValueKind != JsonValueKind.Object)
            throw new FormatException($"{where}: must be an object");
        string? Get(string name) =>
            entry.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? Text(value, $"{where}: {name}") : null;
        return new(where, Get("employeeId"), Get("status"), Get("asOf"));
    }

    private static string Text(JsonElement value, string where) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new FormatException($"{where} must be text");

    private static DateTimeOffset Time(string text, string where) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time.ToUniversalTime()
            : throw new FormatException($"{where}: asOf must be a time, for example 2026-11-23T02:00:00Z");

    private sealed record Row(string Where, string? EmployeeId, string? Status, string? AsOf);
}

/// <summary>
/// The roster in its blob, and how many people the last accepted one had (table <c>hrroster</c>). Storage Blob Data Reader, Storage Table
/// Data Contributor.
/// </summary>
internal sealed class HrRosterStore(StateStorage storage)
{
    /// <summary>The table.</summary>
    public const string Table = "hrroster";

    /// <summary>Reads the roster.</summary>
    /// <param name="place">Container and blob, for example <c>people/roster.csv</c>.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    /// <exception cref="FormatException">It is not there, too large, or no roster.</exception>
    public async Task<HrRoster> ReadAsync(string place, CancellationToken cancellationToken)
    {
        if (place.Split('/', 2) is not [{ Length: > 0 } container, { Length: > 0 } name])
            throw new FormatException("policy's roster must name container and blob, for example people/roster.csv");
        try
        {
            var blob = storage.Blobs.GetBlobContainerClient(container).GetBlobClient(name);
            if ((await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value.ContentLength > HrRosterReader.MaxBytes)
                throw new FormatException($"it has more than {HrRosterReader.MaxBytes / 1024 / 1024} MiB");
            var read = (await blob.DownloadContentAsync(cancellationToken)).Value;
            return HrRosterReader.Read(read.Content, name, read.Details.LastModified);
        }
        catch (RequestFailedException e) when (e.Status is 400 or 403 or 404)
        {
            throw new FormatException($"it cannot be read ({e.Status} {e.ErrorCode})", e);
        }
    }

    /// <summary>How many people the last accepted roster had; null when none was.</summary>
    public async Task<long?> LastCountAsync(string tenantId, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var row = await table.GetEntityIfExistsAsync<TableEntity>(
            StateKeys.Safe(tenantId, "a tenant id"),
            "accepted",
            cancellationToken: cancellationToken
        );
        return row.HasValue ? row.Value!.GetInt64("Count") : null;
    }

    /// <summary>Remembers an accepted roster.</summary>
    public async Task AcceptedAsync(string tenantId, HrRoster roster, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var row = new TableEntity(StateKeys.Safe(tenantId, "a tenant id"), "accepted")
        {
            ["Count"] = (long)roster.Employed.Count,
            ["AsOf"] = roster.AsOf,
        };
        await table.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
    }
}
