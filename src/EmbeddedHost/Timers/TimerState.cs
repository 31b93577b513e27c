using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;

namespace EmbeddedHost.Timers;

/// <summary>
/// Keeps one timer's <see cref="ScheduleStatus"/> in the blob <c>azure-webjobs-hosts/timers/HOSTID/FUNCTION/status</c>.
/// Sample: <c>{"Last":"2026-03-01T02:00:00Z","Next":"2026-03-02T02:00:00Z","LastUpdated":"2026-03-01T02:00:00Z"}</c>.
/// </summary>
internal sealed class TimerState(BlobServiceClient blobs, string hostId, string function)
{
    public const string Container = "azure-webjobs-hosts";

    private readonly BlobContainerClient _container = blobs.GetBlobContainerClient(Container);
    private readonly string _name = $"timers/{hostId}/{function}/status";

    /// <summary>Null when none was kept.</summary>
    /// <exception cref="RequestFailedException">Storage is down.</exception>
    /// <exception cref="JsonException">What was kept is unreadable.</exception>
    public async Task<ScheduleStatus?> LoadAsync(CancellationToken stop)
    {
        try
        {
            var content = await _container.GetBlobClient(_name).DownloadContentAsync(stop);
            var status = content.Value.Content.ToObjectFromJson<ScheduleStatus>() ?? throw new JsonException("the status is null");
            return new ScheduleStatus { Last = Utc(status.Last), Next = Utc(status.Next), LastUpdated = Utc(status.LastUpdated) };
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    public async Task SaveAsync(ScheduleStatus status, CancellationToken stop)
    {
        var content = BinaryData.FromObjectAsJson(status);
        try
        {
            await _container.GetBlobClient(_name).UploadAsync(content, overwrite: true, stop);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            await _container.CreateIfNotExistsAsync(cancellationToken: stop);
            await _container.GetBlobClient(_name).UploadAsync(content, overwrite: true, stop);
        }
    }

    // A status written with an offset, as the real host may, means the same moment.
    private static DateTime Utc(DateTime time) =>
        time.Kind == DateTimeKind.Local ? time.ToUniversalTime() : DateTime.SpecifyKind(time, DateTimeKind.Utc);
}
