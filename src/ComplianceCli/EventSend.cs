using System.Text;
using Azure;
using Compliance.Credentials;
using Compliance.Offboarding;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Desk;
using Compliance.Offboarding.Intake;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>An event that was put on a queue.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="QueueMade">True when the queue was missing and had to be made.</param>
/// <param name="MessageId">The queue's id of the message.</param>
/// <param name="Base64">Whether it went in Base64.</param>
/// <param name="Type">The event's type.</param>
/// <param name="Next">Where to see what becomes of it.</param>
internal sealed record SentEvent(string Queue, bool QueueMade, string MessageId, bool Base64, string Type, string Next);

/// <summary>Puts an event on the queue that Event Grid would deliver it to, judged before by the app's own rules.</summary>
internal sealed class EventSend(Connection connection, TimeProvider time)
{
    /// <summary>What the types of HR's events begin with.</summary>
    public const string HrTypes = "hr.";

    /// <summary>What a queue takes, in bytes of the message's text.</summary>
    public const int MaxMessageBytes = 64 * 1024;

    /// <summary>Sends it.</summary>
    /// <param name="name">What the event is called in an error: its file.</param>
    /// <param name="utf8">The event.</param>
    /// <param name="queue">The queue, whatever the type; null for the type's own. A queue that is named takes also what the app would
    /// refuse, so that the refusal can be seen.</param>
    /// <param name="base64">Sends it in Base64, as Event Grid may.</param>
    /// <param name="cancellationToken">Stops before it is sent.</param>
    /// <exception cref="CliException">It breaks a rule, or storage does not take it; nothing was sent.</exception>
    public async Task<SentEvent> SendAsync(
        string name,
        ReadOnlyMemory<byte> utf8,
        string? queue,
        bool base64,
        CancellationToken cancellationToken
    )
    {
        var read = Read(name, utf8);
        var (target, next) = queue is null
            ? Route(name, read, utf8)
            : (queue, $"See in the app's log what reads queue {queue}; what fails five times lies in {queue}-poison");
        var text = base64 ? Convert.ToBase64String(utf8.Span) : Encoding.UTF8.GetString(utf8.Span);
        if (Encoding.UTF8.GetByteCount(text) > MaxMessageBytes)
            throw new CliException($"{name}: in Base64 the event has {text.Length} bytes; a queue takes {MaxMessageBytes}");
        try
        {
            var client = StateAccount.Open(queueService: null, () => connection).Queues.GetQueueClient(target);
            var made = await client.CreateIfNotExistsAsync(cancellationToken: cancellationToken) is not null;
            var receipt = await client.SendMessageAsync(text, cancellationToken);
            return new(target, made, receipt.Value.MessageId, base64, read.Type, next);
        }
        // Several tries that got no answer come as one AggregateException.
        catch (Exception e) when (e is RequestFailedException or AggregateException)
        {
            var reason = e is RequestFailedException { Status: > 0 } failed
                ? $"{failed.Status} {failed.ErrorCode}"
                : "no answer: is ./scripts/run running?";
            throw new CliException($"queue {target} of the state account did not take the event ({reason})", e);
        }
    }

    private static CloudEventEnvelope Read(string name, ReadOnlyMemory<byte> utf8)
    {
        var problems = new List<string>();
        try
        {
            var read = CloudEventEnvelope.Read(JsonMessage.Parse(utf8, "the event"), problems);
            return problems.Count == 0 ? read : throw Refused(name, problems);
        }
        catch (JsonMessageException e)
        {
            throw Refused(name, [e.Message], e);
        }
    }

    private (string Queue, string Next) Route(string name, CloudEventEnvelope read, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            if (read.Type.StartsWith(HrTypes, StringComparison.Ordinal))
                return (HrDesk.Queue, Next(HrEventReader.Read(utf8, time.GetUtcNow())));
            if (read.Type.StartsWith(VaultObjectEvent.TypePrefix, StringComparison.Ordinal))
                return (VaultObjectEvent.Queue, Next(VaultObjectEvent.Read(Encoding.UTF8.GetString(utf8.Span), out _)));
        }
        catch (HrEventException e)
        {
            throw Refused(name, e.Problems, e);
        }
        catch (VaultEventException e)
        {
            throw Refused(name, e.Problems, e);
        }
        var known = $"{HrTypes}* is sent to queue {HrDesk.Queue}, {VaultObjectEvent.TypePrefix}* to {VaultObjectEvent.Queue}";
        throw Refused(name, [$"type: {known}, and no other is known; --queue names one all the same"]);
    }

    private string Next(HrEvent read)
    {
        var tenant = connection.TenantSettings.GetValueOrDefault("Tenant:Id") ?? connection.TenantSettings.GetValueOrDefault("Tenant__Id");
        var command = tenant is null ? "offboard list" : $"offboard show {HrEventKeys.CaseOf(tenant, read.EmployeeId, read.Employment)}";
        return $"Follow the case with: ./scripts/compliance {command}";
    }

    private string Next(VaultObjectEvent? read) =>
        read is null
            ? "The app passes an event of this type over: it is not about a secret, key or certificate"
            : $"The app reads {read.Collection}/{read.ObjectName} of vault {read.Vault} again; "
                + $"what it finds is at {connection.App}/api/findings, which takes a token: ./scripts/compliance approvals token";

    private static CliException Refused(string name, IReadOnlyList<string> problems, Exception? inner = null)
    {
        var text = $"{name} was not sent: {string.Join("; ", problems)}";
        return inner is null ? new CliException(text) : new CliException(text, inner);
    }
}
