using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Compliance.Text;

namespace Compliance.Runs;

/// <summary>How far a run has come, and its report when it is there.</summary>
/// <typeparam name="T">The report.</typeparam>
/// <param name="RunId">The run.</param>
/// <param name="State">One of <see cref="RunStates"/>.</param>
/// <param name="Error">Why it failed; null unless it did.</param>
/// <param name="Report">The report; null until it is completed.</param>
public sealed record RunDocument<T>(string RunId, string State, string? Error, T? Report)
    where T : class;

/// <summary>The states of a run.</summary>
public static class RunStates
{
    /// <summary>Asked for, not begun.</summary>
    public const string Queued = "queued";

    /// <summary>Under way.</summary>
    public const string Running = "running";

    /// <summary>Ended, with a report.</summary>
    public const string Completed = "completed";

    /// <summary>Ended with an error. A queue may try it again.</summary>
    public const string Failed = "failed";
}

/// <summary>Run documents as blobs <c>runs/{run id}.json</c> in the state account. Storage Blob Data Contributor.</summary>
internal sealed class BlobRunDocuments(BlobContainerClient container)
{
    /// <summary>Name of the container.</summary>
    public const string Container = "runs";

    /// <summary>Writes the document, replacing an earlier state of the same run.</summary>
    public async Task SaveAsync<T>(RunDocument<T> document, CancellationToken cancellationToken)
        where T : class
    {
        var blob = container.GetBlobClient(Name(document.RunId));
        var body = new BinaryData(JsonSerializer.SerializeToUtf8Bytes(document, ComplianceJson.Compact));
        var options = new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" } };
        try
        {
            await blob.UploadAsync(body, options, cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await blob.UploadAsync(body, options, cancellationToken);
        }
    }

    /// <summary>Reads the document; null when there is no such run.</summary>
    public async Task<RunDocument<T>?> LoadAsync<T>(string runId, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            var content = await container.GetBlobClient(Name(runId)).DownloadContentAsync(cancellationToken);
            return content.Value.Content.ToObjectFromJson<RunDocument<T>>(ComplianceJson.Compact);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    private static string Name(string runId) =>
        RunRequest.IsRunId(runId)
            ? $"{runId}.json"
            : throw new ArgumentException("a run id has letters, digits and hyphens only", nameof(runId));
}
