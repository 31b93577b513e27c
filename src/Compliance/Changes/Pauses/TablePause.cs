using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Compliance.Storage;
using Compliance.Text;
using Microsoft.Extensions.Logging;

namespace Compliance.Changes.Pauses;

/// <summary>Table <c>pauses</c>: one row a tenant, replaced only by who read its present version.</summary>
internal sealed partial class TablePause(TenantId tenant, StateStorage storage, TimeProvider time, ILogger<TablePause> log) : IPause
{
    /// <summary>The table.</summary>
    public const string Table = "pauses";

    private const string Row = "acts";
    private const string Body = "Body";

    /// <inheritdoc/>
    public async Task<PauseHold?> HoldingAsync(bool isBlocking, CancellationToken cancellationToken)
    {
        ActPause? pause;
        try
        {
            pause = (await LoadAsync(cancellationToken))?.Latest;
        }
        catch (Exception e) when (isBlocking && !cancellationToken.IsCancellationRequested)
        {
            // A pause that holds blocking is rare, and so is state that can't be read; both at once is no reason to leave a leaver in. A
            // wrong block can be given back. What a leaver did meanwhile can't.
            Unread(log, e);
            return null;
        }
        return pause is { Holds: true } && (!isBlocking || pause.Blocking) ? new(pause, pause.WaitAt(time.GetUtcNow())) : null;
    }

    /// <summary>What is kept; null before the first pause.</summary>
    /// <exception cref="RequestFailedException">It can't be read.</exception>
    public async Task<PauseState?> LoadAsync(CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        return await table.FindRowAsync(Partition, Row, cancellationToken) is { } row ? Read(row) : null;
    }

    /// <summary>
    /// Changes what is kept, and no other writer's change is lost: <paramref name="change"/> is called again with the newer state when
    /// somebody was faster. The same state is not written again.
    /// </summary>
    /// <exception cref="RequestFailedException">Storage failed, or others changed it in every attempt.</exception>
    public async Task<PauseState> ChangeAsync(Func<PauseState, PauseState> change, CancellationToken cancellationToken)
    {
        var table = await storage.TableAsync(Table, cancellationToken);
        var after = new PauseState();
        await table.ChangeRowAsync(
            Partition,
            Row,
            row =>
            {
                var before = row is null ? new PauseState() : Read(row);
                after = change(before);
                return ReferenceEquals(after, before)
                    ? null
                    : new(Partition, Row) { [Body] = JsonSerializer.Serialize(after, ComplianceJson.Compact) };
            },
            cancellationToken
        );
        return after;
    }

    private string Partition => StateKeys.Safe(tenant.Value, "a tenant id");

    private static PauseState Read(TableEntity row) =>
        JsonSerializer.Deserialize<PauseState>(row.GetString(Body), ComplianceJson.Compact)
        ?? throw new JsonException($"the row of table {Table} holds no state");

    [LoggerMessage(
        3700,
        LogLevel.Warning,
        "It could not be read whether acts are paused: blocking a leaver is not held for that, everything else is"
    )]
    private static partial void Unread(ILogger logger, Exception e);
}
