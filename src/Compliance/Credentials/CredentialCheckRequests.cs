using System.Text.Json;
using Azure;
using Azure.Storage.Queues;
using Compliance.Findings;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Text;

namespace Compliance.Credentials;

/// <summary>Asks for checks by hand and answers for them: a request is kept before it is acknowledged.</summary>
public sealed class CredentialCheckRequests
{
    /// <summary>The queue of requests.</summary>
    public const string Queue = "credential-checks";

    private readonly QueueClient _queue;
    private readonly BlobRunDocuments _documents;
    private readonly IFindingStore _findings;
    private readonly ITenantIdentity _tenant;
    private readonly TimeProvider _time;

    internal CredentialCheckRequests(
        QueueClient queue,
        BlobRunDocuments documents,
        IFindingStore findings,
        ITenantIdentity tenant,
        TimeProvider time
    ) => (_queue, _documents, _findings, _tenant, _time) = (queue, documents, findings, tenant, time);

    /// <summary>Queues a run.</summary>
    /// <param name="cancellationToken">Cancels before it is queued.</param>
    /// <exception cref="RequestFailedException">Storage did not take it; nothing was started.</exception>
    public async Task<RunRequest> AskAsync(CancellationToken cancellationToken)
    {
        var run = RunRequest.New(CredentialRotationCheck.RunPrefix, "manual", _time.GetUtcNow());
        await _documents.SaveAsync(new RunDocument<CredentialReport>(run.RunId, RunStates.Queued, null, null), cancellationToken);
        var message = JsonSerializer.Serialize(run, ComplianceJson.Compact);
        await _queue.SendOrMakeAsync(message, null, cancellationToken);
        return run;
    }

    /// <summary>How far a run has come; null when there is none of that id.</summary>
    public Task<RunDocument<CredentialReport>?> FindAsync(string runId, CancellationToken cancellationToken) =>
        RunRequest.IsRunId(runId)
            ? _documents.LoadAsync<CredentialReport>(runId, cancellationToken)
            : Task.FromResult<RunDocument<CredentialReport>?>(null);

    /// <summary>Open and waived findings of every control, highest severity first.</summary>
    /// <param name="ownerId">Object id of the owner whose findings are wanted; null for everybody's.</param>
    /// <param name="cancellationToken">Stops between reads.</param>
    public async Task<IReadOnlyList<ReportFinding>> OpenFindingsAsync(string? ownerId, CancellationToken cancellationToken)
    {
        var (tenantId, _) = await _tenant.WhoAsync(cancellationToken);
        var now = _time.GetUtcNow();
        var findings = new List<ReportFinding>();
        await foreach (var finding in _findings.ListOpenAsync(tenantId, cancellationToken))
            if (ownerId is null || string.Equals(finding.Detection.Owner?.Id, ownerId, StringComparison.OrdinalIgnoreCase))
                findings.Add(ReportBuilder.Finding(finding, now));
        return findings;
    }

    /// <summary>Reads a message of <see cref="Queue"/>, as it is or in Base64.</summary>
    /// <exception cref="FormatException">It is not a request; the message goes to poison with this reason.</exception>
    public static RunRequest Read(string message)
    {
        var root = JsonMessage.Parse(JsonMessage.FromQueue(message), "the message");
        try
        {
            var run = root.Deserialize<RunRequest>(ComplianceJson.Compact);
            if (RunRequest.IsRunId(run?.RunId) && run!.Trigger is { Length: > 0 } && run.CorrelationId is { Length: > 0 })
                return run;
        }
        catch (JsonException)
        {
            // A value that is no text is refused like one that is missing.
        }
        throw new FormatException("the message must be a JSON object with runId, trigger and correlationId");
    }
}
