using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;

namespace LocalHost.Timers;

/// <summary>
/// One timer's status, where the real host keeps it: the blob <c>azure-webjobs-hosts/timers/HOSTID/FUNCTION/status</c>.
/// Sample: <c>{"Last":"2026-03-01T02:00:00Z","Next":"2026-03-02T02:00:00Z","LastUpdated":"2026-03-01T02:00:00Z"}</c>.
/// </summary>
internal sealed class StatusBlob(BlobContainerClient container, string hostId, string function)
{
    /// <summary>The container of the real host's own data.</summary>
    public const string Container = "azure-webjobs-hosts";

    private readonly BlobClient _blob = container.GetBlobClient($"timers/{hostId}/{function}/status");

    /// <summary>The saved status; null when there is none.</summary>
    /// <exception cref="RequestFailedException">Storage is down.</exception>
    /// <exception cref="JsonException">What was saved is unreadable.</exception>
    public async Task<ScheduleStatus?> LoadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var content = await _blob.DownloadContentAsync(cancellationToken);
            var status = content.Value.Content.ToObjectFromJson<ScheduleStatus>() ?? throw new JsonException("the status is null");
            return new ScheduleStatus(Utc(status.Last), Utc(status.Next), Utc(status.LastUpdated));
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Saves the status. The container is there: the lease of the timers lies in it.</summary>
    public Task SaveAsync(ScheduleStatus status, CancellationToken cancellationToken) =>
        _blob.UploadAsync(BinaryData.FromObjectAsJson(status), overwrite: true, cancellationToken);

    // A status written with an offset, as the real host may, means the same moment.
    private static DateTime Utc(DateTime time) =>
        time.Kind == DateTimeKind.Local ? time.ToUniversalTime() : DateTime.SpecifyKind(time, DateTimeKind.Utc);
}
