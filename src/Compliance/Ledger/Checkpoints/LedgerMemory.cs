using System.Globalization;
using System.Text;
using Azure;
using Azure.Data.Tables;
using Compliance.Storage;

namespace Compliance.Ledger.Checkpoints;

/// <summary>How far a place has got its copies.</summary>
/// <param name="DeliveredSize">It has every checkpoint, from its first one on, up to this size; 0 for none.</param>
/// <param name="WaitingSince">Since when a checkpoint waits to be delivered (UTC); null when none does.</param>
/// <param name="NewestSize">Size of the newest checkpoint it has, which goes before those that wait; 0 for none.</param>
internal sealed record CopyState(long DeliveredSize, DateTimeOffset? WaitingSince, long NewestSize);

/// <summary>
/// What is remembered of the ledger outside of it, in table <c>ledgerstate</c> of the state account: whoever rewrites the ledger would have
/// to rewrite this too. One partition a tenant.
/// </summary>
/// <param name="storage">The state account.</param>
internal sealed class LedgerMemory(StateStorage storage)
{
    /// <summary>The table.</summary>
    public const string Table = "ledgerstate";

    private const string CheckedRow = "checked";
    private const string Note = "Note";
    private const string Delivered = "Delivered";
    private const string Waiting = "WaitingSince";
    private const string Newest = "Newest";

    /// <summary>The checkpoint that the last self-check found right, as a signed note; null when there was none.</summary>
    /// <exception cref="RequestFailedException">Storage failed.</exception>
    public async Task<byte[]?> CheckedAsync(string tenant, CancellationToken cancellationToken) =>
        await FindAsync(tenant, CheckedRow, cancellationToken) is { } row && row.GetString(Note) is { } note
            ? Encoding.UTF8.GetBytes(note)
            : null;

    /// <summary>Remembers the checkpoint that a self-check found right.</summary>
    /// <exception cref="RequestFailedException">Storage failed.</exception>
    public async Task SaveCheckedAsync(string tenant, byte[] note, CancellationToken cancellationToken) =>
        await SaveAsync(
            new(StateKeys.Safe(tenant, "a tenant id"), CheckedRow) { [Note] = Encoding.UTF8.GetString(note) },
            cancellationToken
        );

    /// <summary>How far a place has got its copies; null for a place that is new.</summary>
    /// <exception cref="RequestFailedException">Storage failed.</exception>
    public async Task<CopyState?> CopyAsync(string tenant, CopyPlace place, CancellationToken cancellationToken) =>
        await FindAsync(tenant, RowOf(place), cancellationToken) is not { } row
            ? null
            : new(
                row.GetInt64(Delivered) ?? 0,
                DateTimeOffset.TryParseExact(
                    row.GetString(Waiting),
                    "O",
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var since
                )
                    ? since
                    : null,
                // A row of an earlier version, which copied in their order.
                row.GetInt64(Newest)
                    ?? row.GetInt64(Delivered)
                    ?? 0
            );

    /// <summary>Remembers how far a place has got its copies.</summary>
    /// <exception cref="RequestFailedException">Storage failed.</exception>
    public async Task SaveCopyAsync(string tenant, CopyPlace place, CopyState state, CancellationToken cancellationToken)
    {
        var row = new TableEntity(StateKeys.Safe(tenant, "a tenant id"), RowOf(place))
        {
            ["Place"] = place.Name,
            [Delivered] = state.DeliveredSize,
            [Newest] = state.NewestSize,
        };
        if (state.WaitingSince is { } since)
            row[Waiting] = since.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
        await SaveAsync(row, cancellationToken);
    }

    private static string RowOf(CopyPlace place) => $"copy-{place.Id}";

    private async Task<TableEntity?> FindAsync(string tenant, string row, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var found = await table.GetEntityIfExistsAsync<TableEntity>(
            StateKeys.Safe(tenant, "a tenant id"),
            row,
            cancellationToken: cancellationToken
        );
        return found.HasValue ? found.Value : null;
    }

    private async Task SaveAsync(TableEntity row, CancellationToken cancellationToken) =>
        await (await storage.TableAsync(Table, cancellationToken)).UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
}
